"""Turns an Open edX problem into questions: one for each of its responses that a question of ours can hold.

The elements are those of Open edX's OLX reference, "Problems".
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeVar

from lxml import etree

from studium.kit.text.visible import shows_something
from studium.models import QuestionType
from studium.modules.exchange.formats.html.plain_text import OptionTexts
from studium.modules.exchange.formats.html.signs import put_signs, readings, signs_in
from studium.modules.exchange.formats.html.text import tidy
from studium.modules.exchange.formats.olx.bounds import TooMuch
from studium.modules.exchange.formats.olx.problem_settings import lost_settings
from studium.modules.exchange.formats.olx.problem_text import HINTS, Markdown, html_of, remove, texts_of
from studium.modules.exchange.model.texts import JsonObject, OptionText, QuestionText
from studium.modules.exchange.model.xml_source import inner_xml, line_of, text_of

T = TypeVar("T")
MAX_OPTIONS, MAX_KEY, MAX_TEXT, MAX_OPTION = 20, 2_000, 20_000, 2_000
MAX_RESPONSES = 100
"""Responses of one problem: each becomes a question with the whole text."""
MAX_NUMBER = 100
MAX_LIST = 50_000
"""Characters of a list of options that is written as Python."""
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*")
_CENT, _MOST_POINTS = Decimal("0.01"), Decimal("999.99")


class Unsupported(Exception):
    """Why a response cannot become a question."""


@dataclass
class Problem:
    """A problem's questions, each with its line; what was left out of them, and what was not taken at all and why.

    `page` is the text of a problem that asks nothing. `shuffled` says of each choice whether its options are mixed.
    """

    questions: list[tuple[QuestionText, int]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, int, str]] = field(default_factory=list)
    page: str = ""
    shuffled: list[bool] = field(default_factory=list)


def read_problem(
    root: etree._Element, markdown: Markdown, new_options: Callable[[], OptionTexts], weight: str = ""
) -> Problem:
    """Read a `<problem>`; nothing in it is ever run. `weight` is how many points it has, "" for one a response."""
    found = Problem()
    responses = [each for each in root.iter() if isinstance(each.tag, str) and each.tag.endswith("response")]
    if not responses:
        found.page = markdown(html_of(deepcopy(root)))
        found.changes += lost_settings(root)
        return found
    if len(responses) > MAX_RESPONSES:
        why = f"it asks {len(responses):,} things in one text; {MAX_RESPONSES} are possible"
        found.skipped.append(("problem", line_of(root), why))
        return found
    is_computed = root.find(".//script") is not None
    if is_computed:
        found.changes.append("its script was left out")
    if any(root.find(f".//{tag}") is not None for tag in HINTS):
        found.changes.append("its hints were left out")
    found.changes += lost_settings(root)
    points = _points(weight, len(responses), found)
    try:
        texts = texts_of(root, responses, markdown)
    except TooMuch:
        raise
    except (Unsupported, ValueError) as why:
        found.skipped.append(("problem", line_of(root), str(why)))
        return found
    for response, text in zip(responses, texts, strict=True):
        _read_response(found, response, _Frame(root, text, points, is_computed, new_options()), markdown)
    if len(responses) > 1 and found.questions:
        found.changes.append(f"its {len(responses)} responses are questions of their own")
    found.changes = list(dict.fromkeys(found.changes))
    return found


@dataclass(frozen=True)
class _Frame:
    """What a response takes from its problem."""

    root: etree._Element
    text: str
    points: Decimal
    is_computed: bool
    options: OptionTexts


def _read_response(found: Problem, response: etree._Element, frame: _Frame, markdown: Markdown) -> None:
    kind, line = str(response.tag), line_of(response)
    reader = _READERS.get(kind)
    try:
        if reader is None:
            _refuse(_OTHERS.get(kind, "no question type of ours works like it"))
        if frame.is_computed and _VARIABLE.search(etree.tostring(response, encoding="unicode") + frame.text):
            _refuse("a script makes up its numbers anew for each learner")
        key = reader(response, found.changes, frame.options)
        question = QuestionText(
            question_type=key.kind,
            question_text=_fitting(frame.options.below(frame.text), MAX_TEXT, "its text"),
            points=frame.points,
            options=key.options,
            correct_answer=key.answer,
            explanation=_explanation(response, frame.root, markdown),
            metadata=dict(key.metadata),
        )
        if not shows_something(question.question_text):
            _refuse("it has no text")
    except TooMuch:
        raise
    except (Unsupported, ValueError) as why:
        found.skipped.append((kind, line, f"{why}{_with_words(response, frame)}"))
    else:
        found.questions.append((question, line))
        if question.options:
            found.shuffled.append(_is_shuffled(response, found))


def _with_words(response: etree._Element, frame: _Frame) -> str:
    """How many words a learner would have read."""
    words = len(frame.text.split()) or len(text_of(response).split())
    return f"; its text of {words} words is left out with it" if words else ""


def _is_shuffled(response: etree._Element, found: Problem) -> bool:
    """Whether its options come in an order of chance, and none of them has a fixed place."""
    wants = any(each.get("shuffle", "").lower() == "true" for each in response.iter())
    if wants and any(each.get("fixed", "").lower() == "true" for each in response.iter("choice")):
        found.changes.append("its options are not shuffled, as some have a fixed place")
        return False
    return wants


def _refuse(why: str) -> NoReturn:
    raise Unsupported(why)


def _fitting(text: str, most: int, what: str) -> str:
    if len(text) > most:
        _refuse(f"{what} has more than {most:,} characters")
    return text


@dataclass(frozen=True)
class _Key:
    """What makes a response a question."""

    kind: QuestionType
    options: tuple[OptionText, ...] = ()
    answer: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


# What is asked


def _explanation(response: etree._Element, root: etree._Element, markdown: Markdown) -> str | None:
    """The solution of the response, or of the whole problem."""
    solution = response.find(".//solution")
    if solution is None:
        solution = next((each for each in root.iter("solution") if not _in_response(each)), None)
    text = "" if solution is None else markdown(inner_xml(solution))
    return _fitting(text, MAX_TEXT, "its explanation") or None


def _in_response(element: etree._Element) -> bool:
    return any(str(each.tag).endswith("response") for each in element.iterancestors())


def _points(weight: str, responses: int, found: Problem) -> Decimal:
    """The weight of the problem, shared by its responses; without one, a point for each."""
    if weight.lower() in {"", "null", "none"}:
        return Decimal(1)
    number = _number(weight)
    share = Decimal(0) if number is None else number / responses
    if number is None or not _CENT <= share <= _MOST_POINTS:
        found.changes.append(f"its weight {weight[:20]} is one point")
        return Decimal(1)
    return share.quantize(_CENT)


# How it is answered


def _choice(response: etree._Element, changes: list[str], texts: OptionTexts) -> _Key:
    """One of several: `multiplechoiceresponse`."""
    options = _options(response.iter("choice"), texts)
    if sum(option.is_correct for option in options) > 1:
        _refuse("any one of several right options would count, and here all would be wanted")
    if response.get("partial_credit"):
        changes.append("partial credit for wrong choices was left out")
    return _Key(QuestionType.MULTIPLE_CHOICE, _checked(options))


def _checkboxes(response: etree._Element, changes: list[str], texts: OptionTexts) -> _Key:
    """Any of several: `choiceresponse`."""
    options = _checked(_options(response.iter("choice"), texts))
    if sum(option.is_correct for option in options) == 1:
        changes.append("one option is right, so one is chosen")
    metadata: JsonObject = {}
    if response.get("partial_credit"):
        metadata["scoring"] = "partial"
        changes.append("partial credit is right less wrong choices")
    return _Key(QuestionType.MULTIPLE_CHOICE, options, metadata=metadata)


def _dropdown(response: etree._Element, changes: list[str], texts: OptionTexts) -> _Key:
    """One of a list: `optionresponse`, whose options are elements or a Python tuple in an attribute."""
    field_ = response.find(".//optioninput")
    if field_ is None:
        _refuse("it has no list of options")
    changes.append("the dropdown is a multiple choice")
    if field_.find("option") is not None:
        return _Key(QuestionType.MULTIPLE_CHOICE, _checked(_options(field_.iter("option"), texts)))
    right = field_.get("correct", "").strip()
    words = _few(_words(field_.get("options", "")))
    options = tuple(OptionText(_plain_option(word), word == right) for word in words)
    return _Key(QuestionType.MULTIPLE_CHOICE, _checked(options))


def _words(text: str) -> list[str]:
    if len(text) > MAX_LIST:
        _refuse(f"its list of options has more than {MAX_LIST:,} characters")
    try:
        found = ast.literal_eval(text.strip() or "()")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        _refuse("its list of options cannot be read")
    words = [found] if isinstance(found, str) else list(found) if isinstance(found, tuple | list) else []
    return [str(word).strip() for word in words]


def _plain_option(word: str) -> str:
    return " ".join(tidy(signs_in(word)).split())


def _options(elements: Iterable[etree._Element], texts: OptionTexts) -> tuple[OptionText, ...]:
    found = []
    for element in _few(list(elements)):
        copy = deepcopy(element)
        copy.tail = None
        for hint in [each for each in copy.iter() if each.tag in HINTS]:
            remove(hint)
        is_correct = element.get("correct", "").strip().lower() == "true"
        found.append(OptionText(_fitting(texts.of_html(inner_xml(copy)), MAX_OPTION, "an option"), is_correct))
    return tuple(found)


def _few(options: list[T]) -> list[T]:
    """Counted before each is turned into Markdown, which takes its time."""
    if not 2 <= len(options) <= MAX_OPTIONS:  # noqa: PLR2004 -- a choice needs two.
        _refuse(f"it has {len(options)} options; 2 to {MAX_OPTIONS} are possible")
    return options


def _checked(options: tuple[OptionText, ...]) -> tuple[OptionText, ...]:
    texts = [option.text for option in options]
    if not any(option.is_correct for option in options):
        _refuse("none of its options is right")
    if len(set(texts)) != len(texts) or "" in texts:
        _refuse("two of its options are the same, or one is empty")
    return options


def _number_input(response: etree._Element, changes: list[str], texts: OptionTexts) -> _Key:
    """A number: `numericalresponse`, with a tolerance or a range."""
    del texts
    answer = response.get("answer", "").strip()
    more = [each.get("answer", "").strip() for each in response.iter("additional_answer")]
    if response.get("partial_credit"):
        changes.append("partial credit for close numbers was left out")
    if answer[:1] in ("[", "(") and not more:
        return _range(answer, changes)
    numbers = [_number(each) for each in (answer, *more)]
    if None in numbers:
        _refuse("its key is a formula, not a number")
    tolerance = _tolerance(response, numbers[0] or Decimal(0))
    metadata: JsonObject = {"match": "numeric"}
    if tolerance:
        metadata["tolerance"] = _plain(tolerance)
    answer = "|".join(_shown(each) for each in numbers if each is not None)
    return _Key(QuestionType.SHORT_ANSWER, answer=answer, metadata=metadata)


def _range(answer: str, changes: list[str]) -> _Key:
    """`[a, b]`: the middle, with half the width as tolerance."""
    ends = [_number(each) for each in answer.strip("[]()").split(",")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or answer[-1] not in "])":  # noqa: PLR2004 -- from and to.
        _refuse("its range cannot be read")
    if "(" in answer or ")" in answer:
        changes.append("the ends of its range count as right")
    middle, half = (ends[0] + ends[1]) / 2, abs(ends[1] - ends[0]) / 2
    metadata: JsonObject = {"match": "numeric", "tolerance": _plain(half)}
    return _Key(QuestionType.SHORT_ANSWER, answer=_shown(middle), metadata=metadata)


def _tolerance(response: etree._Element, answer: Decimal) -> Decimal:
    """How far off an answer may be: a number, or per cent of the key."""
    given = next((each.get("default", "") for each in response.iter("responseparam") if each.get("default")), "")
    given = given.strip()
    number = _number(given.removesuffix("%") or "0")
    if number is None or number < 0:
        _refuse("its tolerance is a formula, not a number")
    return abs(answer) * number / 100 if given.endswith("%") else number


def _number(text: str) -> Decimal | None:
    if len(text) > MAX_NUMBER:
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= 100 else None  # noqa: PLR2004 -- sane sizes.


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _text_input(response: etree._Element, changes: list[str], texts: OptionTexts) -> _Key:
    """A text: `stringresponse`; letters in either case are the same here."""
    del texts
    kinds = response.get("type", "").split()
    if "regexp" in kinds:
        _refuse("its key is a regular expression")
    more = [each.get("answer") or _signed(each) for each in response.iter("additional_answer")]
    typed = [each for each in (*response.get("answer", "").split("_or_"), *more) if each.strip()]
    answers = list(dict.fromkeys(tidy(text).strip() for each in typed for text in readings(each)))
    if any(len(readings(each)) > 1 for each in typed):
        changes.append("raised and lowered letters of its key count as they are typed, too")
    if not answers:
        _refuse("it has no key")
    if any("|" in each for each in answers) or len("|".join(answers)) > MAX_KEY:
        _refuse(f"its key holds the sign | or more than {MAX_KEY:,} characters")
    if "ci" not in kinds:
        changes.append("capital and small letters are the same")
    return _Key(QuestionType.SHORT_ANSWER, answer="|".join(answers), metadata={"match": "exact"})


def _signed(answer: etree._Element) -> str:
    put_signs(answer)
    return text_of(answer)


_READERS: dict[str, Callable[[etree._Element, list[str], OptionTexts], _Key]] = {
    "multiplechoiceresponse": _choice,
    "choiceresponse": _checkboxes,
    "optionresponse": _dropdown,
    "numericalresponse": _number_input,
    "stringresponse": _text_input,
}
_OTHERS = {
    "customresponse": "a script of the course marks it",
    "formularesponse": "its key is a formula",
    "symbolicresponse": "its key is a formula",
    "imageresponse": "it is answered on a picture",
    "schematicresponse": "it is answered by a drawn circuit",
    "annotationresponse": "it belongs to an annotated text",
    "externalresponse": "another server marks it",
    "coderesponse": "another server marks it",
    "choicetextresponse": "it mixes choices and texts",
    "truefalseresponse": "it is several choices in one",
}
