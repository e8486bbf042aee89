"""Which course a material is: by what its source calls itself, else by what it consists of; never by a file's name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Course, ImportedItem
from studium.modules.exchange.formats.own.queries import stored_course
from studium.modules.exchange.model.items import CourseItem
from studium.modules.exchange.model.texts import CourseText
from studium.modules.exchange.writing.merging import digest
from studium.modules.exchange.writing.prepared import Parts, prints_of

_ID_MAX = 255
_APART = "#"
"""Between a name that several sources may have and the digest of what one of them consisted of first."""


@dataclass(frozen=True)
class SourceIdentity:
    """A material that may have come before. `prints` say what it consists of, worked out before any session."""

    item: CourseItem
    prints: frozenset[str]

    @classmethod
    def of(cls, item: CourseItem) -> "SourceIdentity":
        """Takes long for a large course."""
        return cls(item, all_prints(item.course))


def all_prints(course: CourseText) -> frozenset[str]:
    """What tells a course from others: its questions, texts and videos, or its titles where it has nothing else."""
    found = frozenset(each for lesson in course.lessons for each in prints_of(lesson))
    return found or frozenset(digest(lesson.title) for lesson in course.lessons)


async def identified(
    session: AsyncSession, owner_id: UUID, material: SourceIdentity, into: Course | None
) -> tuple[Course | None, CourseItem]:
    """The owner's course that this material made before, None if there is none, and the material under its full name.

    With `into` that is the course, and the question is what was brought into it before.
    """
    item = material.item
    if not item.has_own_id:
        return await _by_content(session, owner_id, material, into)
    if into is not None:
        return into, item
    mine = select(Course).where(Course.instructor_id == owner_id)
    found = await session.scalar(mine.where(Course.external_id == item.external_id))
    if found is None and item.is_by_slug:
        found = await session.scalar(mine.where(Course.slug == item.course.slug))
        found = found if found is not None and await _has_its_lessons(session, found, item) else None
    return found, item


async def _has_its_lessons(session: AsyncSession, course: Course, item: CourseItem) -> bool:
    """Whether a course that nobody imported is the one that this was exported from: it has the same lessons."""
    text = (await stored_course(session, course)).text
    here, there = ({each.slug for each in lessons} for lessons in (text.lessons, item.course.lessons))
    return _are_kin(here, there) if here and there else text.title == item.course.title


async def _by_content(
    session: AsyncSession, owner_id: UUID, material: SourceIdentity, into: Course | None
) -> tuple[Course | None, CourseItem]:
    name = material.item.external_id[: _ID_MAX - 33]
    fresh = f"{name}{_APART}{digest(sorted(material.prints))}"
    best: tuple[int, Course | None, str] = (0, into, fresh)
    for course in await _candidates(session, owner_id, material.item, name) if into is None else (into,):
        # Within a course that is there only what came into it before counts; whatever else it holds is not ours.
        for source in await _sources(session, course, name) or ([fresh] if into is None else []):
            prints = await _prints(session, course, source)
            if _are_kin(prints, material.prints) and len(prints & material.prints) > best[0]:
                best = len(prints & material.prints), course, source
    return best[1], replace(material.item, external_id=best[2])


def _are_kin(one: Collection[str], other: Collection[str]) -> bool:
    """Whether half of the smaller is in the larger."""
    shared = len(set(one) & set(other))
    return shared > 0 and 2 * shared >= min(len(one), len(other))


async def _candidates(session: AsyncSession, owner_id: UUID, item: CourseItem, name: str) -> Sequence[Course]:
    """The owner's courses that a material of this name may have made."""
    same = or_(Course.external_id == name, Course.external_id.startswith(name + _APART, autoescape=True))
    if item.is_by_slug:
        same = or_(same, Course.slug == item.course.slug)
    mine = select(Course).where(Course.instructor_id == owner_id, same).order_by(Course.created_at, Course.id)
    return (await session.execute(mine)).scalars().all()


async def _sources(session: AsyncSession, course: Course, name: str) -> list[str]:
    """The full names of the materials of this name that came into a course."""
    named = or_(ImportedItem.source == name, ImportedItem.source.startswith(name + _APART, autoescape=True))
    rows = select(ImportedItem.source).distinct().where(ImportedItem.course_id == course.id, named)
    return sorted((await session.execute(rows)).scalars())


async def _prints(session: AsyncSession, course: Course, source: str) -> frozenset[str]:
    """What the course consisted of when it came from there; what it consists of now where that was not remembered."""
    lessons = select(ImportedItem).where(
        ImportedItem.course_id == course.id, ImportedItem.source == source, ImportedItem.kind == "lesson"
    )
    rows = (await session.execute(lessons)).scalars().all()
    if rows and all(row.parts is not None for row in rows):
        parts = [Parts.read(row.parts or {}) for row in rows]
        found = frozenset(each for part in parts for each in part.prints)
        return found or frozenset(part.values["title"] for part in parts)
    stored = await stored_course(session, course)
    brought = {row.item_id for row in rows}
    theirs = [each for each in stored.text.lessons if not brought or stored.lessons[each.slug].id in brought]
    return all_prints(replace(stored.text, lessons=tuple(theirs)))
