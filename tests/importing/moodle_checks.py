"""What every set of questions must be, whatever it was read from."""

import re
from html import unescape

from pydantic import TypeAdapter

from studium.kit.text.markdown import markdown_to_html
from studium.models import QuestionType
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, QuestionSet
from studium.modules.exchange.model.texts import QuestionText
from studium.modules.quizzes.question_types import key_errors as faults
from studium.modules.quizzes.schemas import QuestionCreate

_CREATE = TypeAdapter(QuestionCreate)


class _Keyed:
    """A question in the shape in which the quizzes check it."""

    def __init__(self, question: QuestionText) -> None:
        self.question_type = question.question_type
        self.options = [{"text": each.text, "is_correct": each.is_correct} for each in question.options] or None
        self.correct_answer = question.correct_answer
        self.question_metadata = question.metadata


def assert_sound(found: QuestionSet) -> None:
    """Every question may be written through the API and marked; every line of the report says what it must."""
    for question in found.questions:
        keyed = _Keyed(question)
        assert faults(keyed) == []
        body = {
            "question_text": question.question_text,
            "question_type": question.question_type.value,
            "points": float(question.points),
            "explanation": question.explanation,
            "options": keyed.options,
            "correct_answer": question.correct_answer,
            "metadata": question.metadata,
        }
        _CREATE.validate_python({key: value for key, value in body.items() if value is not None})
        assert question.question_type is not QuestionType.MULTIPLE_CHOICE or question.correct_answer is None
    for item in found.report:
        assert re.fullmatch(r".+:[1-9][0-9]*", item.place)
        assert item.what
        assert bool(item.why) == (item.fate is not ImportOutcome.IMPORTED)
    kept = [each for each in found.report if each.fate is not ImportOutcome.SKIPPED and each.what != "category"]
    assert len(kept) == len(found.questions)


def fates(found: QuestionSet) -> list[tuple[ImportOutcome, int, str]]:
    """The fate of everything in the file, with its line and the reason."""
    return [(each.fate, line_of(each), each.why) for each in found.report]


def line_of(item: ImportReportEntry) -> int:
    return int(item.place.rpartition(":")[2])


def shown(markdown: str) -> str:
    """The words that a reader of the Markdown sees."""
    return words(unescape(re.sub("<[^<>]*>", "", markdown_to_html(markdown))))


def words(text: str) -> str:
    return " ".join(text.split())
