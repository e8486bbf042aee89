"""Courses as the catalogue shows them: one statement for a card or a page of cards."""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.access.permissions import allowed
from studium.kit.db.prepared import PreparedStatement, QueryExecutor, Record
from studium.kit.db.search import Wanted, matches, parse
from studium.kit.http.pagination import AnySelect, Order, Page, PagedRead, PageQuery
from studium.kit.http.schemas import PersonOut
from studium.models import Course, CourseCounts, CourseWords, Difficulty, Lesson, LessonType, Quiz, Role, User
from studium.modules.courses.schemas import CourseOut, RatingOut

_LESSONS = (
    select(func.count(Lesson.id))
    .where(Lesson.course_id == Course.id, Lesson.archived_at.is_(None))
    .correlate(Course)
    .scalar_subquery()
)
_AVERAGE = CourseCounts.rating_sum * 1.0 / func.nullif(CourseCounts.ratings, 0)

SORTS: dict[str, tuple[Order, ...]] = {
    "newest": (Order(Course.created_at), Order(Course.id)),
    "title": (Order(func.lower(Course.title), descending=False), Order(Course.id, descending=False)),
    "popular": (Order(CourseCounts.enrollments), Order(CourseCounts.course_id)),
    "rating": (Order(func.coalesce(_AVERAGE, 0.0)), Order(Course.id)),
}


_EQUAL: dict[str, InstrumentedAttribute[Any]] = {
    "category": Course.category,
    "difficulty_level": Course.difficulty_level,
    "instructor_id": Course.instructor_id,
}


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """What narrows the catalogue; None leaves a dimension open."""

    category: str | None = None
    difficulty_level: Difficulty | None = None
    instructor_id: UUID | None = None
    q: str | None = None
    is_published: bool | None = None
    mine: bool = False

    def conditions(self, actor: Actor | None) -> list[ColumnElement[bool]]:
        """The WHERE terms; `is_published` and `mine` only ever narrow what the caller may see."""
        wanted: list[ColumnElement[bool]] = [_EQUAL[name] == value for name, value in self.equal.items()]
        if self.is_published is not None:
            wanted.append(Course.is_published.is_(self.is_published))
        if self.mine:
            wanted.append(Course.instructor_id == actor.id if actor else Course.id.is_(None))
        if self.is_search:
            wanted.append(_found(parse(self.q or "")))
        return wanted

    @property
    def equal(self) -> dict[str, Any]:
        """The columns that are to have one value, by name."""
        return {name: value for name in _EQUAL if (value := getattr(self, name)) is not None}

    @property
    def is_search(self) -> bool:
        """Whether there is something to look for."""
        return bool(self.q and self.q.strip())


def _found(wanted: Wanted) -> ColumnElement[bool]:
    return Course.id.in_(select(CourseWords.course_id).where(matches(CourseWords.words, wanted)))


def _relevance(wanted: Wanted) -> ColumnElement[int]:
    """How much of the query stands in the title: 2 all words, 1 some, 0 none."""
    in_title, partly = _found(wanted.in_title()), _found(wanted.in_title(any_of=True))
    return case((in_title, 2), (partly, 1), else_=0)


def _order(sort: str | None, wanted: CourseFilter) -> tuple[str, tuple[Order, ...]]:
    """The sort of a search and its columns; without one the best come first."""
    if sort in (None, "relevance"):
        return "relevance", (Order(_relevance(parse(wanted.q or ""))), *SORTS["newest"])
    return str(sort), SORTS[str(sort)]


_OWN = [Course.__table__.c[column.name] for column in Course.__table__.c]
_NAMES = [name for name in CourseOut.model_fields if name not in {"instructor", "rating"}]


def _cards() -> AnySelect:
    cards = select(
        *_OWN,
        User.full_name,
        _LESSONS.label("lessons_count"),
        CourseCounts.enrollments.label("enrollments_count"),
        CourseCounts.ratings,
        _AVERAGE.label("average"),
    )
    return cards.join(User, User.id == Course.instructor_id).join(CourseCounts, CourseCounts.course_id == Course.id)


def _card(row: Record) -> CourseOut:
    average, level = row["average"], row["difficulty_level"]
    fields = {name: row[name] for name in _NAMES}
    fields["difficulty_level"] = None if level is None else Difficulty(level)
    fields["instructor"] = PersonOut(id=row["instructor_id"], full_name=row["full_name"])
    fields["rating"] = RatingOut(average=None if average is None else round(average, 2), count=row["ratings"])
    return CourseOut(**fields)


def _listed(row: Row[Any]) -> CourseOut:
    return _card(row._mapping)  # noqa: SLF001 -- a public name of SQLAlchemy's, in spite of the underscore.


async def course_page(
    reads: QueryExecutor, actor: Actor | None, wanted: CourseFilter, sort: str | None, page: PageQuery
) -> Page[CourseOut]:
    """One page of the courses that the caller may see, narrowed by `wanted`. One hot read."""
    if wanted.is_search:
        # Searches differ in more ways than are worth keeping: each is compiled for itself.
        name, order = _order(sort, wanted)
        statement = _cards().where(rules.may_see_course(actor), *wanted.conditions(actor))
        return await PagedRead(statement, order=order, name=f"courses:{name}", of=CourseOut).page(reads, page, _card)
    kept = _catalogue(
        None if actor is None else actor.role,
        "newest" if sort in (None, "relevance") else str(sort),
        frozenset(wanted.equal),
        wanted.is_published,
        wanted.mine,
    )
    return await kept.page(reads, page, _card, actor_id=actor and actor.id, **wanted.equal)


@cache
def _catalogue(
    role: Role | None,
    sort: str,
    narrowed: frozenset[str],
    is_published: bool | None,  # noqa: FBT001 -- a key to what is kept.
    mine: bool,  # noqa: FBT001 -- a key to what is kept.
) -> PagedRead[CourseOut]:
    """The catalogue for callers of a role, in one order and narrowed in one way, whatever the values are."""
    actor = None if role is None else parameter_actor(role)
    values: Any = {name: bindparam(name, type_=_EQUAL[name].type) for name in narrowed}
    wanted = CourseFilter(**values, is_published=is_published, mine=mine)
    statement = _cards().where(rules.may_see_course(actor), *wanted.conditions(actor))
    return PagedRead(statement, order=SORTS[sort], name=f"courses:{sort}", of=CourseOut)


async def course_card(session: AsyncSession, course_id: UUID) -> CourseOut:
    """The card of one course, with what this transaction has changed."""
    return _listed((await session.execute(_cards().where(Course.id == course_id))).one())


_VISIBLE_BY = {"id": bindparam("key", type_=Course.id.type), "slug": bindparam("key", type_=Course.slug.type)}


@cache
def _visible(role: Role | None, column: str) -> PreparedStatement:
    actor = None if role is None else parameter_actor(role)
    return PreparedStatement(
        _cards().where(Course.__table__.c[column] == _VISIBLE_BY[column], rules.may_see_course(actor))
    )


async def find_visible(
    reads: QueryExecutor, actor: Actor | None, *, course_id: UUID | None = None, slug: str = ""
) -> CourseOut | None:
    """The card of a course that the caller may know of, by its id or its slug, or None. One hot read."""
    role, column = None if actor is None else actor.role, "slug" if course_id is None else "id"
    row = await reads.one(_visible(role, column), key=course_id or slug, actor_id=actor and actor.id)
    return None if row is None else _card(row)


@cache
def _managed(role: Role) -> PreparedStatement:
    actor = parameter_actor(role)
    cards = _cards().add_columns(rules.may_edit_course(actor).label("may"))
    return PreparedStatement(cards.where(Course.id == _VISIBLE_BY["id"], rules.may_see_course(actor)))


async def find_managed(reads: QueryExecutor, actor: Actor, course_id: UUID) -> CourseOut:
    """The card of a course that the caller may edit; raise NotFound or Forbidden. One hot read."""
    return _card(allowed(await reads.one(_managed(actor.role), key=course_id, actor_id=actor.id)))


class Lack(NamedTuple):
    """What keeps a course from being published: a quiz lesson without a published quiz, or that there is no lesson."""

    lesson_id: UUID | None = None
    title: str = ""

    def __str__(self) -> str:
        return (
            f"The quiz lesson “{self.title}” has no published quiz." if self.lesson_id else "The course has no lesson."
        )


async def lacks_to_publish(session: AsyncSession, course_id: UUID) -> list[Lack]:
    """What is missing, in order. Empty where the course is ready."""
    ready = exists().where(Quiz.lesson_id == Lesson.id, Quiz.is_published).correlate(Lesson)
    statement = (
        select(Lesson.id, Lesson.title, Lesson.lesson_type, ready)
        .where(Lesson.course_id == course_id, Lesson.archived_at.is_(None))
        .order_by(Lesson.order_index)
    )
    lessons = (await session.execute(statement)).all()
    if not lessons:
        return [Lack()]
    return [
        Lack(lesson_id, title)
        for lesson_id, title, kind, has_quiz in lessons
        if kind is LessonType.QUIZ and not has_quiz
    ]


async def reasons_not_to_publish(session: AsyncSession, course_id: UUID) -> list[str]:
    """The same in words."""
    return [str(lack) for lack in await lacks_to_publish(session, course_id)]
