"""Questions pasted into a quiz: seen first as they would be, then added."""

import hashlib

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import CurrentUser
from studium.access.idempotency import FormKey, answer_form
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.routing import IfMatch, Router
from studium.modules.exchange.pasting import actions
from studium.modules.exchange.pasting.schemas import PasteIn, PasteOut
from studium.modules.quizzes.attempts.deps import ManagedQuiz

router = Router("/courses/{course_id}/quizzes/{quiz_id}/questions", tag="questions")


@router.post("/paste", response_model=PasteOut)
async def paste_questions(
    request: Request, actor: CurrentUser, quiz_id: ManagedQuiz, key: FormKey, if_match: IfMatch, payload: PasteIn
) -> Response:
    """Add many questions, written as GIFT or as plain text: all of them or none, and by default a dry run."""
    pasted = await actions.read(payload)

    async def act(session: AsyncSession) -> Response:
        found = await actions.paste(session, quiz_id, pasted, dry_run=payload.dry_run, if_match=if_match)
        return Response(found.model_dump_json(), media_type="application/json")

    async def nothing() -> None:
        return None

    stamp = hashlib.sha256(f"{request.url.path}\n{payload.model_dump_json()}".encode()).hexdigest()
    return await answer_form(request_runtime(request), (actor.id, key), stamp, act=act, discard=nothing)
