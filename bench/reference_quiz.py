"""Quizzes in the usual style: entities, and a Pydantic model of the whole attempt for each answer."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from sqlalchemy import JSON, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, selectinload

from bench.reference import Model, SessionDep, UserDep, app, own_enrollment, progress_of, recount
from studium.kit.base.ids import new_id
from studium.models import Lesson, Quiz, User

router = APIRouter(prefix="/api/v1/enrollments/{enrollment_id}/quizzes/{quiz_id}/attempts")


class _Base(DeclarativeBase):
    pass


class Attempt(_Base):
    """An attempt with its copy of the quiz."""

    __tablename__ = "bench_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    enrollment_id: Mapped[UUID]
    quiz_id: Mapped[UUID]
    attempt_number: Mapped[int]
    status: Mapped[str]
    started_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    score: Mapped[Decimal | None]
    max_score: Mapped[Decimal | None]
    percentage: Mapped[Decimal | None]
    is_passed: Mapped[bool | None]
    key: Mapped[dict[str, Any]] = mapped_column(JSON)
    answers: Mapped[list[Any]] = mapped_column(JSON)
    results: Mapped[list[Any] | None] = mapped_column(JSON)
    version: Mapped[int]


class OptionCopy(BaseModel):
    """An option with its key."""

    id: str
    text: str
    is_correct: bool


class QuestionCopy(BaseModel):
    """A question with its key."""

    id: UUID
    question_text: str
    question_type: str
    points: Decimal
    options: list[OptionCopy] | None
    correct_answer: str | None


class QuizCopy(BaseModel):
    """The quiz as it was when the attempt began."""

    passing_score: Decimal
    questions: list[QuestionCopy]


class OptionModel(BaseModel):
    """An option as the learner sees it."""

    id: str
    text: str


class QuestionModel(BaseModel):
    """A question as the learner sees it."""

    id: UUID
    question_text: str
    question_type: str
    points: float
    options: list[OptionModel] | None


class AnswerModel(BaseModel):
    """The answer to a question."""

    question_id: UUID
    selected_option_ids: list[str] = []
    answer_text: str = ""


class AnswersModel(BaseModel):
    """Answers."""

    answers: list[AnswerModel]


class ResultModel(BaseModel):
    """The marks of a question."""

    question_id: UUID
    points: float
    points_awarded: float


class AttemptModel(Model):
    """An attempt."""

    id: UUID
    enrollment_id: UUID
    quiz_id: UUID
    attempt_number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    score: float | None
    max_score: float | None
    percentage: float | None
    is_passed: bool | None
    version: int
    questions: list[QuestionModel]
    answers: list[AnswerModel]
    results: list[ResultModel] | None


def _shown(attempt: Attempt) -> AttemptModel:
    copy = QuizCopy.model_validate(attempt.key)
    questions = [QuestionModel.model_validate(question.model_dump()) for question in copy.questions]
    fields = {name: getattr(attempt, name) for name in AttemptModel.model_fields if name != "questions"}
    return AttemptModel.model_validate({**fields, "questions": questions})


@router.post("", status_code=201)
def start(db: SessionDep, me: UserDep, enrollment_id: UUID, quiz_id: UUID) -> AttemptModel:
    """Begin an attempt."""
    row = own_enrollment(db, me, enrollment_id, lock=True)
    quiz = db.scalars(select(Quiz).where(Quiz.id == quiz_id).options(selectinload(Quiz.questions))).one_or_none()
    lesson = db.get(Lesson, quiz.lesson_id) if quiz else None
    if quiz is None or lesson is None or not quiz.is_published or lesson.course_id != row.course_id:
        raise HTTPException(404)
    taken = select(Attempt).where(Attempt.enrollment_id == row.id, Attempt.quiz_id == quiz.id)
    earlier = db.scalars(taken).all()
    if any(attempt.status == "in_progress" for attempt in earlier):
        raise HTTPException(409)
    copies = [QuestionCopy.model_validate(question, from_attributes=True) for question in quiz.questions]
    random.shuffle(copies)
    for copy in copies:
        random.shuffle(copy.options or [])
    at = datetime.now(UTC)
    attempt = Attempt(
        id=new_id(),
        enrollment_id=row.id,
        quiz_id=quiz.id,
        attempt_number=len(earlier) + 1,
        status="in_progress",
        started_at=at,
        deadline_at=at + timedelta(minutes=quiz.time_limit_minutes or 60),
        max_score=sum((copy.points for copy in copies), Decimal(0)),
        key=QuizCopy(passing_score=quiz.passing_score, questions=copies).model_dump(mode="json"),
        answers=[],
        version=1,
    )
    db.add(attempt)
    progress = progress_of(db, row, quiz.lesson_id)
    progress.attempts_count = (progress.attempts_count or 0) + 1
    db.commit()
    return _shown(attempt)


def _open(db: Session, me: User, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID) -> Attempt:
    own_enrollment(db, me, enrollment_id, lock=True)
    wanted = select(Attempt).where(Attempt.id == attempt_id, Attempt.enrollment_id == enrollment_id)
    attempt = db.scalars(wanted.where(Attempt.quiz_id == quiz_id).with_for_update()).one_or_none()
    if attempt is None:
        raise HTTPException(404)
    if attempt.status != "in_progress" or (attempt.deadline_at and attempt.deadline_at < datetime.now(UTC)):
        raise HTTPException(409)
    return attempt


def _take(attempt: Attempt, sent: AnswersModel) -> QuizCopy:
    copy = QuizCopy.model_validate(attempt.key)
    questions = {question.id: question for question in copy.questions}
    answers = {answer.question_id: answer for answer in map(AnswerModel.model_validate, attempt.answers)}
    for answer in sent.answers:
        question = questions.get(answer.question_id)
        options = {option.id for option in (question.options or [])} if question else set()
        if question is None or not options.issuperset(answer.selected_option_ids):
            raise HTTPException(422)
        answers[answer.question_id] = answer
    attempt.answers = [answer.model_dump(mode="json") for answer in answers.values()]
    attempt.version += 1
    return copy


@router.patch("/{attempt_id}")
def save(
    db: SessionDep, me: UserDep, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, sent: AnswersModel
) -> AttemptModel:
    """Keep answers."""
    attempt = _open(db, me, enrollment_id, quiz_id, attempt_id)
    _take(attempt, sent)
    db.commit()
    db.refresh(attempt)
    return _shown(attempt)


@router.post("/{attempt_id}/submit")
def submit(
    db: SessionDep, me: UserDep, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, sent: AnswersModel
) -> AttemptModel:
    """Hand in, mark, and complete the lesson."""
    attempt = _open(db, me, enrollment_id, quiz_id, attempt_id)
    copy = _take(attempt, sent)
    given = {answer.question_id: answer for answer in map(AnswerModel.model_validate, attempt.answers)}
    results = [_marked(question, given.get(question.id)) for question in copy.questions]
    score = sum((Decimal(str(result.points_awarded)) for result in results), Decimal(0))
    attempt.results = [result.model_dump(mode="json") for result in results]
    attempt.score = score
    attempt.percentage = score * 100 / sum((question.points for question in copy.questions), Decimal(0))
    attempt.is_passed = attempt.percentage >= copy.passing_score
    attempt.status, attempt.submitted_at = "graded", datetime.now(UTC)
    if attempt.is_passed:
        row, quiz = own_enrollment(db, me, enrollment_id, lock=True), db.get(Quiz, quiz_id)
        assert quiz is not None  # noqa: S101 -- the attempt is at it.
        progress = progress_of(db, row, quiz.lesson_id)
        recount(db, row, progress)
    db.commit()
    db.refresh(attempt)
    return _shown(attempt)


def _marked(question: QuestionCopy, answer: AnswerModel | None) -> ResultModel:
    right = {option.id for option in question.options or [] if option.is_correct}
    if answer is None:
        fits = False
    elif question.options:
        fits = right == set(answer.selected_option_ids)
    else:
        fits = answer.answer_text.casefold().strip() == question.correct_answer
    points = float(question.points)
    return ResultModel(question_id=question.id, points=points, points_awarded=points * fits)


app.include_router(router)
