"""What the pages about a course's learners show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from studium.kit.http.pagination import Page
from studium.modules.certificates.schemas import CertificateOut
from studium.modules.courses.schemas import CourseOut, LessonOut
from studium.modules.enrollments.arrivals.schemas import EnrolledPeopleOut, InvitationOut, JoinCodeOut
from studium.modules.enrollments.schemas import EnrollmentLessonOut, EnrollmentOut, EnrollmentStatsOut, RosterEntryOut
from studium.modules.quizzes.attempts.schemas import HeldEnrollmentAttemptOut
from studium.modules.quizzes.schemas_staff import AllowedOut

SILENT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a course, narrowed by `query`."""

    course: CourseOut
    query: Mapping[str, object]
    stats: EnrollmentStatsOut
    lessons: Sequence[LessonOut]
    found: Page[RosterEntryOut]
    silent: int
    is_first: bool

    def at(self, part: str = "", **changes: object) -> str:
        """The roster, or a part of it, under the same filters but for these changes."""
        asked = urlencode({name: value for name, value in {**self.query, **changes}.items() if value})
        return f"/teach/courses/{self.course.id}/learners{part}{f'?{asked}' if asked else ''}"

    @property
    def is_narrowed(self) -> bool:
        """Whether there is any filter."""
        return any(self.query.values())


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner of a course: what was done, and what is allowed."""

    course: CourseOut
    enrollment: EnrollmentOut
    lessons: Sequence[EnrollmentLessonOut]
    attempts: Page[HeldEnrollmentAttemptOut]
    certificate: CertificateOut | None
    allowed: Sequence[AllowedOut]
    may_revoke: bool

    @property
    def root(self) -> str:
        """The address of the page."""
        return f"/teach/courses/{self.course.id}/learners/{self.enrollment.id}"


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is about to happen to several learners: their names, and what their enrollments become."""

    course: CourseOut
    chosen: Sequence[EnrollmentOut]
    step: str
    left_out: int
    allowed: Sequence[AllowedOut] = ()


@dataclass(frozen=True, slots=True)
class Enrolling:
    """People to enroll by a list, and what would become of each."""

    course: CourseOut
    typed: str = ""
    notify: bool = True
    plan: EnrolledPeopleOut | None = None


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Open invitations and join codes."""

    course: CourseOut
    invitations: Page[InvitationOut]
    codes: Page[JoinCodeOut]
    is_first: bool
    base: str

    def join_link(self, code: str) -> str:
        """Where a code is typed already."""
        return f"{self.base}/join?code={code}"


@dataclass(frozen=True, slots=True)
class Joining:
    """The code that a link brought along."""

    code: str


def ids_of(texts: Sequence[str]) -> list[UUID]:
    """The ids of checkboxes; what is none is left out."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
