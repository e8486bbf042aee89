"""What the pages of a quiz show to its teachers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from studium.kit.http.pagination import Page
from studium.modules.analytics.schemas import QuizRow
from studium.modules.courses.schemas import CourseOut, LessonOut
from studium.modules.desk.schemas import ItemWaiting
from studium.modules.quizzes.schemas import QuestionOut, QuizOut
from studium.modules.quizzes.schemas_staff import AccommodationOut, ItemStatistics, QuizStatistics
from studium.web.teacher.quizzes.reasons import Reason
from studium.web.teacher.quizzes.typed import TYPES, Typed

_WEAK = 0.0
"""A discrimination below this says that those who know more answer worse: look at the key."""

_TITLE_MAX = 120


@dataclass(frozen=True, slots=True)
class Quizzes:
    """The quizzes of a course with how they go and what of them waits, and its quiz lessons that have none yet."""

    course: CourseOut
    quizzes: Sequence[QuizOut]
    empty: Sequence[LessonOut]
    fared: Mapping[UUID, QuizRow]
    waits: Mapping[UUID, ItemWaiting]


@dataclass(frozen=True, slots=True)
class Item:
    """A question with how it fared."""

    question: QuestionOut
    fared: ItemStatistics | None = None

    @property
    def title(self) -> str:
        """Its beginning, in one line."""
        words = " ".join(self.question.question_text.split())
        return words if len(words) <= _TITLE_MAX else f"{words[:_TITLE_MAX]}…"

    @property
    def is_answered(self) -> bool:
        """Whether figures say anything."""
        return self.fared is not None and self.fared.attempts > 0

    @property
    def is_doubtful(self) -> bool:
        """Whether those who did well elsewhere did worse here."""
        index = None if self.fared is None else self.fared.discrimination_index
        return index is not None and index < _WEAK

    def chosen(self, option: str) -> int | None:
        """How many per cent chose an option; None where nobody has answered."""
        if self.fared is None or not self.fared.attempts:
            return None
        count = next((one.count for one in self.fared.options if one.id == option), None)
        return None if count is None else round(100 * count / self.fared.attempts)


@dataclass(frozen=True, slots=True)
class QuizPage:
    """A quiz with its questions in order.

    `moved` has just been changed or moved, by the button `by`, which has the focus again; `is_rekeyed` says that a key
    was changed.
    """

    course: CourseOut
    quiz: QuizOut
    items: Sequence[Item]
    statistics: QuizStatistics
    allowed: Page[AccommodationOut]
    reasons: Sequence[Reason] = ()
    waits: ItemWaiting | None = None
    moved: str = ""
    by: str = ""
    is_rekeyed: bool = False

    kinds = property(lambda _: [kind.value for kind in TYPES])
    """The types that a question may have."""

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """A question's form; `item` is the question as it is saved, None for a new one."""

    course: CourseOut
    quiz: QuizOut
    typed: Typed
    item: Item | None = None
    reasons: Sequence[Reason] = field(default_factory=tuple)
    focus: str = ""
    is_stale: bool = False

    kinds = property(lambda _: [kind.value for kind in TYPES])
    """The types that a question may have."""

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)

    @property
    def place(self) -> str:
        """Where the form is sent."""
        return f"{self.root}/questions/{'new' if self.item is None else self.item.question.id}"

    @property
    def number(self) -> int:
        """The number of the question in its quiz."""
        return self.quiz.questions_count + 1 if self.item is None else self.item.question.order_index


def root_of(quiz: QuizOut) -> str:
    """The address of a quiz for its teachers."""
    return f"/teach/courses/{quiz.course_id}/quizzes/{quiz.id}"
