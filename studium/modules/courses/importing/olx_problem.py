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

from studium.models import QuestionType
from studium.modules.courses.course_text import JsonObject, OptionText, QuestionText
from studium.modules.courses.importing.html_text import tidy
from studium.modules.courses.importing.xml_source import inner_xml, line_of, text_of

Markdown = Callable[[str], str]
"""Turns the HTML of this course into Markdown; raises ValueError where it cannot be read."""

T = TypeVar("T")
MAX_OPTIONS, MAX_KEY, MAX_TEXT, MAX_OPTION = 20, 2_000, 20_000, 2_000
_HINTS = ("choicehint", "compoundhint", "correcthint", "stringequalhint", "optionhint", "hintgroup", "demandhint")
_APART = ("solution", "script", "responseparam", *_HINTS)
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*")
_CENT = Decimal("0.01")


class Unsupported(Exception):
    """Why a response cannot become a question."""


@dataclass
class Problem:
    """A problem's questions, each with its line; what was left out of them, and what was not taken at all and why."""

    questions: list[tuple[QuestionText, int]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    skipped: list[tuple[str, int, str]] = field(default_factory=list)


def read_problem(root: etree._Element, markdown: Markdown) -> Problem:
    """Read a `<problem>`; nothing in it is ever run."""
    found = Problem()
    responses = [each for each in root.iter() if isinstance(each.tag, str) and each.tag.endswith("response")]
    if not responses:
        found.skipped.append(("problem", line_of(root), "it asks nothing that has a key"))
        return found
    is_computed = root.find(".//script") is not None
    if is_computed:
        found.changes.append("its script was left out")
    if any(root.find(f".//{tag}") is not None for tag in _HINTS):
        found.changes.append("its hints were left out")
    texts = _texts(root, responses)
    points = _points(root, len(responses), found)
    for response, text in zip(responses, texts, strict=True):
        _read_response(found, response, _Frame(root, text, points, is_computed), markdown)
    if len(responses) > 1 and found.questions:
        found.changes.append(f"its {len(responses)} responses are questions of their own")
    found.changes = list(dict.fromkeys(found.changes))
    return found


@dataclass(frozen=True)
class _Frame:
    """What a response takes from its problem."""

    root: etree._Element
    html: str
    points: Decimal
    is_computed: bool


def _read_response(found: Problem, response: etree._Element, frame: _Frame, markdown: Markdown) -> None:
    kind, line = str(response.tag), line_of(response)
    reader = _READERS.get(kind)
    try:
        if reader is None:
            _refuse(_OTHERS.get(kind, "no question type of ours works like it"))
        if frame.is_computed and _VARIABLE.search(etree.tostring(response, encoding="unicode") + frame.html):
            _refuse("a script makes up its numbers anew for each learner")
        key = reader(response, found.changes, markdown)
        question = QuestionText(
            question_type=key.kind,
            question_text=_fitting(markdown(frame.html), MAX_TEXT, "its text"),
            points=frame.points,
            options=key.options,
            correct_answer=key.answer,
            explanation=_explanation(response, frame.root, markdown),
            metadata=dict(key.metadata),
        )
        if not question.question_text:
            _refuse("it has no text")
    except (Unsupported, ValueError) as why:
        found.skipped.append((kind, line, str(why)))
    else:
        found.questions.append((question, line))


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


def _texts(root: etree._Element, responses: list[etree._Element]) -> list[str]:
    """The text of each response: what stands around all of them, and what is its own.

    Where several stand in one running text without labels of their own, the text names the gaps by number.
    """
    if len(responses) == 1:
        return [_html_without(root, responses, gaps=False)]
    own = [_own_text(each) for each in responses]
    if all(own):
        shared = _html_without(root, responses, gaps=False, own=False)
        return [f"{shared}{each}" for each in own]
    whole = _html_without(root, responses, gaps=True)
    return [f"{whole}<p><b>[{number}]</b></p>" for number in range(1, len(responses) + 1)]


def _own_text(response: etree._Element) -> str:
    copy = deepcopy(response)
    copy.tail = None
    return _html_of(copy) if text_of(copy) or copy.find(".//label") is not None else ""


def _html_without(root: etree._Element, responses: list[etree._Element], *, gaps: bool, own: bool = True) -> str:
    """The problem as HTML without what is answered; `own` keeps the text inside responses, `gaps` numbers them."""
    places = {line: number for number, line in enumerate(_positions(root, responses))}
    copy = deepcopy(root)
    inside = [each for at, each in enumerate(copy.iter()) if at in places]
    for number, each in enumerate(inside, 1):
        if gaps:
            each.tail = f" [{number}] {each.tail or ''}"
        if not own:
            _remove(each)
    return _html_of(copy)


def _positions(root: etree._Element, responses: list[etree._Element]) -> list[int]:
    wanted = set(map(id, responses))
    return [at for at, each in enumerate(root.iter()) if id(each) in wanted]


def _html_of(copy: etree._Element) -> str:
    for element in [each for each in copy.iter() if each.tag in _APART or _is_input(each)]:
        _remove(element)
    for label in copy.iter("label", "description"):
        label.tag = "p"
    for aside in copy.iter("clarification"):
        aside.tag, aside.text = "span", f" ({text_of(aside)})"
        aside[:] = []
    return inner_xml(copy)


def _is_input(element: etree._Element) -> bool:
    """Whether a learner answers in this element."""
    return isinstance(element.tag, str) and (
        element.tag in {"choicegroup", "checkboxgroup", "radiogroup", "textline", "additional_answer", "textbox"}
        or element.tag.endswith("input")
    )


def _remove(element: etree._Element) -> None:
    """Take an element out and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None
    parent.remove(element)


def _explanation(response: etree._Element, root: etree._Element, markdown: Markdown) -> str | None:
    """The solution of the response, or of the whole problem."""
    solution = response.find(".//solution")
    if solution is None:
        solution = next((each for each in root.iter("solution") if not _in_response(each)), None)
    text = "" if solution is None else markdown(inner_xml(solution))
    return _fitting(text, MAX_TEXT, "its explanation") or None


def _in_response(element: etree._Element) -> bool:
    return any(str(each.tag).endswith("response") for each in element.iterancestors())


def _points(root: etree._Element, responses: int, found: Problem) -> Decimal:
    """The weight of the problem, shared by its responses; without one, a point for each."""
    weight = root.get("weight")
    if weight is None:
        return Decimal(1)
    number = _number(weight)
    points = Decimal(1) if number is None else (number / responses).quantize(_CENT)
    if number is None or not _CENT <= points <= Decimal("999.99"):
        found.changes.append(f"its weight {weight[:20]} is one point")
        return Decimal(1)
    return points


# How it is answered


def _choice(response: etree._Element, changes: list[str], markdown: Markdown) -> _Key:
    """One of several: `multiplechoiceresponse`."""
    options = _options(response.iter("choice"), markdown)
    if sum(option.is_correct for option in options) > 1:
        _refuse("any one of several right options would count, and here all would be wanted")
    if response.get("partial_credit"):
        changes.append("partial credit for wrong choices was left out")
    return _Key(QuestionType.MULTIPLE_CHOICE, _checked(options))


def _checkboxes(response: etree._Element, changes: list[str], markdown: Markdown) -> _Key:
    """Any of several: `choiceresponse`."""
    options = _checked(_options(response.iter("choice"), markdown))
    if sum(option.is_correct for option in options) == 1:
        changes.append("one option is right, so one is chosen")
    metadata: JsonObject = {}
    if response.get("partial_credit"):
        metadata["scoring"] = "partial"
        changes.append("partial credit is right less wrong choices")
    return _Key(QuestionType.MULTIPLE_CHOICE, options, metadata=metadata)


def _dropdown(response: etree._Element, changes: list[str], markdown: Markdown) -> _Key:
    """One of a list: `optionresponse`, whose options are elements or a Python tuple in an attribute."""
    field_ = response.find(".//optioninput")
    if field_ is None:
        _refuse("it has no list of options")
    changes.append("the dropdown is a multiple choice")
    if field_.find("option") is not None:
        return _Key(QuestionType.MULTIPLE_CHOICE, _checked(_options(field_.iter("option"), markdown)))
    right = field_.get("correct", "").strip()
    words = _few(_words(field_.get("options", "")))
    options = tuple(OptionText(markdown(_escaped(word)), word == right) for word in words)
    return _Key(QuestionType.MULTIPLE_CHOICE, _checked(options))


def _words(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text.strip() or "()")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        _refuse("its list of options cannot be read")
    words = [found] if isinstance(found, str) else list(found) if isinstance(found, tuple | list) else []
    return [str(word).strip() for word in words]


def _options(elements: Iterable[etree._Element], markdown: Markdown) -> tuple[OptionText, ...]:
    found = []
    for element in _few(list(elements)):
        copy = deepcopy(element)
        copy.tail = None
        for hint in [each for each in copy.iter() if each.tag in _HINTS]:
            _remove(hint)
        is_correct = element.get("correct", "").strip().lower() == "true"
        found.append(OptionText(_fitting(markdown(inner_xml(copy)), MAX_OPTION, "an option"), is_correct))
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


def _number_input(response: etree._Element, changes: list[str], markdown: Markdown) -> _Key:
    """A number: `numericalresponse`, with a tolerance or a range."""
    del markdown
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
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= 100 else None  # noqa: PLR2004 -- sane sizes.


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _text_input(response: etree._Element, changes: list[str], markdown: Markdown) -> _Key:
    """A text: `stringresponse`; letters in either case are the same here."""
    del markdown
    kinds = response.get("type", "").split()
    if "regexp" in kinds:
        _refuse("its key is a regular expression")
    more = [each.get("answer") or text_of(each) for each in response.iter("additional_answer")]
    older = response.get("answer", "").split("_or_")
    answers = list(dict.fromkeys(text for each in (*older, *more) if (text := tidy(each).strip())))
    if not answers:
        _refuse("it has no key")
    if any("|" in each for each in answers) or len("|".join(answers)) > MAX_KEY:
        _refuse(f"its key holds the sign | or more than {MAX_KEY:,} characters")
    if "ci" not in kinds:
        changes.append("capital and small letters are the same")
    return _Key(QuestionType.SHORT_ANSWER, answer="|".join(answers), metadata={"match": "exact"})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


_READERS: dict[str, Callable[[etree._Element, list[str], Markdown], _Key]] = {
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
