"""Reads questions in the plain text form: an empty line ends a question, and a sign begins each line below its text.

    Which of these are primes? [2]
    * 2
    * 3
    - 4
    ! One has to be greater than 1.

`*` is a right answer, `-` a wrong one, `=` a text that is right (`= true` and `= false` make it a statement), `!` the
explanation. Without answers it is an essay. `[2]` at the end of the question are its points. Lettered answers and
Aiken's format become these signs (`lettered.py`).
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from studium.models import QuestionType
from studium.modules.exchange.model.texts import OptionText, QuestionText
from studium.modules.exchange.pasting.lettered import ANSWERS_FIRST, Line, PlainFault, question_blocks, signed

_NUMBER = re.compile(r"\d{1,3}[.)]\s+")
_POINTS = re.compile(r"\[(\d{1,3}(?:\.\d{1,2})?)\]$")
_TRUTHS = {"true": "true", "false": "false", "صح": "true", "صحيح": "true", "خطأ": "false", "خاطئ": "false"}
_RIGHT, _WRONG, _KEY, _REMARK = "*", "-", "=", "!"
SIGNS = (_RIGHT, _WRONG, _KEY, _REMARK)

AFTER = "Below the answers only answers and explanations may stand; an empty line ends a question."
BOTH = "A question has either answers to choose from or right texts, not both."


def plain_questions(text: str) -> Iterator[tuple[int, QuestionText | PlainFault]]:
    """Yield each question with the line that it begins at, or why it is none."""
    for block in question_blocks(text):
        lines = signed(block)
        yield block[0][0], lines if isinstance(lines, PlainFault) else _read(lines)


def _read(block: list[Line]) -> QuestionText | PlainFault:
    stem: list[str] = []
    found: dict[str, list[str]] = {sign: [] for sign in SIGNS}
    options = []
    for number, line in block:
        sign, words = _sign(line)
        if sign and not stem:
            return PlainFault(number, ANSWERS_FIRST)
        if sign:
            found[sign].append(words)
            if sign in {_RIGHT, _WRONG}:
                options.append(OptionText(words, sign == _RIGHT))
        elif any(found.values()):
            return PlainFault(number, AFTER)
        else:
            stem.append(line)
    if options and found[_KEY]:
        return PlainFault(block[0][0], BOTH)
    return _question(stem, tuple(options), found[_KEY], "\n".join(found[_REMARK]))


def _sign(line: str) -> tuple[str, str]:
    """The sign that a line begins with, a space after it, and its words; an empty sign for any other line."""
    sign, space, words = line[:1], line[1:2], line[2:].strip()
    return (sign, words) if sign in SIGNS and (space.isspace() or not space) else ("", line)


def _question(stem: list[str], options: tuple[OptionText, ...], keys: list[str], explanation: str) -> QuestionText:
    text = _NUMBER.sub("", "\n".join(stem), count=1) if _NUMBER.match(stem[0]) else "\n".join(stem)
    points = _POINTS.search(text)
    truth = _TRUTHS.get(keys[0].casefold()) if len(keys) == 1 else None
    kind = (
        QuestionType.MULTIPLE_CHOICE
        if options
        else QuestionType.TRUE_FALSE
        if truth
        else QuestionType.SHORT_ANSWER
        if keys
        else QuestionType.ESSAY
    )
    return QuestionText(
        question_type=kind,
        question_text=text[: points.start()].rstrip() if points else text,
        points=Decimal(points[1]) if points else Decimal(1),
        options=options,
        correct_answer=truth or "|".join(keys) or None,
        explanation=explanation or None,
    )
