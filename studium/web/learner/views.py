"""What a course, a lesson and a learner's own pages show."""

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from studium.access.rules import LEARNING
from studium.kit.base.config import Settings
from studium.models import EnrollmentStatus, ProgressStatus
from studium.modules.courses.schemas import LessonOut
from studium.modules.enrollments.actions import REVIEW_MIN_PROGRESS
from studium.modules.enrollments.queries_own import OwnEnrollment
from studium.modules.enrollments.schemas import EnrollmentLessonOut, MyCourseOut, ReviewOut
from studium.modules.files.formats import FORMATS
from studium.modules.files.schemas import FileOut
from studium.web.public.views import Book

_STATES = {ProgressStatus.COMPLETED: "done", ProgressStatus.IN_PROGRESS: "half"}


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson in the outline of a course: `state` is one of `done`, `half`, `open` and `lock`."""

    id: UUID
    slug: str
    title: str
    kind: str
    minutes: int | None
    state: str
    parent: UUID | None
    position: int = 0
    spent: int = 0
    quiz: UUID | None = None

    @classmethod
    def of_outline(cls, lesson: LessonOut) -> Self:
        """For who is not enrolled: what is locked is said."""
        state = "lock" if lesson.is_locked else "open"
        return cls(
            lesson.id,
            lesson.slug,
            lesson.title,
            lesson.lesson_type.value,
            lesson.duration_minutes,
            state,
            lesson.parent_lesson_id,
            quiz=lesson.quiz_id,
        )

    @classmethod
    def of_progress(cls, lesson: EnrollmentLessonOut) -> Self:
        """For who is enrolled: what is done is said."""
        return cls(
            lesson.lesson_id,
            lesson.slug,
            lesson.title,
            lesson.lesson_type.value,
            lesson.duration_minutes,
            _STATES.get(lesson.status, "open"),
            lesson.parent_lesson_id,
            lesson.last_position_seconds,
            lesson.time_spent_seconds,
            lesson.quiz_id,
        )


@dataclass(frozen=True, slots=True)
class Way:
    """A course with its lessons, and where the visitor is in it."""

    book: Book
    description: str
    steps: list[Step]
    enrollment: OwnEnrollment | None
    may_enroll: bool
    reviews: list[ReviewOut] = field(default_factory=list)
    more_reviews: str | None = None

    @property
    def may_review(self) -> bool:
        """Whether the visitor has done enough of it to say how it is."""
        known = self.enrollment
        return known is not None and known.status in LEARNING and self.percent >= REVIEW_MIN_PROGRESS

    @property
    def is_learning(self) -> bool:
        """Whether the visitor is enrolled and may go on."""
        return self.enrollment is not None and self.enrollment.status is EnrollmentStatus.ACTIVE

    @property
    def percent(self) -> int:
        """How much of it is done, 0..100."""
        return 0 if self.enrollment is None else int(self.enrollment.progress_percentage)

    @property
    def next_step(self) -> Step | None:
        """The first lesson that is not done."""
        return next((step for step in self.steps if step.state in {"open", "half"}), None)

    @property
    def minutes_left(self) -> int:
        """The minutes of the lessons that are not done, as far as they are known."""
        return sum(step.minutes or 0 for step in self.steps if step.state != "done")

    @property
    def is_long(self) -> bool:
        """Whether the outline is folded beside a lesson."""
        return len(self.steps) > 60  # noqa: PLR2004 -- more than two screens of a laptop.

    def tree(self) -> list[tuple[Step, list[Step]]]:
        """The lessons of the first level, each with those below it."""
        children: dict[UUID, list[Step]] = {}
        for step in self.steps:
            if step.parent is not None:
                children.setdefault(step.parent, []).append(step)
        return [(step, children.get(step.id, [])) for step in self.steps if step.parent is None]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The lesson that comes next in a course."""

    href: str
    title: str

    @classmethod
    def of(cls, mine: MyCourseOut) -> Self | None:
        """That of a course under way; None where it is not, and where nothing is left to do."""
        slug, title = mine.next_lesson_slug, mine.next_lesson_title
        if mine.status is not EnrollmentStatus.ACTIVE or slug is None or title is None:
            return None
        return cls(f"/courses/{mine.course.slug}/{slug}", title)


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """A course on one's shelf."""

    book: Book
    percent: int
    done: int
    lessons: int
    status: str
    ahead: Ahead | None
    certificate: UUID | None

    @classmethod
    def of(cls, mine: MyCourseOut) -> Self:
        """The shelf's book of an enrollment."""
        course = mine.course
        book = Book(
            id=course.id,
            slug=course.slug,
            title=course.title,
            instructor=course.instructor.full_name,
            category=course.category,
            level=None,
            minutes=None,
            lessons=mine.total_lessons_count,
            rating=None,
            ratings=0,
            picture=None,
            is_draft=not course.is_published,
        )
        return cls(
            book,
            int(mine.progress_percentage),
            mine.completed_lessons_count,
            mine.total_lessons_count,
            mine.status.value,
            Ahead.of(mine),
            mine.certificate_id,
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """One's own courses, those in one state or all."""

    books: list[OwnCourse]
    state: str
    next_cursor: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How large files may be, in MiB: one, a video, and all of somebody's together; and which are taken."""

    most: int
    videos: int
    all: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the school."""
        return cls(settings.upload_max_mib, settings.upload_video_max_mib, settings.quota_mib)

    @property
    def accept(self) -> str:
        """What a browser offers to choose."""
        return ",".join(f".{extension}" for extension in FORMATS)


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files that one has uploaded, and what may be added."""

    limits: UploadLimits
    files: list[FileOut]
    next_cursor: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class Home:
    """What waits for a learner: the course they were in last, and the others."""

    name: str
    current: OwnCourse | None
    shelf: list[OwnCourse] = field(default_factory=list)
    certificates: int = 0
