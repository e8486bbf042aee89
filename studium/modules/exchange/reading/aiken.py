"""Reads files of questions in Aiken's format, as pasted text is read: see `pasting/lettered.py`."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import PurePath

from studium.models import QuestionType
from studium.modules.exchange.formats.gift.marks import NONCHARACTERS
from studium.modules.exchange.formats.gift.reader import text_of_file, unread
from studium.modules.exchange.formats.questions.parts import (
    FULL,
    Answer,
    Kind,
    Part,
    Question,
    Refused,
    RichText,
    TextFormat,
)
from studium.modules.exchange.formats.questions.questions import PARTS_MAX, question_set
from studium.modules.exchange.model.items import QuestionSet
from studium.modules.exchange.model.texts import CourseFormatError, QuestionText
from studium.modules.exchange.pasting.lettered import PlainFault
from studium.modules.exchange.pasting.plain import plain_questions

_HEAD = 65_536
_ANSWER = re.compile(
    r"^[^\S\n]*(?:ANSWER|(?:ال)?(?:إجابة|اجابة|جواب))\s?:\s*[A-Za-z\u0621-\u064a]\s*$", re.MULTILINE | re.IGNORECASE
)
_GIFT = re.compile(r"^[^\S\n]*(?:::|\$CATEGORY:)|(?<!\\)\{\s*(?:[=~#}]|T|F)", re.MULTILINE)
_NAME_MAX = 80
_KINDS = {
    QuestionType.MULTIPLE_CHOICE: Kind.CHOICE,
    QuestionType.TRUE_FALSE: Kind.TRUE_FALSE,
    QuestionType.SHORT_ANSWER: Kind.SHORT,
    QuestionType.ESSAY: Kind.ESSAY,
}


def is_aiken(data: bytes) -> bool:
    """Whether a text names the right answer in a line of its own, and has nothing that GIFT alone has."""
    is_wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    text = data[:_HEAD].decode("utf-16" if is_wide else "utf-8-sig", errors="replace").replace("\r", "\n")
    return _ANSWER.search(text) is not None and _GIFT.search(text) is None


def read_aiken(data: bytes, path: PurePath) -> QuestionSet:
    """Return the questions of a file, and the fate of everything in it. Nothing is raised."""
    try:
        text = text_of_file(data, path)
    except CourseFormatError as fault:
        return unread(path, fault.line, fault.reason)
    lines = NONCHARACTERS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return question_set(islice(_parts(lines), PARTS_MAX + 1), path)


def _parts(text: str) -> Iterator[Part]:
    lines = text.split("\n")
    for line, found in plain_questions(text):
        if isinstance(found, PlainFault):
            name = " ".join(lines[line - 1].split())[:_NAME_MAX]
            yield Refused(found.line, name, "part of the file", found.reason)
        else:
            yield _question(line, found)


def _question(line: int, found: QuestionText) -> Question:
    kind, right = _KINDS[found.question_type], sum(option.is_correct for option in found.options)
    share = FULL / max(right, 1)
    answers = [_answer(option.text, share if option.is_correct else -share) for option in found.options]
    if kind is Kind.SHORT:
        answers = [_answer(text, FULL) for text in (found.correct_answer or "").split("|")]
    return Question(
        kind=kind,
        line=line,
        stem=_plain(found.question_text),
        is_single=right == 1,
        is_true=found.correct_answer == "true",
        answers=tuple(answers),
        feedback=None if found.explanation is None else _plain(found.explanation),
        points=found.points,
    )


def _answer(text: str, weight: Decimal) -> Answer:
    """An answer that earns something or nothing; a wrong one costs only where several are right."""
    is_right = weight > 0
    return Answer(_plain(text), is_right, weight if is_right or weight > -FULL else Decimal(0))


def _plain(text: str) -> RichText:
    return RichText(text, TextFormat.PLAIN)
