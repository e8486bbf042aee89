"""Reads the `quiz` block of a lesson."""

from decimal import Decimal

from pydantic import TypeAdapter

from studium.kit.http.schemas import MultilineText
from studium.models import MarksRelease, QuizType
from studium.modules.exchange.formats.own import fields as read
from studium.modules.exchange.formats.own.question_codecs import (
    ANSWER_KEYS,
    CODECS,
    MARKING_KEYS,
    QuestionCodec,
    codec_of,
    question_type_of,
)
from studium.modules.exchange.formats.own.yaml import Mapping, Node
from studium.modules.exchange.model.texts import (
    DEFAULT_ATTEMPTS,
    MAX_POINTS,
    MAX_QUESTIONS,
    JsonObject,
    QuestionText,
    QuizText,
)

QUIZ_KEYS = (
    "title", "description", "type", "passing_score", "time_limit_minutes", "max_attempts", "shuffle_questions",
    "shuffle_options", "show_correct_answers", "release", "questions",
)  # fmt: skip
QUESTION_KEYS = ("question", *ANSWER_KEYS, "points", *MARKING_KEYS, "explanation", "metadata")
_PARAGRAPHS: TypeAdapter[str] = TypeAdapter(MultilineText)


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
        release=_release(fields, quiz_type),
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


def _release(fields: Mapping, quiz_type: QuizType) -> MarksRelease:
    release = read.word(fields, "release", MarksRelease) or MarksRelease.AT_ONCE
    if quiz_type is QuizType.PRACTICE and release is MarksRelease.TOGETHER:
        reason = "release: a practice quiz shows its marks at once"
        raise fields.keys["release"].error(reason)
    return release


def _questions(fields: Mapping) -> tuple[QuestionText, ...]:
    node = fields.nodes.get("questions")
    if node is None:
        return ()
    nodes = read.items(node, "questions")
    if len(nodes) > MAX_QUESTIONS:
        reason = f"questions: more than {MAX_QUESTIONS}"
        raise node.place.error(reason)
    questions = tuple(_question(each) for each in nodes)
    if sum(each.points for each in questions) > MAX_POINTS:
        reason = f"questions: more than {MAX_POINTS} points in all"
        raise node.place.error(reason)
    return questions


def _question(node: Node) -> QuestionText:
    if not isinstance(node, Mapping):
        reason = "expected `- question: …`"
        raise node.place.error(reason)
    fields = node.only(QUESTION_KEYS)
    question_type = question_type_of(fields)
    codec = codec_of(question_type)
    return QuestionText(
        question_type=question_type,
        question_text=read.needed_text(fields, "question", _PARAGRAPHS),
        points=read.decimal(fields, "points", read.POINTS, Decimal(1)),
        options=codec.options(fields),
        correct_answer=codec.correct_answer(fields),
        explanation=read.text(fields, "explanation", _PARAGRAPHS),
        metadata=_metadata(fields, codec),
    )


def _metadata(fields: Mapping, codec: QuestionCodec) -> JsonObject:
    found = read.metadata(fields)
    for question_type, other in CODECS.items():
        for key in other.marking_keys:
            if key in fields.nodes and other is not codec:
                reason = f"{key}: only for a {question_type.value} question"
                raise fields.keys[key].error(reason)
    marking = codec.marking(fields)
    for key in codec.marking_of(marking | found):
        if key in found:
            reason = f"metadata: {key!r} is a key of the question itself"
            raise fields.keys["metadata"].error(reason)
    return marking | found
