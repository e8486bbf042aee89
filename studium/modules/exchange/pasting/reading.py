"""Reads pasted text, without a database: which form it has, its questions as they would be, and what is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from uuid import UUID

from studium.models import Quiz
from studium.modules.courses.errors import ImportRefused
from studium.modules.exchange.formats.gift.marks import NONCHARACTERS
from studium.modules.exchange.formats.gift.parts import gift_parts
from studium.modules.exchange.formats.questions.parts import Kind, Part, Question
from studium.modules.exchange.model.items import SCHEME
from studium.modules.exchange.model.texts import QuestionText
from studium.modules.exchange.model.wishes import question_wish
from studium.modules.exchange.pasting.lettered import PlainFault
from studium.modules.exchange.pasting.plain import plain_questions
from studium.modules.exchange.pasting.schemas import PastedOptionOut, PastedQuestionOut, PasteFaultOut, PasteFormat
from studium.modules.quizzes.authoring.actions_questions import new_question
from studium.modules.quizzes.errors import InvalidQuestion
from studium.modules.quizzes.schemas import MAX_QUESTIONS, QuestionCreate

_LABEL = PurePath("text")
_IS_GIFT = re.compile(r"^[^\S\n]*(?:::|\$CATEGORY:)|(?<!\\)\{[^{}]*\}", re.MULTILINE)
_IS_PLAIN = re.compile(r"^[^\S\n]*(?:[*-]\s|ANSWER:[^\S\n]*[A-Z][^\S\n]*$)", re.MULTILINE | re.IGNORECASE)
_NAME_MAX = 80

NOTHING = "There is no question in it."
PICTURE = "A picture that is written into the text cannot be pasted; upload it as a file first."
TOO_MANY = f"A quiz holds at most {MAX_QUESTIONS} questions."


@dataclass
class Pasted:
    """What was read: questions, and the requests that would add them, in the same order; and what is none."""

    format: PasteFormat
    questions: list[PastedQuestionOut] = field(default_factory=list)
    wishes: list[QuestionCreate] = field(default_factory=list)
    faults: list[PasteFaultOut] = field(default_factory=list)

    def refuse(self, line: int, name: str, reason: str) -> None:
        """Note what cannot be taken over."""
        self.faults.append(PasteFaultOut(line=line, name=" ".join(name.split())[:_NAME_MAX], reason=reason))

    def take(self, line: int, question: QuestionText, notes: list[str]) -> None:
        """Hold a question against the rules of the API, and take it or say why not."""
        try:
            wish = question_wish(question, 1, "")
            new_question(_ANY_QUIZ, wish, 1)
        except InvalidQuestion as invalid:
            self.refuse(line, question.question_text, invalid.detail)
        except ImportRefused as refused:
            self.refuse(line, question.question_text, refused.detail.partition(": ")[2] or refused.detail)
        else:
            self.wishes.append(wish)
            self.questions.append(_out(line, wish, question, notes))


_ANY_QUIZ = Quiz(id=UUID(int=0))
"""Rules about a single question do not ask which quiz it is in."""


def format_of(text: str) -> PasteFormat:
    """GIFT where there are braces or titles and no line is an answer of the plain form, or of Aiken's."""
    return PasteFormat.GIFT if _IS_GIFT.search(text) and not _IS_PLAIN.search(text) else PasteFormat.PLAIN


def read_pasted(text: str, wanted: PasteFormat | None) -> Pasted:
    """Read a text; what is in it and cannot be taken over is a fault with its line."""
    lines = NONCHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    pasted = Pasted(wanted or format_of(lines))
    if pasted.format is PasteFormat.GIFT:
        _read_gift(lines, pasted)
    else:
        for line, found in islice(plain_questions(lines), MAX_QUESTIONS + 1):
            if isinstance(found, PlainFault):
                pasted.refuse(found.line, "", found.reason)
            else:
                pasted.take(line, found, [])
    if len(pasted.wishes) > MAX_QUESTIONS:
        pasted.refuse(pasted.questions[-1].line, "", TOO_MANY)
    if not pasted.wishes and not pasted.faults:
        pasted.refuse(1, "", NOTHING)
    return pasted


def _read_gift(text: str, pasted: Pasted) -> None:
    # A server that only runs never loads what reads markup.
    from studium.modules.exchange.formats.questions.questions import question_set  # noqa: PLC0415 -- see above.

    for part, category in islice(_parts(text), MAX_QUESTIONS + 1):
        found = question_set([*category, part], _LABEL)
        report = found.report[-1]
        if not found.questions:
            pasted.refuse(part.line, report.name, report.why)
        elif SCHEME in repr(found.questions[0]) and found.files:
            pasted.refuse(part.line, report.name, PICTURE)
        else:
            pasted.take(part.line, found.questions[0], [report.why] if report.why else [])


def _parts(text: str) -> Iterator[tuple[Part, list[Part]]]:
    """Every part that is no category, with the category that it stands in."""
    category: list[Part] = []
    for part in gift_parts(text):
        if isinstance(part, Question) and part.kind is Kind.CATEGORY:
            category = [part]
        else:
            yield part, category


def _out(line: int, wish: QuestionCreate, question: QuestionText, notes: list[str]) -> PastedQuestionOut:
    options = [PastedOptionOut(text=one.text, is_correct=one.is_correct) for one in wish.options or ()]
    return PastedQuestionOut(
        line=line,
        question_text=wish.question_text,
        question_type=wish.question_type,
        points=question.points,
        options=options or None,
        correct_answer=wish.correct_answer,
        explanation=wish.explanation,
        metadata=wish.metadata,
        notes=notes,
    )
