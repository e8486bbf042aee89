"""Adding pasted questions to a quiz: all of them or none."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.executors import in_thread
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION, IfMatchHeader
from studium.models import Quiz
from studium.modules.exchange.pasting.errors import UnreadableQuestions
from studium.modules.exchange.pasting.reading import Pasted, read_pasted
from studium.modules.exchange.pasting.schemas import PasteIn, PasteOut
from studium.modules.quizzes.authoring.actions_import import append_questions

_TOLD = 20


async def read(payload: PasteIn) -> Pasted:
    """What the text holds, read in a thread; no session may be open."""
    return await in_thread(read_pasted, payload.text, payload.format)


async def paste(
    session: AsyncSession, quiz_id: UUID, pasted: Pasted, *, dry_run: bool, if_match: IfMatchHeader = ANY_VERSION
) -> PasteOut:
    """Add the questions at the end of the quiz, or say what would be added.

    Raises UnreadableQuestions where anything is not readable, unless it is a dry run; TooManyQuestions; NotFound;
    PreconditionFailed where `if_match` names another version of the quiz.
    """
    ids: list[UUID] = []
    if not dry_run:
        if pasted.faults:
            reasons = [f"Line {fault.line}: {fault.reason}" for fault in pasted.faults]
            raise UnreadableQuestions(" ".join(reasons[:3]), reasons=reasons[:_TOLD])
        quiz = await session.get(Quiz, quiz_id)
        if quiz is None:
            message = "There is nothing here that you may see."
            raise NotFound(message)
        ids = [row.id for row in await append_questions(session, quiz, pasted.wishes, if_match)]
    return PasteOut(
        dry_run=dry_run,
        format=pasted.format,
        questions=pasted.questions,
        faults=pasted.faults,
        question_ids=ids,
    )
