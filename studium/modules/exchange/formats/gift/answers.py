"""Reads what stands between the braces of a GIFT question: it says what kind of question it is, and its answers."""

import re
from dataclasses import replace

from studium.modules.exchange.formats.gift.marks import optional_text, rich_text, show_escapes, weight_of
from studium.modules.exchange.formats.questions.parts import (
    Answer,
    Kind,
    Pair,
    Question,
    RichText,
    TextFormat,
    Unreadable,
    filled,
)

ANSWERS_MAX = 1_000
_TRUE, _FALSE = frozenset({"T", "TRUE"}), frozenset({"F", "FALSE"})
_SIGNS = re.compile("([=~])")


def with_answers(question: Question, body: str) -> Question:
    """Return the question with the kind, the answers and the general feedback that `body` says.

    `body` is the text between the braces with its escapes hidden. Raises Unreadable.
    """
    text_format = question.stem.format
    body, found, feedback = body.rpartition("####")
    if not found:
        body, feedback = feedback, ""
    question = replace(question, feedback=optional_text(feedback, text_format))
    body = body.strip()
    if not body:
        return replace(question, kind=Kind.ESSAY)
    if body.startswith("#"):
        return _numerical(question, body[1:], text_format)
    if "~" in body:
        return _choice(question, body, text_format)
    if "=" in body and "->" in body:
        return _matching(question, body, text_format)
    word = body.partition("#")[0].strip().upper()
    if word in _TRUE | _FALSE:
        return _truth(question, body, is_true=word in _TRUE)
    return _with_answers(question, Kind.SHORT, body)


def _numerical(question: Question, body: str, text_format: TextFormat) -> Question:
    """After a `~` stands the feedback for every other answer, which becomes the answer `*`."""
    body, _, rest = body.partition("~")
    question = _with_answers(question, Kind.NUMERICAL, body)
    wrong, _, feedback = rest.partition("#")
    said = optional_text(feedback, text_format)
    if said is not None:
        last = Answer(RichText("*", text_format), is_right=False, feedback=said)
        question = replace(question, answers=(*question.answers, last))
    if not wrong.strip():
        return question
    loss = f"what stands behind ~ ({show_escapes(wrong).strip()[:40]!r}) is left out: there are no wrong numbers"
    return replace(question, losses=(*question.losses, loss))


def _choice(question: Question, body: str, text_format: TextFormat) -> Question:
    """Without any `=` several options may be chosen."""
    lead, *signs_and_options = _split(body)
    if lead.strip():
        reason = "words before the first option, which must begin with = or ~"
        raise Unreadable(reason)
    signs, options = signs_and_options[::2], signs_and_options[1::2]
    answers = tuple(
        _answer(option, text_format, is_right=sign == "=") for sign, option in zip(signs, options, strict=True)
    )
    return replace(question, kind=Kind.CHOICE, answers=answers, is_single="=" in signs)


def _split(body: str) -> list[str]:
    parts = _SIGNS.split(body)
    if len(parts) > 2 * ANSWERS_MAX:
        reason = f"more than {ANSWERS_MAX:,} answers"
        raise Unreadable(reason)
    return parts


def _with_answers(question: Question, kind: Kind, body: str) -> Question:
    """The question with the answers that `=` parts; a single one needs no `=`."""
    lead, *answers = _split(body)[::2]
    texts = [lead, *answers] if lead.strip() else answers
    answered = (_answer(each, question.stem.format, is_right=True) for each in texts)
    question = filled(replace(question, kind=kind), answered)
    if not question.answers:
        reason = "no answer in the braces"
        raise Unreadable(reason)
    return question


def _answer(text: str, text_format: TextFormat, *, is_right: bool) -> Answer:
    weight, text = weight_of(text.strip())
    words, _, feedback = text.partition("#")
    return Answer(rich_text(words, text_format), is_right, weight, optional_text(feedback, text_format))


def _matching(question: Question, body: str, text_format: TextFormat) -> Question:
    pairs = []
    for each in _split(body)[2::2]:
        first, arrow, second = each.partition("->")
        if not arrow:
            reason = "an answer without -> among others that have one"
            raise Unreadable(reason)
        pairs.append(Pair(rich_text(first, text_format), show_escapes(second).strip()))
    return replace(question, kind=Kind.MATCHING, pairs=tuple(pairs))


def _truth(question: Question, body: str, *, is_true: bool) -> Question:
    remarks = tuple(optional_text(each, question.stem.format) for each in body.split("#", 2)[1:])
    return replace(question, kind=Kind.TRUE_FALSE, is_true=is_true, remarks=remarks)
