"""Reads the `quiz` block of a lesson."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, TypeAdapter

from studium.kit.schema import Paragraphs
from studium.models import QuestionType, QuizType
from studium.modules.courses import course_fields as read
from studium.modules.courses.course_text import (
    DEFAULT_ATTEMPTS,
    MAX_POINTS,
    MAX_QUESTIONS,
    JsonObject,
    OptionText,
    QuestionText,
    QuizText,
)
from studium.modules.courses.course_yaml import Items, Mapping, Node, Scalar
from studium.modules.quizzes.comparing import number_of

QUIZ_KEYS = (
    "title", "description", "type", "passing_score", "time_limit_minutes", "max_attempts", "shuffle_questions",
    "shuffle_options", "show_correct_answers", "questions",
)  # fmt: skip
QUESTION_KEYS = (
    "question", "options", "answer", "essay", "points", "scoring", "match", "tolerance", "explanation", "metadata",
)  # fmt: skip
MIN_OPTIONS, MAX_OPTIONS = 2, 20
_PARAGRAPHS: TypeAdapter[str] = TypeAdapter(Paragraphs)
_OPTION: TypeAdapter[str] = TypeAdapter(Annotated[Paragraphs, Field(max_length=2_000)])
_ANSWER: TypeAdapter[str] = TypeAdapter(Annotated[Paragraphs, Field(max_length=2_000)])


class Scoring(StrEnum):
    """How a multiple-choice question with several right options is marked."""

    ALL_OR_NOTHING = "all_or_nothing"
    PARTIAL = "partial"


class Match(StrEnum):
    """How a short answer is compared with its key."""

    KEYWORDS = "keywords"
    EXACT = "exact"
    NUMERIC = "numeric"


def quiz_of(fields: Mapping, lesson_title: str) -> QuizText:
    """Return the quiz in `fields`; it is called as its lesson unless it has a title. Raises CourseFormatError."""
    fields.only(QUIZ_KEYS)
    quiz_type = read.word(fields, "type", QuizType) or QuizType.GRADED
    return QuizText(
        title=read.text(fields, "title", read.TITLE) or lesson_title,
        description=read.text(fields, "description", _PARAGRAPHS),
        quiz_type=quiz_type,
        passing_score=read.decimal(fields, "passing_score", read.PERCENT, Decimal(70)),
        time_limit_minutes=read.whole(fields, "time_limit_minutes", 1, 1_440),
        max_attempts=_attempts(fields, quiz_type),
        shuffle_questions=read.flag(fields, "shuffle_questions", default=True),
        shuffle_options=read.flag(fields, "shuffle_options", default=True),
        show_correct_answers=read.flag(fields, "show_correct_answers", default=True),
        questions=_questions(fields),
    )


def _attempts(fields: Mapping, quiz_type: QuizType) -> int | None:
    limit = read.whole(fields, "max_attempts", 1, 100)
    if quiz_type is QuizType.GRADED:
        return limit or DEFAULT_ATTEMPTS
    if limit is not None:
        reason = "max_attempts: a practice quiz may be taken without limit"
        raise fields.keys["max_attempts"].error(reason)
    return None


def _questions(fields: Mapping) -> tuple[QuestionText, ...]:
    node = fields.nodes.get("questions")
    if node is None:
        return ()
    nodes = _list(node, "questions")
    if len(nodes) > MAX_QUESTIONS:
        reason = f"questions: more than {MAX_QUESTIONS}"
        raise node.place.error(reason)
    questions = tuple(_question(each) for each in nodes)
    if sum(each.points for each in questions) > MAX_POINTS:
        reason = f"questions: more than {MAX_POINTS} points in all"
        raise node.place.error(reason)
    return questions


def _list(node: Node, what: str) -> list[Node]:
    if not isinstance(node, Items):
        reason = f"{what}: expected a list of lines that begin with `-`"
        raise node.place.error(reason)
    return node.nodes


def _question(node: Node) -> QuestionText:
    if not isinstance(node, Mapping):
        reason = "expected `- question: …`"
        raise node.place.error(reason)
    fields = node.only(QUESTION_KEYS)
    kind = _kind(fields)
    return QuestionText(
        question_type=kind,
        question_text=read.needed_text(fields, "question", _PARAGRAPHS),
        points=read.decimal(fields, "points", read.POINTS, Decimal(1)),
        options=_options(fields.nodes["options"]) if kind is QuestionType.MULTIPLE_CHOICE else (),
        correct_answer=_key(fields, kind),
        explanation=read.text(fields, "explanation", _PARAGRAPHS),
        metadata=_metadata(fields, kind),
    )


def _kind(fields: Mapping) -> QuestionType:
    """Tell the type of a question from the one key that holds its answer."""
    given = [key for key in ("options", "answer", "essay") if key in fields.nodes]
    if len(given) != 1:
        reason = "a question needs exactly one of `options`, `answer` and `essay: true`"
        raise fields.place.error(reason)
    if given == ["options"]:
        return QuestionType.MULTIPLE_CHOICE
    if given == ["essay"]:
        return _essay(fields)
    answer = fields.nodes["answer"]
    is_boolean = isinstance(answer, Scalar) and isinstance(answer.value(), bool)
    return QuestionType.TRUE_FALSE if is_boolean else QuestionType.SHORT_ANSWER


def _essay(fields: Mapping) -> QuestionType:
    if not read.flag(fields, "essay", default=False):
        reason = "essay: write `essay: true`, or give `options` or an `answer`"
        raise fields.keys["essay"].error(reason)
    return QuestionType.ESSAY


def _options(node: Node) -> tuple[OptionText, ...]:
    nodes = _list(node, "options")
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


def _option(node: Node) -> OptionText:
    if not isinstance(node, Mapping) or len(node.nodes) != 1 or not node.nodes.keys() <= {"right", "wrong"}:
        reason = "an option is written `- right: …` or `- wrong: …`"
        raise node.place.error(reason)
    ((mark, value),) = node.nodes.items()
    return OptionText(value.place.checked(mark, _OPTION, read.text_of(value, mark)), mark == "right")


def _key(fields: Mapping, kind: QuestionType) -> str | None:
    if kind in {QuestionType.MULTIPLE_CHOICE, QuestionType.ESSAY}:
        return None
    node = fields.nodes["answer"]
    if kind is QuestionType.TRUE_FALSE:
        return read.text_of(node, "answer").lower()
    alternatives = node.nodes if isinstance(node, Items) else [node]
    if not alternatives:
        reason = "answer: the list is empty"
        raise node.place.error(reason)
    return node.place.checked("answer", _ANSWER, "|".join(_alternative(each) for each in alternatives))


def _alternative(node: Node) -> str:
    found = node.place.checked("answer", _ANSWER, read.text_of(node, "answer"))
    if "|" in found:
        reason = "answer: write alternatives as a list, `[one, two]`, without `|`"
        raise node.place.error(reason)
    return found


def marking_of(kind: QuestionType, metadata: JsonObject) -> JsonObject:
    """Return the part of a question's metadata that says how its answer is marked, as keys of the question itself."""
    if kind is QuestionType.MULTIPLE_CHOICE:
        known = {"scoring": metadata.get("scoring") in list(Scoring)}
    elif kind is QuestionType.SHORT_ANSWER:
        numeric = metadata.get("match") == Match.NUMERIC
        known = {
            "match": metadata.get("match") in list(Match),
            "tolerance": numeric and is_tolerance(metadata.get("tolerance")),
        }
    else:
        known = {}
    return {key: metadata[key] for key, holds in known.items() if holds}


def is_tolerance(value: object) -> bool:
    """Tell whether the value is a number of at least 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _metadata(fields: Mapping, kind: QuestionType) -> JsonObject:
    found = read.metadata(fields)
    marking = _marking(fields, kind)
    for key in marking_of(kind, marking | found):
        if key in found:
            reason = f"metadata: {key!r} is a key of the question itself"
            raise fields.keys["metadata"].error(reason)
    return marking | found


def _marking(fields: Mapping, kind: QuestionType) -> JsonObject:
    """Return how the answer is marked, each key only where it means something."""
    belongs = {"scoring": QuestionType.MULTIPLE_CHOICE, "match": QuestionType.SHORT_ANSWER}
    for key, wanted in belongs.items():
        if key in fields.nodes and kind is not wanted:
            reason = f"{key}: only for a {wanted.value} question"
            raise fields.keys[key].error(reason)
    marking: JsonObject = {}
    if (scoring := read.word(fields, "scoring", Scoring)) is not None:
        marking["scoring"] = scoring.value
    match = read.word(fields, "match", Match)
    if match is not None:
        marking["match"] = match.value
    if "tolerance" in fields.nodes:
        marking["tolerance"] = _tolerance(fields, match)
    if match is Match.NUMERIC:
        _numbers_only(fields.nodes["answer"])
    return marking


def _tolerance(fields: Mapping, match: Match | None) -> int | float:
    node = fields.nodes["tolerance"]
    value = node.value() if isinstance(node, Scalar) else None
    if match is Match.NUMERIC and isinstance(value, int | float) and is_tolerance(value):
        return value
    reason = "tolerance: a number from 0, and only beside `match: numeric`"
    raise node.place.error(reason)


def _numbers_only(node: Node) -> None:
    for each in node.nodes if isinstance(node, Items) else [node]:
        with each.place.blamed("answer"):
            if number_of(read.text_of(each, "answer")) is None:
                reason = "must be a number where `match` is numeric"
                raise ValueError(reason)
