"""What a question type defines: how its key and answers are checked, how it is marked, what learners see of it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from studium.models import QuestionType

ZERO = Decimal(0)
Option = Mapping[str, object]


class Keyed(Protocol):
    """A question with its key."""

    @property
    def options(self) -> Sequence[Option] | None: ...  # noqa: D102 -- see the class.
    @property
    def correct_answer(self) -> str | None: ...  # noqa: D102 -- see the class.
    @property
    def question_metadata(self) -> Mapping[str, object] | None: ...  # noqa: D102 -- see the class.


class KeyQuestion(NamedTuple):
    """A question as an attempt is marked by it: all that its learner may not see. Ids are texts, as JSON has them."""

    question_id: str
    question_type: QuestionType
    points: Decimal
    option_ids: tuple[str, ...] = ()
    correct_ids: frozenset[str] = frozenset()
    correct_answer: str | None = None
    explanation: str | None = None
    metadata: Mapping[str, Any] = {}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "KeyQuestion":
        """Read what `to_json` gave."""
        kind, points = QuestionType(stored["question_type"]), Decimal(stored["points"])
        options = {"option_ids": tuple(stored["option_ids"]), "correct_ids": frozenset(stored["correct_ids"])}
        return cls(**{**stored, **options, "question_type": kind, "points": points})

    def to_json(self) -> dict[str, object]:
        """The form in which it is stored: points as text, so that no digit is lost."""
        lists = {"option_ids": list(self.option_ids), "correct_ids": self.correct_in_order()}
        return {**self._asdict(), "points": str(self.points), **lists}

    def correct_in_order(self) -> list[str]:
        """The ids of the correct options, in the order of the options."""
        return [option_id for option_id in self.option_ids if option_id in self.correct_ids]


class Answer(NamedTuple):
    """What a learner gave to one question. `_asdict` is the form in which it is stored and shown."""

    question_id: str
    selected_option_ids: Sequence[str] = ()
    answer_text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not self.selected_option_ids and not self.answer_text.strip()


class Selection(StrEnum):
    """How many options an answer may select."""

    SINGLE = "single"
    MULTIPLE = "multiple"


class QuestionKind(ABC):
    """The behaviour of one question type. All figures are Decimal; every method is a pure function."""

    is_graded_by_hand = False
    """Whether a person awards the points."""

    takes_words = False
    """Whether an answer is in the learner's own words."""

    counted_texts: Collection[str] = ()
    """The texts, normalized, of which the statistics count how often they were given."""

    @abstractmethod
    def key_errors(self, question: Keyed) -> list[str]:
        """Why the question cannot be marked; empty where it can."""

    @abstractmethod
    def answer_error(self, question: KeyQuestion, answer: Answer) -> str | None:
        """Why an answer does not fit the question, without its content; None where it does."""

    @abstractmethod
    def points(self, question: KeyQuestion, answer: Answer) -> Decimal | None:
        """The points of an answer that is not empty; None where a person awards them."""

    def selection(self, question: KeyQuestion) -> Selection | None:
        """How many options an answer may select; None where there are none to select."""
        del question
        return None

    def statistics_options(self, question: Keyed) -> Sequence[Option]:
        """What the statistics count: rows of `id`, `text`, `is_correct`."""
        return question.options or ()

    def accepts_key(self, correct_ids: frozenset[str]) -> bool:
        """Whether a regrade may give an attempt the key of now: these of its options are right by it."""
        del correct_ids
        return True


class TextKind(QuestionKind):
    """What the types have in common whose answer is a text."""

    takes_words = True

    def answer_error(self, question: KeyQuestion, answer: Answer) -> str | None:
        """Options cannot be selected; the text is checked by `text_error`."""
        del question
        if answer.selected_option_ids:
            return "selects options, but the question takes a text"
        return self.text_error(answer.answer_text)

    @abstractmethod
    def text_error(self, text: str) -> str | None:
        """Why a text is no answer."""


def without_options(question: Keyed) -> list[str]:
    """The error of a question that has options and is no choice."""
    return ["Only multiple-choice questions have options."] if question.options else []


def length_error(text: str, longest: int) -> str | None:
    """The error of a text that is longer than `longest` characters."""
    return f"is longer than {longest} characters" if len(text) > longest else None
