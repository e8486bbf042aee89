"""What a learner does in a lesson: complete it, report where the player stands.

The enrollment's row is the mutex: whoever calls these holds its lock. Its counters follow in the same transaction. All
writing is done by prepared statements on a `Transaction`: for a learner, an admin, and a quiz that was passed alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Numeric, Uuid, bindparam, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.errors import EnrollmentNotActive
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.db.errors import Constraint, IntegrityViolation
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.db.transaction import Transaction
from studium.models import Enrollment, EnrollmentStatus, Lesson, LessonProgress, LessonType, ProgressStatus
from studium.modules.enrollments.counters import AT, BY_ID, COUNTERS, VISIT, count_completed, visit
from studium.modules.enrollments.errors import QuizNotPassed
from studium.modules.enrollments.progress import FULL, TIME_MAX_SECONDS, credited_time, room_for_time
from studium.modules.enrollments.queries import progress_out
from studium.modules.enrollments.schemas import LessonProgressOut, ProgressUpdate

_ENROLLMENT, _LESSON = bindparam("p_enrollment", type_=Uuid()), bindparam("p_lesson", type_=Uuid())
_COURSE = bindparam("p_course", type_=Uuid())
_PLACE = ("enrollment_id", "lesson_id")
_COLUMNS = LessonProgress.__table__.c
_LIVE = (Lesson.id == _LESSON, Lesson.course_id == _COURSE, Lesson.archived_at.is_(None))
_COMPLETED = literal(ProgressStatus.COMPLETED, LessonProgress.status.type)

_Other = aliased(LessonProgress)
_elsewhere = (_Other.enrollment_id == _ENROLLMENT, _Other.lesson_id != _LESSON)
_KNOWN = PreparedStatement(
    select(
        Lesson.lesson_type,
        *_COLUMNS,
        select(func.coalesce(func.sum(_Other.time_spent_seconds), 0))
        .where(*_elsewhere)
        .scalar_subquery()
        .label("seconds_elsewhere"),
        select(func.count(_Other.id)).where(*_elsewhere).scalar_subquery().label("lessons_elsewhere"),
    )
    .select_from(Lesson)
    .outerjoin(LessonProgress, (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrollment_id == _ENROLLMENT))
    .where(*_LIVE)
)
"""A live lesson with what the learner did in it, and how much time in how many other lessons."""


def _complete(insert: Any) -> Any:  # noqa: ANN401 -- statements of each database.
    row: dict[str, Any] = {
        "id": bindparam("p_id", type_=Uuid()),
        "enrollment_id": _ENROLLMENT,
        "lesson_id": Lesson.id,
        "status": _COMPLETED,
        "started_at": AT,
        "completed_at": AT,
        "completion_percentage": literal(FULL, _COLUMNS.completion_percentage.type),
        "time_spent_seconds": literal(0),
        "last_position_seconds": literal(0),
        "attempts_count": literal(0),
        "updated_at": AT,
    }
    by_hand = or_(Lesson.lesson_type != LessonType.QUIZ, bindparam("p_by_quiz", type_=Integer()) == 1)
    statement = insert(LessonProgress).from_select(
        list(row), select(*row.values()).where(*_LIVE, by_hand), include_defaults=False
    )
    finished = ("status", "completed_at", "completion_percentage", "updated_at")
    return statement.on_conflict_do_update(
        index_elements=_PLACE,
        set_={name: statement.excluded[name] for name in finished},
        where=LessonProgress.status != ProgressStatus.COMPLETED,
    ).returning(*_COLUMNS)


def _save(insert: Any) -> Any:  # noqa: ANN401 -- statements of each database.
    saved = {
        "status": bindparam("p_status", type_=_COLUMNS.status.type),
        "completed_at": bindparam("p_completed_at", type_=_COLUMNS.completed_at.type),
        "completion_percentage": bindparam("p_percentage", type_=Numeric(5, 2)),
        "time_spent_seconds": bindparam("p_seconds", type_=Integer()),
        "last_position_seconds": bindparam("p_position", type_=Integer()),
        _COLUMNS.metadata.key: bindparam("p_metadata", type_=_COLUMNS.metadata.type),
        "updated_at": AT,
    }
    first = {"id": bindparam("p_id", type_=Uuid()), "enrollment_id": _ENROLLMENT, "lesson_id": _LESSON}
    statement = insert(LessonProgress.__table__).values(**first, **saved, started_at=AT, attempts_count=0)
    return statement.on_conflict_do_update(index_elements=_PLACE, set_=saved).returning(*_COLUMNS)


def _start(insert: Any) -> Any:  # noqa: ANN401 -- statements of each database.
    statement = insert(LessonProgress.__table__).values(
        id=bindparam("p_id", type_=Uuid()),
        enrollment_id=_ENROLLMENT,
        lesson_id=_LESSON,
        status=ProgressStatus.IN_PROGRESS,
        started_at=AT,
        completion_percentage=0,
        time_spent_seconds=0,
        last_position_seconds=0,
        attempts_count=1,
        updated_at=AT,
    )
    again = {"attempts_count": _COLUMNS.attempts_count + 1, "updated_at": AT}
    return statement.on_conflict_do_update(index_elements=_PLACE, set_=again).returning(_COLUMNS.id)


_COMPLETE, _SAVE, _START = PreparedStatement(_complete), PreparedStatement(_save), PreparedStatement(_start)
_COUNT_TIME = PreparedStatement(
    update(Enrollment)
    .where(BY_ID)
    .values(total_time_spent_seconds=bindparam("p_total", type_=Integer()), **VISIT)
    .returning(*COUNTERS)
)


async def complete_lesson(tx: Transaction, actor: Actor, enrollment: Record, lesson_id: UUID) -> LessonProgressOut:
    """Mark a lesson as done; one that is done already stays as it is.

    Raises NotFound (another course's or an archived lesson), EnrollmentNotActive, QuizNotPassed.
    """
    completed = None
    if enrollment["status"] is EnrollmentStatus.ACTIVE:
        completed = await _finish(tx, enrollment, lesson_id)
    progress = completed or await _completed_before(tx, enrollment, lesson_id)
    await _audit_override(tx, actor, enrollment, lesson_id, "progress.complete")
    counters = await (count_completed if completed else visit)(tx, enrollment["id"])
    return progress_out(progress, counters)


async def _finish(tx: Transaction, enrollment: Record, lesson_id: UUID, *, by_quiz: bool = False) -> Record | None:
    """Complete the progress row, made where it is missing; None where it is complete, or the lesson is not for this."""
    try:
        return await tx.first(
            _COMPLETE,
            p_id=new_id(),
            p_enrollment=enrollment["id"],
            p_lesson=lesson_id,
            p_course=enrollment["course_id"],
            p_by_quiz=int(by_quiz),
            p_at=now(),
        )
    except IntegrityViolation as violation:
        raise _gone(violation) from violation


async def _completed_before(tx: Transaction, enrollment: Record, lesson_id: UUID) -> Record:
    """The progress of a lesson that was completed before; raise what stands against completing it otherwise."""
    known = await _known(tx, enrollment, lesson_id)
    if known["status"] is ProgressStatus.COMPLETED:
        return known
    if known["lesson_type"] is LessonType.QUIZ:
        message = "Pass the quiz to complete this lesson."
        raise QuizNotPassed(message)
    message = "The course is completed; nothing in it changes any more."
    raise EnrollmentNotActive(message)


async def _known(tx: Transaction, enrollment: Record, lesson_id: UUID) -> Record:
    """The lesson and its progress; raise NotFound, and EnrollmentNotActive for who has left the course."""
    known = await tx.first(_KNOWN, p_enrollment=enrollment["id"], p_lesson=lesson_id, p_course=enrollment["course_id"])
    if known is None:
        raise _no_lesson()
    if enrollment["status"] not in (EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED):
        message = f"The enrollment is {enrollment['status']}; resume it first."
        raise EnrollmentNotActive(message)
    return known


def _no_lesson() -> NotFound:
    return NotFound("There is no such lesson in this course.")


def _gone(violation: IntegrityViolation) -> Exception:
    """The lesson vanished between two statements; anything else is a defect."""
    return _no_lesson() if violation.kind is Constraint.FOREIGN_KEY else violation


async def _audit_override(tx: Transaction, actor: Actor, enrollment: Record, lesson_id: UUID, action: str) -> None:
    if actor.id != enrollment["student_id"]:
        target = ("enrollment", enrollment["id"])
        await record_audit(tx, action, actor_id=actor.id, target=target, lesson_id=str(lesson_id))


async def record_progress(
    tx: Transaction, actor: Actor, enrollment: Record, lesson_id: UUID, patch: ProgressUpdate
) -> LessonProgressOut:
    """Take over what a player reports; a completed enrollment only moves time and position.

    The percentage never falls, 100 completes, and time is credited no faster than the clock runs (an admin's figures
    stand as they are). An empty report changes nothing. Raises as `complete_lesson` does.
    """
    known = await _known(tx, enrollment, lesson_id)
    changes = patch.changes()
    if not changes:
        return progress_out({**_UNTOUCHED, **_present(known), **_place(enrollment, lesson_id)}, enrollment)
    report = _Report(enrollment, known, changes, is_own=actor.id == enrollment["student_id"])
    if report.completes and known["lesson_type"] is LessonType.QUIZ:
        message = "Pass the quiz to complete this lesson."
        raise QuizNotPassed(message)
    await _audit_override(tx, actor, enrollment, lesson_id, "progress.update")
    at = now()
    try:
        progress = await tx.first(
            _SAVE, p_id=new_id(), p_enrollment=enrollment["id"], p_lesson=lesson_id, p_at=at, **report.values()
        )
    except IntegrityViolation as violation:
        raise _gone(violation) from violation
    assert progress is not None  # noqa: S101 -- the statement inserts or updates.
    total = int(known["seconds_elsewhere"]) + progress["time_spent_seconds"]
    counters = await tx.first(_COUNT_TIME, p_enrollment=enrollment["id"], p_total=total, p_at=at)
    assert counters is not None  # noqa: S101 -- the caller holds the row.
    return progress_out(progress, await count_completed(tx, enrollment["id"]) if report.completes else counters)


_UNTOUCHED = {
    "status": ProgressStatus.NOT_STARTED,
    "started_at": None,
    "completed_at": None,
    "completion_percentage": Decimal(0),
    "time_spent_seconds": 0,
    "last_position_seconds": 0,
    "attempts_count": 0,
    "metadata": None,
}
"""The progress of a lesson that nobody has touched."""


def _present(known: Record) -> dict[str, Any]:
    return {} if known["id"] is None else {name: known[name] for name in _UNTOUCHED}


def _place(enrollment: Record, lesson_id: UUID) -> dict[str, UUID]:
    return {"enrollment_id": enrollment["id"], "lesson_id": lesson_id}


@dataclass(frozen=True, slots=True)
class _Report:
    """Where a lesson stands after a report."""

    enrollment: Record
    known: Record
    changes: Mapping[str, Any]
    is_own: bool

    @property
    def completes(self) -> bool:
        """Whether this report completes the lesson."""
        reached = self.changes.get("completion_percentage", 0) >= FULL
        is_done = reached or self.changes.get("status") is ProgressStatus.COMPLETED
        return is_done and not self._is_final and self.known["status"] is not ProgressStatus.COMPLETED

    @property
    def _is_final(self) -> bool:
        """Whether only time and position move any more."""
        return self.enrollment["status"] is EnrollmentStatus.COMPLETED

    def values(self) -> dict[str, Any]:
        """What to store."""
        before = {**_UNTOUCHED, **_present(self.known)}
        status = before["status"] if self.known["id"] else ProgressStatus.IN_PROGRESS
        percentage, metadata = before["completion_percentage"], before["metadata"]
        if not self._is_final:
            percentage = max(percentage, self.changes.get("completion_percentage", percentage))
            metadata = self.changes.get("metadata", metadata)
        return {
            "p_status": ProgressStatus.COMPLETED if self.completes else status,
            "p_completed_at": now() if self.completes else before["completed_at"],
            "p_percentage": FULL if self.completes else percentage,
            "p_seconds": self._seconds(before["time_spent_seconds"]),
            "p_position": self.changes.get("last_position_seconds", before["last_position_seconds"]),
            "p_metadata": metadata,
        }

    def _seconds(self, credited: int) -> int:
        """The cumulative time on the lesson: what the learner reports counts no faster than the clock runs."""
        if "time_spent_seconds" not in self.changes:
            return credited
        reported = min(self.changes["time_spent_seconds"], TIME_MAX_SECONDS)
        if not self.is_own:
            return max(credited, int(reported))
        at, known = now(), self.known
        room = room_for_time(
            started=self.enrollment["started_at"] or at,
            at=at,
            lessons_touched=known["lessons_elsewhere"] + 1,
            spent=int(known["seconds_elsewhere"]) + credited,
        )
        return credited_time(reported, credited, first_report=known["started_at"] or at, at=at, enrollment_room=room)


async def record_completion(tx: Transaction, enrollment: Record, lesson_id: UUID) -> None:
    """A quiz was passed (or a practice quiz submitted): its lesson is done. Called under the enrollment's lock.

    Who dropped out meanwhile keeps it, for the day they resume. Nothing moves in a completed enrollment, or in a lesson
    that was archived.
    """
    is_open = enrollment["status"] is not EnrollmentStatus.COMPLETED
    if is_open and await _finish(tx, enrollment, lesson_id, by_quiz=True):
        await count_completed(tx, enrollment["id"])


async def record_attempt(tx: Transaction, enrollment_id: UUID, lesson_id: UUID) -> None:
    """A quiz attempt was started in this lesson. Called under the enrollment's lock."""
    await tx.first(_START, p_id=new_id(), p_enrollment=enrollment_id, p_lesson=lesson_id, p_at=now())
    await visit(tx, enrollment_id)
