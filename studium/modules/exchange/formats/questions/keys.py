"""What Moodle's weights mean for our keys, and what of them we cannot hold, in words for the report."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from studium.modules.exchange.formats.html.signs import readings
from studium.modules.exchange.formats.html.text import tidy
from studium.modules.exchange.formats.questions.numbers import Near, json_number, near, percent, plain
from studium.modules.exchange.formats.questions.parts import ANYTHING, FULL, ZERO, Answer, Kind, Question, Unreadable
from studium.modules.exchange.formats.questions.texts import Texts, label

ANSWER_MAX = 500
"""Characters that a learner can give as a short answer."""
KEY_MAX = 2_000
_ROUNDING = Decimal("0.01")
"""Weights such as 33.33333 stand for a third."""

Metadata = dict[str, object]


def right_options(question: Question, texts: Texts) -> tuple[list[bool], Metadata]:
    """Tell which options of a choice are right, and how it is marked. Raises Unreadable where none is."""
    weights = [answer.percent for answer in question.answers]
    right = _single(weights, texts) if question.is_single else _several(weights, texts)
    return right, {"scoring": "partial"} if sum(right) > 1 else {}


def _single(weights: Sequence[Decimal], texts: Texts) -> list[bool]:
    """One option may be chosen: those that earn full marks are right."""
    right = [weight == FULL for weight in weights]
    if not any(right):
        reason = "no option earns full marks"
        raise Unreadable(reason)
    if sum(right) > 1:
        texts.lose("each right option alone earned full marks; now all of them are to be selected")
    partial = [weight for weight in weights if ZERO < weight < FULL]
    if partial:
        texts.lose(f"options that earned {_percents(partial)} count as wrong")
    if any(weight < ZERO for weight in weights):
        texts.lose("wrong options cost nothing; some had a weight below 0")
    return right


def _several(weights: Sequence[Decimal], texts: Texts) -> list[bool]:
    """Several may be chosen: those that earn anything are right. Ours count alike, wrong ones as much as right ones."""
    right = [weight > ZERO for weight in weights]
    count = sum(right)
    if not count:
        reason = "no option earns anything"
        raise Unreadable(reason)
    earned = [weight for weight in weights if weight > ZERO]
    if any(abs(weight - FULL / count) > _ROUNDING for weight in earned):
        texts.lose(f"right options count alike; they earned {_percents(earned)}")
    lost = [-weight for weight in weights if weight <= ZERO]
    if count == 1:
        texts.lose("one option is right, so that only one may be selected")
    elif any(abs(weight - FULL / count) > _ROUNDING for weight in lost):
        texts.lose(f"a wrong option takes away as much as a right one gives; it took {_percents(lost)}")
    return right


def _percents(weights: Iterable[Decimal]) -> str:
    return ", ".join(percent(weight) for weight in dict.fromkeys(weights))


def short_key(question: Question, texts: Texts) -> tuple[str, Metadata]:
    """Return the alternatives that earn full marks, `|` between them. Raises Unreadable where ours cannot say it."""
    alternatives: list[str] = []
    for answer in _full(question, texts):
        if "*" in answer.text.text.replace("\\*", ""):
            reason = "a right answer with the wildcard *"
            raise Unreadable(reason)
        written = answer.text.text.replace("\\*", "*")
        found = readings(written)
        if len(found) > 1:
            texts.lose(f"the answer {label(written, 60)!r} counts as {label(found[0], 60)!r} too")
        alternatives += map(_alternative, found)
    return _joined(alternatives), {"match": "exact"}


def _alternative(text: str) -> str:
    text = " ".join(tidy(text).split())
    if "|" in text:
        reason = "a right answer with the character |, which separates alternatives"
        raise Unreadable(reason)
    if not 1 <= len(text) <= ANSWER_MAX:
        reason = "an empty answer" if not text else f"a right answer of more than {ANSWER_MAX} characters"
        raise Unreadable(reason)
    return text


def _joined(alternatives: Iterable[str]) -> str:
    key = "|".join(dict.fromkeys(alternatives))
    if len(key) > KEY_MAX:
        reason = f"right answers of more than {KEY_MAX:,} characters together"
        raise Unreadable(reason)
    return key


def _full(question: Question, texts: Texts) -> list[Answer]:
    """The answers that earn full marks; what earned a part is named in the report."""
    full = [answer for answer in question.answers if answer.percent == FULL]
    if not full:
        reason = "no answer earns full marks"
        raise Unreadable(reason)
    for answer in question.answers:
        if ZERO < answer.percent < FULL:
            name = answer.number if question.kind is Kind.NUMERICAL else label(answer.text.text, 60)
            texts.lose(f"the answer {name!r} earned {percent(answer.percent)} and earns nothing")
    return full


def numeric_key(question: Question, texts: Texts) -> tuple[str, Metadata]:
    """Return the numbers that earn full marks, with the tolerance that they share. Raises Unreadable otherwise."""
    keys = [_key(answer) for answer in _full(question, texts)]
    _refuse_exceptions(question)
    tolerances = {key.tolerance for key in keys}
    if len(tolerances) > 1:
        reason = "several right answers with different tolerances"
        raise Unreadable(reason)
    key = _joined(plain(each.value) for each in keys)
    return key, {"match": "numeric", "tolerance": json_number(tolerances.pop())}


def _key(answer: Answer) -> Near:
    if answer.text.text == ANYTHING:
        reason = "any number earns full marks"
        raise Unreadable(reason)
    return near(answer.text.text)


def _refuse_exceptions(question: Question) -> None:
    """The first answer that fits decides, so that one that earns less before a right one is an exception to it."""
    seen: list[Near] = []
    for answer in question.answers:
        if answer.percent != FULL and answer.text.text != ANYTHING:
            seen.append(near(answer.text.text))
        elif answer.percent == FULL and any(near(answer.text.text).overlaps(each) for each in seen):
            reason = "a number that earns less within the range of a right answer"
            raise Unreadable(reason)
