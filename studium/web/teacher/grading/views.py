"""What the grading desk shows: the queue, one piece of work, the marks of a quiz, one's own comments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from studium.kit.db.prepared import Record
from studium.kit.http.pagination import Page
from studium.modules.courses.schemas import CourseOut
from studium.modules.desk.schemas import CommentOut, GradingSummary, ItemWaiting, WaitingOut
from studium.modules.quizzes.attempts.schemas import HeldAttemptOut
from studium.modules.quizzes.schemas import QuizOut
from studium.web.learner.views_quizzes import Ask, Place
from studium.web.teacher.grading.marks import Standing

HALVES_UP_TO, ONES_UP_TO = 4, 10
_HALF, _WHOLE = Decimal("0.5"), Decimal(1)


QUEUE = "/teach/grading"


def address(query: Mapping[str, object], piece: object = None, **changes: object) -> str:
    """The queue, or a piece of it, under these filters."""
    asked = urlencode({name: value for name, value in {**query, **changes}.items() if value})
    return f"{QUEUE}{f'/{piece}' if piece else ''}{f'?{asked}' if asked else ''}"


def figure(number: Decimal | float | None) -> str:
    """A number of points as it is typed: no zeros at its end."""
    return "" if number is None else f"{Decimal(str(number)).normalize():f}"


def steps(most: Decimal) -> list[str]:
    """The points that have a button: by halves for few, by ones for some, none and all for many."""
    step = _HALF if most <= HALVES_UP_TO else _WHOLE if most <= ONES_UP_TO else most
    return [figure(step * count) for count in range(int(most / step) + 1)]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, narrowed by `query`; `essays` are the questions of the quiz that it is narrowed to."""

    query: Mapping[str, object]
    summary: GradingSummary
    found: Page[WaitingOut]
    essays: Sequence[Record]
    is_first: bool

    def at(self, piece: object = None, **changes: object) -> str:
        """The queue, or a piece of it, under the same filters but for these changes."""
        return address(self.query, piece, **changes)

    @property
    def items(self) -> list[ItemWaiting]:
        """The quizzes of the course that it is narrowed to, or of all courses."""
        wanted = str(self.query["course_id"] or "")
        return [one for each in self.summary.courses if wanted in {"", str(each.course.id)} for one in each.items]

    def course_of(self, item: ItemWaiting) -> UUID:
        """The course of a quiz."""
        return next(each.course.id for each in self.summary.courses if item in each.items)


@dataclass(frozen=True, slots=True)
class Marking:
    """A question to be marked: as it was answered, the mark that it has, and what was typed instead."""

    ask: Ask
    stands: Standing
    points: str
    feedback: str
    is_asked: bool
    guidance: str | None = None

    @property
    def most(self) -> Decimal:
        """All its points."""
        return Decimal(str(self.ask.points))

    @property
    def words(self) -> int:
        """How many words the answer has."""
        return len(self.ask.text.split())

    @property
    def steps(self) -> list[str]:
        """The points that have a button."""
        return steps(self.most)


@dataclass(frozen=True, slots=True)
class Desk:
    """One piece of work, what comes after it, and one's own comments."""

    query: Mapping[str, object]
    place: Place
    course_id: UUID
    student: str
    attempt: Mapping[str, Any]
    markings: Sequence[Marking]
    whole: str
    after: Page[WaitingOut]
    comments: Sequence[CommentOut]
    used: Sequence[str] = field(default_factory=list)
    is_changed: bool = False
    """Whether another grader has given other marks than those that were typed over."""

    def at(self, piece: object = None, **changes: object) -> str:
        """The queue, or a piece of it, under the same filters but for these changes."""
        return address(self.query, piece, **changes)

    @property
    def short(self) -> str:
        """What the piece is called where names are hidden."""
        return short_of(self.attempt["id"])

    @property
    def is_anonymous(self) -> bool:
        """Whether names are hidden."""
        return self.query["names"] == "hidden"

    @property
    def essays(self) -> int:
        """How many of all questions are shown to be marked."""
        return sum(marking.is_asked for marking in self.markings)


def short_of(attempt_id: object) -> str:
    """A name for a piece that says nothing of its learner."""
    return str(attempt_id)[-4:].upper()


@dataclass(frozen=True, slots=True)
class QuizMarks:
    """Everybody's attempts at a quiz, and how many marks wait: for a grader, and for their release."""

    course: CourseOut
    quiz: QuizOut
    found: Page[HeldAttemptOut]
    waits: ItemWaiting | None
    state: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Bank:
    """One's own comments."""

    found: Page[CommentOut]
    is_first: bool
