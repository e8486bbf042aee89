"""What the pages for teachers show of courses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from studium.kit.base.clock import now
from studium.kit.http.pagination import Page
from studium.kit.http.schemas import PersonOut
from studium.modules.analytics.periods import DEFAULT_DAYS, midnight
from studium.modules.analytics.schemas import TrendPoint
from studium.modules.courses.schemas import CourseOut
from studium.modules.desk.schemas import GradingSummary
from studium.modules.enrollments.queries_courses import Silent
from studium.modules.exchange.schemas import ImportCard
from studium.web.forms import Form
from studium.web.public.views import picture_of, picture_text
from studium.web.teacher.outline.views import Row
from studium.web.teacher.people.views import SILENT_DAYS

COURSE_TEXTS = ("title",)
"""Fields of a course that are not sent when they are empty."""

FRESH = timedelta(days=2)
"""How long a finished import is still news."""

_DIGITS = 7
PICTURE_TEXT = "picture_text"


def number(text: str) -> int | str | None:
    """A number as schemas want it; what is none stays a text, which they refuse."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else text or None


def course_values(form: Form) -> dict[str, object]:
    """What a form says of a course that may be empty."""
    texts = {name: form[name].strip() or None for name in ("description", "category", "difficulty_level")}
    return {**texts, "estimated_duration_minutes": number(form["estimated_duration_minutes"])}


class Day(NamedTuple):
    """What happened in a course on one day, which began at `at`."""

    course: CourseOut
    at: datetime
    enrollments: int
    completions: int


@dataclass(frozen=True, slots=True)
class Lately:
    """Who came and got through on each of the last days, by the courses in which anything happened."""

    DAYS: ClassVar[int] = DEFAULT_DAYS
    MOST: ClassVar[int] = 6
    """Days of courses that are told one by one."""

    trends: Mapping[UUID, Sequence[TrendPoint]]
    zone: tzinfo

    def of(self, course: CourseOut) -> tuple[list[int], int, int]:
        """How many came on each day, and the sums of those who came and of those who got through."""
        points = self.trends.get(course.id, ())
        came = [point.enrollments for point in points]
        return came, sum(came), sum(point.completions for point in points)

    def days(self, courses: Sequence[CourseOut]) -> list[Day]:
        """The last days of these courses on which anything happened, the newest first."""
        happened = [
            Day(course, midnight(point.starts_on, self.zone), point.enrollments, point.completions)
            for course in courses
            for point in self.trends.get(course.id, ())
            if point.enrollments > 0 or point.completions > 0
        ]
        return sorted(happened, key=lambda day: day.at, reverse=True)[: self.MOST]


@dataclass(frozen=True, slots=True)
class TeachView:
    """What waits for a teacher, and one page of their courses; the query stands in the address."""

    graded: int
    since: datetime | None
    unreleased: int
    drafts: int
    first_drafts: list[CourseOut]
    courses: list[CourseOut]
    query: dict[str, str]
    next_cursor: str | None
    is_first: bool
    imports: list[ImportCard]
    silent: Silent
    lately: Lately

    SILENT_DAYS: ClassVar[int] = SILENT_DAYS

    @classmethod
    def of(
        cls,
        summary: GradingSummary,
        drafts: Page[CourseOut],
        found: Page[CourseOut],
        query: dict[str, str],
        imports: Page[ImportCard],
        silent: Silent,
        lately: Lately,
        *,
        is_first: bool,
    ) -> Self:
        """The view of what the queries found."""
        return cls(
            graded=summary.waiting,
            since=summary.since,
            unreleased=summary.unreleased,
            drafts=drafts.total or 0,
            first_drafts=drafts.items,
            courses=found.items,
            query=query,
            next_cursor=found.next_cursor,
            is_first=is_first,
            imports=[one for one in imports.items if one.finished_at is None or one.finished_at > now() - FRESH],
            silent=silent,
            lately=lately,
        )

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits."""
        return not (self.graded or self.unreleased or self.drafts or self.imports)


@dataclass(frozen=True, slots=True)
class CourseFormView:
    """What a form of a course offers to choose."""

    categories: list[str]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """A course with what its settings offer; owners only where the visitor may give it away."""

    course: CourseOut
    categories: list[str]
    owners: Sequence[PersonOut] = ()

    @property
    def picture(self) -> str | None:
        """Its own picture."""
        return picture_of(self.course.thumbnail_url)

    @property
    def now(self) -> dict[str, str]:
        """Its values as a form has them."""
        course = self.course
        return {
            "title": course.title,
            "slug": course.slug,
            "description": course.description or "",
            "category": course.category or "",
            "difficulty_level": "" if course.difficulty_level is None else course.difficulty_level.value,
            "estimated_duration_minutes": str(course.estimated_duration_minutes or ""),
            PICTURE_TEXT: picture_text(course),
            "instructor_id": str(course.instructor_id),
        }


@dataclass(frozen=True, slots=True)
class PublishView:
    """Whether a course may be published: what keeps it from that, and what learners would miss besides."""

    course: CourseOut
    rows: list[Row]
    blocked: list[Row] = field(default_factory=list)

    @property
    def needy(self) -> list[Row]:
        """Lessons that lack something, but may be published."""
        blocked = {row.lesson.id for row in self.blocked}
        found = [row for top in self.rows for row in top.walk() if row.lacks]
        return [row for row in found if row.lesson.id not in blocked]
