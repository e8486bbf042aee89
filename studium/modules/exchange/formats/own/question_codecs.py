"""How each question type is written in the `quiz` block of a lesson: one codec each, found by `codec_of`."""

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Annotated

from pydantic import Field, TypeAdapter

from studium.kit.http.schemas import MultilineText
from studium.models import QuestionType
from studium.modules.exchange.formats.own import fields as read
from studium.modules.exchange.formats.own.yaml import Items, Mapping, Node, Scalar
from studium.modules.exchange.model.texts import JsonObject, OptionText, QuestionText
from studium.modules.quizzes.question_types.comparing import number_of

MIN_OPTIONS, MAX_OPTIONS = 2, 20
_OPTION: TypeAdapter[str] = TypeAdapter(Annotated[MultilineText, Field(max_length=2_000)])
_ANSWER: TypeAdapter[str] = TypeAdapter(Annotated[MultilineText, Field(max_length=2_000)])


class Scoring(StrEnum):
    """How a multiple-choice question with several right options is marked."""

    ALL_OR_NOTHING = "all_or_nothing"
    PARTIAL = "partial"


class Match(StrEnum):
    """How a short answer is compared with its key."""

    KEYWORDS = "keywords"
    EXACT = "exact"
    EXACT_TYPOGRAPHY = "exact_typography"
    NUMERIC = "numeric"


class QuestionCodec(ABC):
    """Reads and writes the keys of one question type. Readers raise CourseFormatError."""

    answer_key: str
    """The key that holds the answer, which tells the type where no other type has the same key."""

    example: str
    """How that key is written, for messages."""

    marking_keys: tuple[str, ...] = ()
    """Keys that only this type has, and that say how an answer is marked; they are stored in the metadata."""

    has_options = False

    def holds(self, fields: Mapping) -> bool:
        """Whether the value under the answer key is one of this type; raises where no type could have it."""
        del fields
        return True

    def options(self, fields: Mapping) -> tuple[OptionText, ...]:
        """The options, for a type that has some."""
        del fields
        return ()

    def correct_answer(self, fields: Mapping) -> str | None:
        """The key of a type whose answer is a text."""
        del fields
        return None

    def marking(self, fields: Mapping) -> JsonObject:
        """What the marking keys say."""
        del fields
        return {}

    def marking_of(self, metadata: JsonObject) -> JsonObject:
        """The part of the metadata that the marking keys can say; the rest is written as metadata."""
        del metadata
        return {}

    @abstractmethod
    def written(self, question: QuestionText) -> object:
        """The value under the answer key; None leaves the key out."""


class _MultipleChoice(QuestionCodec):
    answer_key = "options"
    example = "`options`"
    marking_keys = ("scoring",)
    has_options = True

    def options(self, fields: Mapping) -> tuple[OptionText, ...]:
        node = fields.nodes["options"]
        nodes = read.items(node, "options")
        if not MIN_OPTIONS <= len(nodes) <= MAX_OPTIONS:
            reason = f"options: expected {MIN_OPTIONS} to {MAX_OPTIONS}"
            raise node.place.error(reason)
        options = tuple(_option(each) for each in nodes)
        if not any(option.is_correct for option in options):
            reason = "options: none of them is `right`"
            raise node.place.error(reason)
        if len({option.text for option in options}) != len(options):
            reason = "options: two of them are the same"
            raise node.place.error(reason)
        return options

    def marking(self, fields: Mapping) -> JsonObject:
        scoring = read.word(fields, "scoring", Scoring)
        return {} if scoring is None else {"scoring": scoring.value}

    def marking_of(self, metadata: JsonObject) -> JsonObject:
        return {"scoring": metadata["scoring"]} if metadata.get("scoring") in list(Scoring) else {}

    def written(self, question: QuestionText) -> object:
        return [{"right" if each.is_correct else "wrong": each.text} for each in question.options] or None


class _TrueFalse(QuestionCodec):
    answer_key = "answer"
    example = "`answer`"

    def holds(self, fields: Mapping) -> bool:
        node = fields.nodes["answer"]
        return isinstance(node, Scalar) and isinstance(node.value(), bool)

    def correct_answer(self, fields: Mapping) -> str:
        return read.text_of(fields.nodes["answer"], "answer").lower()

    def written(self, question: QuestionText) -> object:
        return question.correct_answer == "true"


class _ShortAnswer(QuestionCodec):
    answer_key = "answer"
    example = "`answer`"
    marking_keys = ("match", "tolerance")

    def correct_answer(self, fields: Mapping) -> str:
        node = fields.nodes["answer"]
        alternatives = node.nodes if isinstance(node, Items) else [node]
        if not alternatives:
            reason = "answer: the list is empty"
            raise node.place.error(reason)
        return node.place.checked("answer", _ANSWER, "|".join(_alternative(each) for each in alternatives))

    def marking(self, fields: Mapping) -> JsonObject:
        marking: JsonObject = {}
        match = read.word(fields, "match", Match)
        if match is not None:
            marking["match"] = match.value
        if "tolerance" in fields.nodes:
            marking["tolerance"] = _tolerance(fields, match)
        if match is Match.NUMERIC:
            _numbers_only(fields.nodes["answer"])
        return marking

    def marking_of(self, metadata: JsonObject) -> JsonObject:
        known = {
            "match": metadata.get("match") in list(Match),
            "tolerance": metadata.get("match") == Match.NUMERIC and _is_tolerance(metadata.get("tolerance")),
        }
        return {key: metadata[key] for key, holds in known.items() if holds}

    def written(self, question: QuestionText) -> object:
        alternatives = [each.strip() for each in (question.correct_answer or "").split("|") if each.strip()]
        return alternatives[0] if len(alternatives) == 1 else alternatives


class _Essay(QuestionCodec):
    answer_key = "essay"
    example = "`essay: true`"

    def holds(self, fields: Mapping) -> bool:
        if read.flag(fields, "essay", default=False):
            return True
        reason = "essay: write `essay: true`, or give `options` or an `answer`"
        raise fields.keys["essay"].error(reason)

    def written(self, question: QuestionText) -> object:
        del question
        return True


CODECS: dict[QuestionType, QuestionCodec] = {
    QuestionType.MULTIPLE_CHOICE: _MultipleChoice(),
    QuestionType.TRUE_FALSE: _TrueFalse(),
    QuestionType.SHORT_ANSWER: _ShortAnswer(),
    QuestionType.ESSAY: _Essay(),
}
"""Of several that share an answer key, the first that holds its value is taken."""

ANSWER_KEYS = tuple(dict.fromkeys(codec.answer_key for codec in CODECS.values()))
MARKING_KEYS = tuple(key for codec in CODECS.values() for key in codec.marking_keys)


def codec_of(question_type: QuestionType) -> QuestionCodec:
    """The codec of a question type."""
    return CODECS[question_type]


def question_type_of(fields: Mapping) -> QuestionType:
    """Tell the type of a question from the one key that holds its answer."""
    given = [key for key in ANSWER_KEYS if key in fields.nodes]
    if len(given) != 1:
        *first, last = dict.fromkeys(codec.example for codec in CODECS.values())
        reason = f"a question needs exactly one of {', '.join(first)} and {last}"
        raise fields.place.error(reason)
    return next(name for name, codec in CODECS.items() if codec.answer_key == given[0] and codec.holds(fields))


def _option(node: Node) -> OptionText:
    if not isinstance(node, Mapping) or len(node.nodes) != 1 or not node.nodes.keys() <= {"right", "wrong"}:
        reason = "an option is written `- right: …` or `- wrong: …`"
        raise node.place.error(reason)
    ((mark, value),) = node.nodes.items()
    return OptionText(value.place.checked(mark, _OPTION, read.text_of(value, mark)), mark == "right")


def _alternative(node: Node) -> str:
    found = node.place.checked("answer", _ANSWER, read.text_of(node, "answer"))
    if "|" in found:
        reason = "answer: write alternatives as a list, `[one, two]`, without `|`"
        raise node.place.error(reason)
    return found


def _tolerance(fields: Mapping, match: Match | None) -> int | float:
    node = fields.nodes["tolerance"]
    value = node.value() if isinstance(node, Scalar) else None
    if match is Match.NUMERIC and isinstance(value, int | float) and _is_tolerance(value):
        return value
    reason = "tolerance: a number from 0, and only beside `match: numeric`"
    raise node.place.error(reason)


def _is_tolerance(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _numbers_only(node: Node) -> None:
    for each in node.nodes if isinstance(node, Items) else [node]:
        with each.place.blamed("answer"):
            if number_of(read.text_of(each, "answer")) is None:
                reason = "must be a number where `match` is numeric"
                raise ValueError(reason)
