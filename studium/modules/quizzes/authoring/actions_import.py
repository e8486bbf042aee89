"""Quizzes that come whole, with all of their questions: written in a few statements, by the rules of single ones."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.ids import new_id
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.ordering import renumber
from studium.kit.db.tables import apply_changes
from studium.models import Quiz, QuizQuestion, increment_version
from studium.modules.quizzes.authoring.actions import DEFAULT_PASSING_SCORE, fit_to_type
from studium.modules.quizzes.authoring.actions_questions import check_room, new_question
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.schemas import QuestionCreate, QuizCreate


def new_quiz(
    payload: QuizCreate, questions: Sequence[QuestionCreate], ids: Sequence[UUID] = ()
) -> tuple[Quiz, list[QuizQuestion]]:
    """The rows of a quiz, published where it has a question; raises InvalidQuestion, TooManyQuestions.

    `ids` are those of the questions; without any they are new.
    """
    quiz = Quiz(id=new_id(), **payload.model_dump(), is_published=bool(questions))
    quiz.passing_score = DEFAULT_PASSING_SCORE if payload.passing_score is None else payload.passing_score
    fit_to_type(quiz)
    rows = [new_question(quiz, question, place) for place, question in enumerate(questions, 1)]
    for row, question_id in zip(rows, ids, strict=False):
        row.id = question_id
    _check_room(rows)
    return quiz, rows


async def append_questions(
    session: AsyncSession, quiz: Quiz, payloads: Sequence[QuestionCreate], if_match: IfMatchHeader
) -> list[QuizQuestion]:
    """Add questions at the end of a quiz, in order: all or none.

    Raises NotFound, PreconditionFailed, InvalidQuestion, TooManyQuestions.
    """
    await lock_quiz(session, quiz)
    if_match.require(quiz.version)
    statement = select(QuizQuestion.points).where(QuizQuestion.quiz_id == quiz.id)
    there = (await session.execute(statement)).scalars().all()
    made = [new_question(quiz, payload, place) for place, payload in enumerate(payloads, len(there) + 1)]
    points = sum((*there, *(row.points for row in made)), Decimal(0))
    check_room(len(there) + len(made), points)
    session.add_all(made)
    increment_version(quiz)
    await session.flush()
    return made


def _check_room(rows: Sequence[QuizQuestion]) -> None:
    check_room(len(rows), sum((row.points for row in rows), Decimal(0)))


async def write_questions(
    session: AsyncSession, quiz: Quiz, order: Sequence[UUID], written: Mapping[UUID, QuestionCreate]
) -> None:
    """Make these the questions of a quiz, in this order: others go, and `written` ones are new or changed.

    Attempts keep what they began with; an option with the same text keeps its id.
    Raises NotFound, InvalidQuestion, TooManyQuestions.
    """
    await lock_quiz(session, quiz)
    statement = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz.id).with_for_update()
    rows = {row.id: row for row in (await session.execute(statement)).scalars()}
    last = max((row.order_index for row in rows.values()), default=0)
    for gone in rows.keys() - set(order):
        await session.delete(rows.pop(gone))
    for place, (question_id, payload) in enumerate(written.items(), last + 1):
        made = new_question(quiz, payload, place)
        if question_id in rows:
            _change(rows[question_id], made)
        else:
            made.id = question_id
            rows[question_id] = made
            session.add(made)
    _check_room(list(rows.values()))
    await session.flush()
    await renumber(session, QuizQuestion, {row.id: row.order_index for row in rows.values()}, order)
    quiz.is_published = quiz.is_published and bool(order)
    increment_version(quiz)
    await session.flush()


def _change(row: QuizQuestion, made: QuizQuestion) -> None:
    ids = {str(option["text"]): option["id"] for option in row.options or ()}
    for option in made.options or ():
        option["id"] = ids.pop(str(option["text"]), option["id"])
    kept = {"id", "quiz_id", "order_index", "version"}
    columns = [each for each in inspect(QuizQuestion).column_attrs if each.key not in kept]
    if apply_changes(row, {each.columns[0].name: getattr(made, each.key) for each in columns}):
        increment_version(row)
