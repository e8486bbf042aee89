"""What pages listen to: see `kit/http/live.py`. An event says that something has changed; the page asks what."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from studium.access.actor import Actor, Admin, Teacher
from studium.access.permissions import OwnImport
from studium.kit.base.problems import NotFound
from studium.kit.http.dependencies import ReadsDep, request_runtime
from studium.kit.http.live import Live, Topic
from studium.kit.http.streams import Stream
from studium.models import PeopleImport
from studium.modules import live
from studium.modules.exchange.people.routes import some_import
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.grading.queries import find_regrade
from studium.web.routing import Pages

router = Pages()
_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def _events(request: Request, actor: Actor, topic: Topic) -> Response:
    if request.headers.get("accept") != _TYPE:
        message = "This address is for elements of pages."
        raise NotFound(message)
    hub: Live = request.app.state.live
    said = hub.listen(request_runtime(request).database, topic, actor.id, live.needs_of(actor))
    return Stream(said, headers=_HEADERS, media_type=_TYPE)


@router.get("/live/imports/{import_id}")
async def hear_import(request: Request, actor: Teacher, row: OwnImport) -> Response:
    """An import of a course goes on."""
    return _events(request, actor, live.topic_of_import(actor, row.id))


@router.get("/live/people-imports/{import_id}")
async def hear_people_import(
    request: Request, actor: Admin, row: Annotated[PeopleImport, Depends(some_import)]
) -> Response:
    """An import of people goes on."""
    return _events(request, actor, live.topic_of_people_import(row.id))


@router.get("/live/courses/{course_id}/quizzes/{quiz_id}/regrades/{regrade_id}")
async def hear_regrade(
    request: Request, actor: Teacher, quiz_id: ManagedQuiz, regrade_id: UUID, reads: ReadsDep
) -> Response:
    """A regrade goes on."""
    await find_regrade(reads, quiz_id, regrade_id)
    return _events(request, actor, live.topic_of_regrade(actor, regrade_id))


@router.get("/live/grading")
async def hear_grading(request: Request, actor: Teacher) -> Response:
    """Something came to what waits for a grader, or left it."""
    return _events(request, actor, live.topic_of_grading(actor))
