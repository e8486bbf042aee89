"""The questions of Moodle's two text formats, GIFT and XML, as they are written: nothing is decided about them yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

FULL = Decimal(100)
ZERO = Decimal(0)
ANYTHING = "*"
"""The answer that every text and every number fits."""
TEXTLESS = "an answer without a text is left out"


class TextFormat(StrEnum):
    """How a text is marked up. `moodle` is plain text in which simple HTML may stand."""

    MOODLE = "moodle"
    HTML = "html"
    PLAIN = "plain"
    MARKDOWN = "markdown"


class Kind(StrEnum):
    """What a question is, in words that a report can use."""

    CATEGORY = "category"
    DESCRIPTION = "description"
    CHOICE = "multiple-choice question"
    TRUE_FALSE = "true/false question"
    SHORT = "short-answer question"
    NUMERICAL = "numerical question"
    MATCHING = "matching question"
    ESSAY = "essay question"


@dataclass(frozen=True)
class RichText:
    """A text, how it is marked up, and the files that came with it by the path that the text calls them by."""

    text: str
    format: TextFormat = TextFormat.MOODLE
    files: Mapping[str, bytes] = field(default_factory=dict)


NO_TEXT = RichText("")


@dataclass(frozen=True)
class Answer:
    """An answer or option. `weight` is percent of the marks, None where it is not written.

    The text of a numerical answer is `number`, `number:tolerance` or `low..high`.
    """

    text: RichText
    is_right: bool
    weight: Decimal | None = None
    feedback: RichText | None = None

    @property
    def percent(self) -> Decimal:
        """What choosing it earns: its weight, else all or nothing."""
        if self.weight is not None:
            return self.weight
        return FULL if self.is_right else ZERO

    @property
    def number(self) -> str:
        """A numerical answer as a report or an explanation names it."""
        value, _, tolerance = (each.strip() for each in self.text.text[:80].partition(":"))
        return value if tolerance in {"", "0"} else f"{value} ± {tolerance}"


@dataclass(frozen=True)
class Pair:
    """What is to be matched with what; the first may be empty, then the second only distracts."""

    question: RichText
    answer: str


@dataclass(frozen=True)
class Question:
    """A question of any kind, or a category, which has nothing but a title.

    `has_gap` says that the answer belongs where the text has a gap, `is_single` that only one option may be chosen.
    `remarks` are the two feedbacks of a true/false question in the order of the file. `losses` are what reading it
    cost, in words for the report.
    """

    kind: Kind
    line: int
    title: str | None = None
    stem: RichText = NO_TEXT
    has_gap: bool = False
    is_single: bool = True
    is_true: bool | None = None
    answers: tuple[Answer, ...] = ()
    remarks: tuple[RichText | None, ...] = ()
    pairs: tuple[Pair, ...] = ()
    feedback: RichText | None = None
    external_id: str | None = None
    tags: tuple[str, ...] = ()
    points: Decimal = Decimal(1)
    grader_info: RichText | None = None
    losses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A piece of the file that is no question that could be read."""

    line: int
    name: str
    what: str
    why: str


Part = Question | Refused


def filled(question: Question, answers: Iterable[Answer]) -> Question:
    """The question with those answers that have a text, as Moodle does; one without that says something is named."""
    found = tuple(answers)
    kept = tuple(answer for answer in found if answer.text.text)
    is_lost = any(not each.text.text and (each.weight or each.feedback) for each in found)
    return replace(question, answers=kept, losses=question.losses + (TEXTLESS,) * is_lost)


class Unreadable(ValueError):
    """Why a question cannot be read, or cannot be held by any of our types."""
