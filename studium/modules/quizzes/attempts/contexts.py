"""An attempt together with what it hangs on, locked in one statement: where every change of an attempt begins."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select, true, update

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.permissions import allowed
from studium.access.rules import Rule
from studium.kit.db.prepared import PreparedStatement, Record, bound
from studium.kit.db.transaction import Transaction
from studium.kit.http.pagination import AnySelect
from studium.models import Enrollment, MarksRelease, Quiz, QuizAttempt, QuizType, Role
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.snapshot import AnswerKey

COLUMNS = QuizAttempt.__table__.c


@dataclass
class AttemptContext:
    """An attempt as this transaction has left it, the enrollment whose row is its mutex, and the quiz's lesson.

    `attempt` has the columns of its row, `enrollment` has `id`, `student_id`, `course_id` and `status`; `release` is
    when the quiz shows its marks now.
    """

    attempt: dict[str, Any]
    enrollment: dict[str, Any]
    lesson_id: UUID
    release: MarksRelease

    @classmethod
    def of(cls, row: Record) -> "AttemptContext":
        """The context in a row of `locked_attempts`."""
        enrollment = {name: row[name] for name in ("student_id", "course_id")}
        enrollment |= {"id": row["enrollment_id"], "status": row["enrollment_status"]}
        attempt = {name: row[name] for name in COLUMNS.keys()}  # noqa: SIM118 -- no dictionary.
        return cls(attempt, enrollment, row["lesson_id"], row["release"])

    @cached_property
    def key(self) -> AnswerKey:
        """What the attempt is marked by."""
        return AnswerKey.from_json(self.attempt["key"])

    @property
    def holds_marks(self) -> bool:
        """Whether learners see marks of this quiz only when staff release them; practice shows them at once."""
        return self.release is MarksRelease.TOGETHER and self.key.quiz_type is QuizType.GRADED

    @property
    def answers(self) -> list[Answer]:
        """What was saved."""
        return [Answer(**answer) for answer in self.attempt["answers"] or ()]

    async def write(self, tx: Transaction, statement: PreparedStatement, **changes: Any) -> None:  # noqa: ANN401 -- columns.
        """Change the row by a statement of `updating`."""
        row = await tx.first(
            statement, p_attempt=self.attempt["id"], **{f"p_{name}": changes[name] for name in changes}
        )
        assert row is not None  # noqa: S101 -- the row is locked.
        self.attempt |= {**changes, "version": row["version"]}


def updating(*names: str) -> PreparedStatement:
    """The UPDATE of these columns of a locked attempt, which makes another version of it."""
    values = bound(COLUMNS[name] for name in names)
    return PreparedStatement(
        update(QuizAttempt.__table__)  # type: ignore[arg-type]  # mapped tables are typed as any FROM clause.
        .where(COLUMNS.id == bindparam("p_attempt", type_=Uuid()))
        .values(version=COLUMNS.version + 1, **values)
        .returning(COLUMNS.version)
    )


def locked_attempts(*where: Rule, may: Rule | None = None) -> AnySelect:
    """Enrollments with their attempts and the lessons, locked in this order, which is the order that all keep.

    After a wait for the locks their own columns are those of now.
    """
    return (
        select(
            *COLUMNS,
            Enrollment.student_id,
            Enrollment.course_id,
            Enrollment.status.label("enrollment_status"),
            Quiz.lesson_id,
            Quiz.release,
            (true() if may is None else may).label("may"),
        )
        .select_from(Enrollment)
        .join(QuizAttempt, QuizAttempt.enrollment_id == Enrollment.id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(*where)
        .order_by(Enrollment.id, QuizAttempt.id)
        .with_for_update(of=(Enrollment, QuizAttempt))
    )


_IDS = {name: bindparam(f"p_{name}", type_=Uuid()) for name in ("enrollment", "quiz", "attempt")}
_ONE = PreparedStatement(locked_attempts(QuizAttempt.id == _IDS["attempt"]))


_PLACE = Enrollment.id == _IDS["enrollment"], QuizAttempt.quiz_id == _IDS["quiz"]


def _permitted(role: Role, *place: Rule, to_learn: bool) -> PreparedStatement:
    actor = parameter_actor(role)
    return PreparedStatement(
        locked_attempts(
            QuizAttempt.id == _IDS["attempt"],
            *place,
            rules.may_see_enrollment(actor),
            may=rules.is_own_enrollment(actor) if to_learn else rules.may_manage_enrollment(actor),
        )
    )


_PERMITTED = {
    (role, to_learn): _permitted(role, *_PLACE, to_learn=to_learn) for role in Role for to_learn in (True, False)
}
_BY_ID = {(role, to_learn): _permitted(role, to_learn=to_learn) for role in Role for to_learn in (True, False)}


async def lock_attempt(tx: Transaction, attempt_id: UUID) -> AttemptContext:
    """One attempt that is there, locked."""
    row = await tx.first(_ONE, p_attempt=attempt_id)
    assert row is not None  # noqa: S101 -- attempts are never deleted by themselves.
    return AttemptContext.of(row)


async def lock_permitted(
    tx: Transaction, actor: Actor, enrollment_id: UUID, quiz_id: UUID, attempt_id: UUID, *, to_learn: bool
) -> AttemptContext:
    """An attempt of the caller's own, or one that the caller may mark, locked; raise NotFound, Forbidden."""
    ids = {"p_enrollment": enrollment_id, "p_quiz": quiz_id, "p_attempt": attempt_id}
    return AttemptContext.of(allowed(await tx.first(_PERMITTED[actor.role, to_learn], actor_id=actor.id, **ids)))


async def lock_by_id(tx: Transaction, actor: Actor, attempt_id: UUID, *, to_learn: bool) -> AttemptContext:
    """The same for who knows the attempt alone."""
    found = await tx.first(_BY_ID[actor.role, to_learn], actor_id=actor.id, p_attempt=attempt_id)
    return AttemptContext.of(allowed(found))
