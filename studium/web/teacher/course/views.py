"""What the pages for teachers show of courses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Self

from studium.kit.base.clock import now
from studium.kit.http.pagination import Page
from studium.kit.http.schemas import PersonOut
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
