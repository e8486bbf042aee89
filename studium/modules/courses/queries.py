"""Courses as the catalogue shows them: one statement for a card or a page of cards."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import rules
from studium.access.actor import Actor
from studium.kit.pages import AnySelect, Order, Page, PageQuery, paginate
from studium.kit.problems import NotFound
from studium.kit.schema import PersonOut
from studium.models import Course, Difficulty, Enrollment, Lesson, LessonType, Quiz, User
from studium.modules.courses.schemas import CourseOut, RatingOut

_LESSONS = (
    select(func.count(Lesson.id))
    .where(Lesson.course_id == Course.id, Lesson.archived_at.is_(None))
    .correlate(Course)
    .scalar_subquery()
)
_ENROLLMENTS = select(func.count(Enrollment.id)).where(Enrollment.course_id == Course.id).correlate(Course)
_RATINGS = select(func.count(Enrollment.rating)).where(Enrollment.course_id == Course.id).correlate(Course)
_AVERAGE = select(func.avg(Enrollment.rating)).where(Enrollment.course_id == Course.id).correlate(Course)
_POPULARITY = _ENROLLMENTS.scalar_subquery()
_RATING = func.coalesce(_AVERAGE.scalar_subquery(), 0.0)

SORTS: dict[str, tuple[Order, ...]] = {
    "newest": (Order(Course.created_at), Order(Course.id)),
    "title": (Order(func.lower(Course.title), descending=False), Order(Course.id, descending=False)),
    "popular": (Order(_POPULARITY), Order(Course.id)),
    "rating": (Order(_RATING), Order(Course.id)),
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
        wanted: list[ColumnElement[bool]] = []
        if self.category is not None:
            wanted.append(Course.category == self.category)
        if self.difficulty_level is not None:
            wanted.append(Course.difficulty_level == self.difficulty_level)
        if self.instructor_id is not None:
            wanted.append(Course.instructor_id == self.instructor_id)
        if self.is_published is not None:
            wanted.append(Course.is_published.is_(self.is_published))
        if self.mine:
            wanted.append(Course.instructor_id == actor.id if actor else Course.id.is_(None))
        if self.q:
            wanted.append(_matches(self.q))
        return wanted


def _matches(text: str) -> ColumnElement[bool]:
    """Every word stands in the title or the description; `%` and `_` mean themselves."""
    words = [
        or_(Course.title.icontains(word, autoescape=True), Course.description.icontains(word, autoescape=True))
        for word in text.split()
    ]
    return and_(*words)


def _cards() -> AnySelect:
    return select(
        Course,
        User.full_name,
        _LESSONS.label("lessons_count"),
        _POPULARITY.label("enrollments_count"),
        _RATINGS.scalar_subquery().label("ratings"),
        _AVERAGE.scalar_subquery().label("average"),
    ).join(User, User.id == Course.instructor_id)


def _card(row: Row[Any]) -> CourseOut:
    course: Course = row[0]
    return CourseOut(
        id=course.id,
        title=course.title,
        slug=course.slug,
        description=course.description,
        instructor_id=course.instructor_id,
        instructor=PersonOut(id=course.instructor_id, full_name=row.full_name),
        category=course.category,
        difficulty_level=course.difficulty_level,
        is_published=course.is_published,
        thumbnail_url=course.thumbnail_url,
        estimated_duration_minutes=course.estimated_duration_minutes,
        metadata=course.course_metadata,
        lessons_count=row.lessons_count,
        enrollments_count=row.enrollments_count,
        rating=RatingOut(average=None if row.average is None else round(row.average, 2), count=row.ratings),
        created_at=course.created_at,
        updated_at=course.updated_at,
        version=course.version,
    )


async def course_page(
    session: AsyncSession, actor: Actor | None, wanted: CourseFilter, sort: str, page: PageQuery
) -> Page[CourseOut]:
    """One page of the courses that the caller may see, narrowed by `wanted`."""
    seen = rules.may_see_course(actor)
    statement = _cards().where(seen, *wanted.conditions(actor))
    return await paginate(session, statement, order=SORTS[sort], page=page, name=f"courses:{sort}", item=_card)


async def course_card(session: AsyncSession, course_id: UUID) -> CourseOut:
    """The card of one course."""
    return _card((await session.execute(_cards().where(Course.id == course_id))).one())


async def course_by_slug(session: AsyncSession, actor: Actor | None, slug: str) -> CourseOut:
    """The card of a course that the caller may see; raise NotFound otherwise."""
    row = (await session.execute(_cards().where(Course.slug == slug, rules.may_see_course(actor)))).one_or_none()
    if row is None:
        message = "There is no course with this slug."
        raise NotFound(message)
    return _card(row)


async def reasons_not_to_publish(session: AsyncSession, course_id: UUID) -> list[str]:
    """What is missing: a lesson, or a published quiz on a quiz lesson. Empty where the course is ready."""
    ready = exists().where(Quiz.lesson_id == Lesson.id, Quiz.is_published).correlate(Lesson)
    statement = (
        select(Lesson.title, Lesson.lesson_type, ready)
        .where(Lesson.course_id == course_id, Lesson.archived_at.is_(None))
        .order_by(Lesson.order_index)
    )
    lessons = (await session.execute(statement)).all()
    if not lessons:
        return ["The course has no lesson."]
    return [
        f"The quiz lesson “{title}” has no published quiz."
        for title, kind, has_quiz in lessons
        if kind is LessonType.QUIZ and not has_quiz
    ]
