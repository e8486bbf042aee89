"""What no attempt may be: `studium reconcile --invariants` looks for it."""

from sqlalchemy import ColumnElement, and_, func, or_, select

from studium.kit.db.invariants import Invariant
from studium.models import (
    AttemptStatus,
    Enrollment,
    GradeChange,
    Lesson,
    LessonProgress,
    LessonType,
    ProgressStatus,
    Quiz,
    QuizAccommodation,
    QuizAttempt,
    QuizType,
)

_ROUNDING = 0.005001
"""Half of the last place of a percentage, and a little, because decimals are floats on SQLite."""

_STARTED = (QuizAttempt.enrollment_id, QuizAttempt.quiz_id)
_IS_GRADED = QuizAttempt.status == AttemptStatus.GRADED


def _earned() -> ColumnElement[bool]:
    """Whether an attempt completes its lesson: submitted practice, or a pass, be it one that was lowered later."""
    was_passed = (
        select(GradeChange.id)
        .where(
            GradeChange.attempt_id == QuizAttempt.id,
            or_(GradeChange.before["is_passed"].as_boolean(), GradeChange.after["is_passed"].as_boolean()),
        )
        .correlate(QuizAttempt)
        .exists()
    )
    submitted = and_(Quiz.quiz_type == QuizType.PRACTICE, QuizAttempt.status != AttemptStatus.IN_PROGRESS)
    return or_(submitted, QuizAttempt.is_passed.is_(True), was_passed)


_PASS = (
    select(QuizAttempt.id)
    .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
    .where(
        QuizAttempt.enrollment_id == LessonProgress.enrollment_id,
        Quiz.lesson_id == LessonProgress.lesson_id,
        _earned(),
    )
    .correlate(LessonProgress)
    .exists()
)

# What a learner was allowed once may be taken back later; then no more than that is sure.
_EXTRA = (
    select(func.max(QuizAccommodation.extra_attempts))
    .join(Enrollment, Enrollment.student_id == QuizAccommodation.student_id)
    .where(QuizAccommodation.quiz_id == QuizAttempt.quiz_id, Enrollment.id == QuizAttempt.enrollment_id)
    .correlate(QuizAttempt)
    .scalar_subquery()
)
_ALLOWED = Quiz.max_attempts + func.coalesce(_EXTRA, 0)

INVARIANTS = (
    # A limit may be lowered below what was used, so that only attempts begun since the quiz last changed can break it.
    Invariant(
        4,
        "attempt {id} is number {attempt_number} of enrollment {enrollment_id}; quiz {quiz_id} allows {allowed}",
        select(QuizAttempt.id, QuizAttempt.attempt_number, *_STARTED, _ALLOWED.label("allowed"))
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(QuizAttempt.attempt_number > _ALLOWED, QuizAttempt.started_at > Quiz.updated_at),
    ),
    Invariant(
        4,
        "enrollment {enrollment_id} has {attempts} attempts at quiz {quiz_id}, numbered {first} to {last}",
        select(
            *_STARTED,
            func.count().label("attempts"),
            func.min(QuizAttempt.attempt_number).label("first"),
            func.max(QuizAttempt.attempt_number).label("last"),
        )
        .group_by(*_STARTED)
        .having(
            or_(
                func.min(QuizAttempt.attempt_number) != 1,
                func.max(QuizAttempt.attempt_number) != func.count(QuizAttempt.attempt_number.distinct()),
                func.max(QuizAttempt.attempt_number) != func.count(),
            )
        ),
    ),
    Invariant(
        4,
        "enrollment {enrollment_id} has {attempts} open attempts at quiz {quiz_id} instead of one",
        select(*_STARTED, func.count().label("attempts"))
        .where(QuizAttempt.status == AttemptStatus.IN_PROGRESS)
        .group_by(*_STARTED)
        .having(func.count() > 1),
    ),
    Invariant(
        4,
        "attempt {id} is graded with {score} of {max_score} points and {percentage} %: these do not fit",
        select(QuizAttempt.id, QuizAttempt.score, QuizAttempt.max_score, QuizAttempt.percentage).where(
            _IS_GRADED,
            or_(
                QuizAttempt.score.is_(None),
                QuizAttempt.max_score.is_(None),
                QuizAttempt.percentage.is_(None),
                QuizAttempt.score > QuizAttempt.max_score,
                func.abs(QuizAttempt.percentage * QuizAttempt.max_score - QuizAttempt.score * 100)
                > QuizAttempt.max_score * _ROUNDING,
            ),
        ),
    ),
    Invariant(
        4,
        "attempt {id} is {status}, but has marks that wait for their release",
        select(QuizAttempt.id, QuizAttempt.status).where(
            QuizAttempt.status == AttemptStatus.IN_PROGRESS,
            or_(QuizAttempt.marked_at.is_not(None), QuizAttempt.draft.is_not(None)),
        ),
    ),
    Invariant(
        4,
        "attempt {id} is {status}, but shows a score",
        select(QuizAttempt.id, QuizAttempt.status).where(
            ~_IS_GRADED, or_(QuizAttempt.score.is_not(None), QuizAttempt.percentage.is_not(None))
        ),
    ),
    Invariant(
        5,
        "enrollment {enrollment_id} has completed quiz lesson {lesson_id} without passing it or submitting practice",
        select(LessonProgress.enrollment_id, LessonProgress.lesson_id)
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .where(Lesson.lesson_type == LessonType.QUIZ, LessonProgress.status == ProgressStatus.COMPLETED, ~_PASS),
    ),
)
