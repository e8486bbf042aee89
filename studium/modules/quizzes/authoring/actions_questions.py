"""What staff do with questions. The quiz's row is the mutex: whoever changes its questions holds it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.locking import lock_course
from studium.access.reading import NOTHING
from studium.kit.base.ids import new_id, random_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.ordering import inserted, renumber
from studium.kit.db.tables import apply_changes
from studium.models import Course, JsonObject, Quiz, QuizQuestion, increment_version
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.authoring.trash import put_question_in_trash
from studium.modules.quizzes.errors import InvalidQuestion, InvalidQuestionOrder, LastQuestion, TooManyQuestions
from studium.modules.quizzes.question_types import key_errors
from studium.modules.quizzes.schemas import (
    MAX_QUESTIONS,
    OptionIn,
    QuestionCreate,
    QuestionOrder,
    QuestionUpdate,
)

MAX_POINTS = Decimal("9999.99")
DEFAULT_POINTS = Decimal(1)


async def create_question(session: AsyncSession, quiz: Quiz, payload: QuestionCreate) -> QuizQuestion:
    """Insert or append a question; raises NotFound, InvalidQuestion, TooManyQuestions."""
    order, points = await locked_questions(session, quiz)
    question = new_question(quiz, payload, len(order) + 1)
    check_room(len(order) + 1, points + question.points)
    session.add(question)
    await session.flush()
    await _place(session, [*order, question.id], inserted(order, question.id, payload.order_index))
    await session.refresh(question)
    increment_version(quiz)
    await session.flush()
    return question


def new_question(quiz: Quiz, payload: QuestionCreate, place: int) -> QuizQuestion:
    """The row of a question at this place of the quiz; raises InvalidQuestion."""
    question = QuizQuestion(
        id=new_id(),
        quiz_id=quiz.id,
        question_text=payload.question_text,
        question_type=payload.question_type,
        points=DEFAULT_POINTS if payload.points is None else payload.points,
        order_index=place,
        explanation=payload.explanation,
        options=_with_ids(payload.options, known=set()),
        correct_answer=payload.correct_answer,
        question_metadata=payload.metadata,
    )
    _check(question)
    return question


async def locked_questions(session: AsyncSession, quiz: Quiz) -> tuple[list[UUID], Decimal]:
    """Lock the quiz, then read its questions in order and their points in all; raises NotFound."""
    await lock_quiz(session, quiz)
    statement = select(QuizQuestion.id, QuizQuestion.points).where(QuizQuestion.quiz_id == quiz.id)
    rows = (await session.execute(statement.order_by(QuizQuestion.order_index))).all()
    return [row.id for row in rows], sum((row.points for row in rows), Decimal(0))


def check_room(count: int, points: Decimal) -> None:
    """Raise TooManyQuestions where so many questions or points are more than a quiz holds."""
    if count > MAX_QUESTIONS or points > MAX_POINTS:
        message = f"A quiz holds at most {MAX_QUESTIONS} questions and {MAX_POINTS} points."
        raise TooManyQuestions(message)


def _check(question: QuizQuestion) -> None:
    reasons = key_errors(question)
    if reasons:
        raise InvalidQuestion(" ".join(reasons), reasons=reasons)


def _with_ids(options: Sequence[OptionIn] | None, known: set[str]) -> list[JsonObject] | None:
    """The options as they are stored: a known id is kept, everything else gets a new one.

    New ids are random: teachers tend to write the right option first, and ids in the order of time would tell which.
    """
    if options is None:
        return None
    free = set(known)
    stored: list[JsonObject] = []
    for option in options:
        kept = option.id if option.id in free else None
        free.discard(kept or "")
        stored.append({"id": kept or str(random_id()), "text": option.text, "is_correct": option.is_correct})
    return stored


async def _place(session: AsyncSession, before: Sequence[UUID], after: Sequence[UUID]) -> None:
    places = {question_id: i for i, question_id in enumerate(before, 1)}
    await renumber(session, QuizQuestion, places, after)


def _require_live(question: QuizQuestion, order: Sequence[UUID]) -> None:
    """Raise NotFound for a question that somebody has removed before the quiz was locked."""
    if question.id not in order:
        raise NotFound(NOTHING)


async def update_question(
    session: AsyncSession, quiz: Quiz, question: QuizQuestion, patch: QuestionUpdate, if_match: IfMatchHeader
) -> QuizQuestion:
    """Write the fields that were sent; raises NotFound, PreconditionFailed, InvalidQuestion, TooManyQuestions."""
    order, points = await locked_questions(session, quiz)
    _require_live(question, order)
    await session.refresh(question, with_for_update=True)
    if_match.require(question.version)
    changes: dict[str, Any] = patch.changes()
    position = changes.pop("order_index", question.order_index)
    if "options" in changes:
        known = {str(option["id"]) for option in question.options or []}
        changes["options"] = _with_ids(patch.options, known)
    points += changes.get("points", question.points) - question.points
    changed = apply_changes(question, changes)
    check_room(len(order), points)
    _check(question)
    if changed or position != question.order_index:
        increment_version(question)
        increment_version(quiz)
    await session.flush()
    if position != question.order_index:
        others = [question_id for question_id in order if question_id != question.id]
        await _place(session, order, inserted(others, question.id, position))
        await session.refresh(question)
    return question


async def reorder_questions(session: AsyncSession, quiz: Quiz, payload: QuestionOrder) -> None:
    """Put all questions into the order given; raises NotFound, InvalidQuestionOrder unless it is a full permutation."""
    order, _ = await locked_questions(session, quiz)
    if len(payload.question_ids) != len(order) or set(payload.question_ids) != set(order):
        message = "Name every question of the quiz exactly once."
        raise InvalidQuestionOrder(message)
    places = {question_id: i for i, question_id in enumerate(order, 1)}
    if await renumber(session, QuizQuestion, places, payload.question_ids):
        increment_version(quiz)
        await session.flush()


async def delete_question(
    session: AsyncSession, actor: Actor, course: Course, quiz: Quiz, question: QuizQuestion, if_match: IfMatchHeader
) -> None:
    """Put a question into the trash; raises NotFound, LastQuestion for the only one of a published quiz."""
    await lock_course(session, course)
    order, _ = await locked_questions(session, quiz)
    _require_live(question, order)
    await session.refresh(question, with_for_update=True)
    if_match.require(question.version)
    if quiz.is_published and len(order) == 1:
        message = "A published quiz keeps at least one question; unpublish it first."
        raise LastQuestion(message)
    await put_question_in_trash(session, course, quiz, question, order)
    increment_version(quiz)
    await session.flush()
    # The place of the removed question is free, so those behind it move up.
    places = {question_id: i for i, question_id in enumerate(order, 1) if question_id != question.id}
    await renumber(session, QuizQuestion, places, list(places))
    await record_audit(session, "quiz.question_removed", actor_id=actor.id, target=("quiz", quiz.id))
