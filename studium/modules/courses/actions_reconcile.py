"""The catalogue's counts against the enrollments: what `studium reconcile` looks at; and what no outline may be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.kit.base.findings import Findings
from studium.kit.db.invariants import Invariant
from studium.models import (
    Course,
    CourseCounts,
    CourseWords,
    Enrollment,
    FileType,
    ImportedItem,
    Lesson,
    TrashItem,
    UploadedFile,
)

_parent, _above, _top = aliased(Lesson), aliased(Lesson), aliased(Lesson)
_PARENTS = select(Lesson.id, Lesson.parent_lesson_id.label("parent_id")).join(
    _parent, _parent.id == Lesson.parent_lesson_id
)
_PLACE = Lesson.order_index
_AT_ONCE = 500

INVARIANTS = (
    Invariant(
        6,
        "course {course_id} has {lessons} live lessons, in places {first} to {last}",
        select(
            Lesson.course_id,
            func.count().label("lessons"),
            func.min(_PLACE).label("first"),
            func.max(_PLACE).label("last"),
        )
        .where(Lesson.archived_at.is_(None))
        .group_by(Lesson.course_id)
        .having(
            or_(
                func.min(_PLACE) != 1,
                func.max(_PLACE) != func.count(),
                func.count(_PLACE.distinct()) != func.count(),
            )
        ),
    ),
    Invariant(
        6,
        "lesson {id} is archived, but stands in place {place} of its course",
        select(Lesson.id, _PLACE.label("place")).where(Lesson.archived_at.is_not(None), _PLACE >= 0),
    ),
    Invariant(
        6,
        "trash item {id} hangs on lesson {lesson_id}, which is not archived or of another course",
        select(TrashItem.id, TrashItem.lesson_id)
        .join(Lesson, Lesson.id == TrashItem.lesson_id)
        .where(or_(Lesson.archived_at.is_(None), Lesson.course_id != TrashItem.course_id)),
    ),
    Invariant(
        6,
        "lesson {id} stands below lesson {parent_id}, which is archived or of another course",
        _PARENTS.where(or_(_parent.course_id != Lesson.course_id, _parent.archived_at.is_not(None))),
    ),
    # More than three levels are not allowed, so whoever has three lessons above it is too deep or stands below itself.
    Invariant(
        6,
        "lesson {id} stands below lesson {parent_id} in a circle, or deeper than three levels",
        _PARENTS.join(_above, _above.id == _parent.parent_lesson_id).join(_top, _top.id == _above.parent_lesson_id),
    ),
    Invariant(
        9,
        "course {id} has no words to be found by, or no counts",
        select(Course.id)
        .outerjoin(CourseWords, CourseWords.course_id == Course.id)
        .outerjoin(CourseCounts, CourseCounts.course_id == Course.id)
        .where(or_(CourseWords.course_id.is_(None), CourseCounts.course_id.is_(None))),
    ),
    # Pictures are written anew, so that their bytes are never those that came.
    Invariant(
        7,
        "file {id} of course {course_id} is not what was taken in; import the course again",
        select(UploadedFile.id, ImportedItem.course_id)
        .join(ImportedItem, ImportedItem.item_id == UploadedFile.id)
        .where(
            ImportedItem.kind == "file",
            ImportedItem.checksum != UploadedFile.checksum,
            UploadedFile.file_type != FileType.IMAGE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class CountDrift:
    """One count of one course that is not what its enrollments say."""

    course_id: UUID
    counter: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return f"course {self.course_id}: {self.counter} is {self.stored}, its enrollments say {self.counted}"


def _counted(what: ColumnElement[Any]) -> Any:  # noqa: ANN401 -- SQLAlchemy's scalar subqueries have no short type.
    return select(what).where(Enrollment.course_id == CourseCounts.course_id).correlate(CourseCounts).scalar_subquery()


_COUNTED = {
    "enrollments": _counted(func.count(Enrollment.id)),
    "ratings": _counted(func.count(Enrollment.rating)),
    "rating_sum": _counted(func.coalesce(func.sum(Enrollment.rating), 0)),
}
_STORED = {name: CourseCounts.__table__.c[name] for name in _COUNTED}


async def find_count_drift(session: AsyncSession) -> Findings[CountDrift]:
    """Every count that differs from its enrollments, by course."""
    return await Findings[CountDrift]().take(count_drifts(session))


async def count_drifts(session: AsyncSession) -> AsyncIterator[CountDrift]:
    """The same, one by one."""
    columns = [column for name in _COUNTED for column in (_STORED[name], _COUNTED[name])]
    differs = or_(*(_STORED[name] != _COUNTED[name] for name in _COUNTED))
    statement = select(CourseCounts.course_id, *columns).where(differs).order_by(CourseCounts.course_id)
    async for course_id, *values in await session.stream(statement.execution_options(yield_per=_AT_ONCE)):
        triples = zip(_COUNTED, values[::2], values[1::2], strict=True)
        for triple in triples:
            if triple[1] != triple[2]:
                yield CountDrift(course_id, *triple)


async def repair_counts(session: AsyncSession, course_id: UUID) -> None:
    """Count one course anew under its row's lock, for which whoever enrolls now waits."""
    held = select(CourseCounts).where(CourseCounts.course_id == course_id).with_for_update()
    await session.execute(held)
    await session.execute(update(CourseCounts).where(CourseCounts.course_id == course_id).values(**_COUNTED))
