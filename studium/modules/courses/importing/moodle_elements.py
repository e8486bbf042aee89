"""Makes a question of each `<question>` of Moodle's XML, as it is written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from lxml import etree

from studium.modules.courses.importing.moodle_fields import (
    fraction,
    number,
    optional_text,
    rich_text,
    switch,
    words_at,
)
from studium.modules.courses.importing.moodle_parts import (
    ANYTHING,
    FULL,
    Answer,
    Kind,
    Pair,
    Question,
    RichText,
    TextFormat,
    Unreadable,
)
from studium.modules.courses.importing.xml_source import line_of, text_of

ANSWERS_MAX = 1_000
_TRUTHS = ("true", "false")
_WHOLE_FEEDBACK = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
_COURTESIES = frozenset(
    {"Your answer is correct.", "Your answer is partially correct.", "Your answer is incorrect."},
)
"""What Moodle says where a teacher has written nothing."""


def title_of(element: etree._Element) -> str:
    """The name by which a report calls an element: its title, else its text."""
    return words_at(element, "name") or words_at(element, "questiontext") or str(element.tag)


def _common(element: etree._Element, kind: Kind) -> Question:
    stem = rich_text(element.find("questiontext"), TextFormat.HTML)
    return Question(
        kind=kind,
        line=line_of(element),
        title=words_at(element, "name") or None,
        stem=stem,
        feedback=optional_text(element.find("generalfeedback"), stem.format),
        external_id=words_at(element, "idnumber") or None,
        tags=tuple(text_of(tag) for tag in element.iterfind("tags/tag")),
        points=number(words_at(element, "defaultgrade") or "1", "points"),
        losses=tuple(_losses(element)),
    )


def _losses(element: etree._Element) -> Iterator[str]:
    """What any kind of question may have, and ours have not."""
    whole = {words_at(element, tag) for tag in _WHOLE_FEEDBACK} - {""}
    if any(not any(courtesy in words for courtesy in _COURTESIES) for words in whole):
        yield "the feedback on the answer as a whole is left out"
    if element.find("hint") is not None:
        yield "hints are left out"
    if element.find("image_base64") is not None:
        yield "a picture in the form of Moodle 1 is left out"
    if switch(element, "hidden", default=False):
        yield "it was hidden in Moodle"


def _answers(element: etree._Element) -> list[etree._Element]:
    answers = element.findall("answer")
    if len(answers) > ANSWERS_MAX:
        reason = f"more than {ANSWERS_MAX:,} answers"
        raise Unreadable(reason)
    return answers


def _answer(element: etree._Element, text: RichText, text_format: TextFormat) -> Answer:
    weight = fraction(element)
    return Answer(text, weight == FULL, weight, optional_text(element.find("feedback"), text_format))


def _category(element: etree._Element) -> Question:
    return Question(Kind.CATEGORY, line_of(element), title=words_at(element, "category"))


def _description(element: etree._Element) -> Question:
    """A description's points are 0, and mean nothing."""
    return replace(_common(element, Kind.DESCRIPTION), points=Decimal(1))


def _choice(element: etree._Element) -> Question:
    question = _common(element, Kind.CHOICE)
    losses = question.losses
    if not switch(element, "shuffleanswers", default=True):
        losses = (*losses, "its options had a fixed order; a quiz shuffles those of all questions or of none")
    text_format = question.stem.format
    return replace(
        question,
        is_single=switch(element, "single", default=True),
        answers=tuple(_answer(each, rich_text(each, text_format), text_format) for each in _answers(element)),
        losses=losses,
    )


def _truth(element: etree._Element) -> Question:
    """Old files name the answers in the language of the site; then the first one is "true"."""
    question = _common(element, Kind.TRUE_FALSE)
    found = _answers(element)
    names = [words_at(each, "text").lower() for each in found]
    if sorted(names) != sorted(_TRUTHS):
        names = list(_TRUTHS[: len(found)])
        question = replace(question, losses=(*question.losses, "its first answer is taken for true"))
    right = {name for name, each in zip(names, found, strict=False) if fraction(each) == FULL}
    if len(found) != len(_TRUTHS) or len(right) != 1:
        reason = "a true/false question needs two answers, one of which earns full marks"
        raise Unreadable(reason)
    remarks = tuple(optional_text(each.find("feedback"), question.stem.format) for each in found)
    return replace(question, is_true=right == {"true"}, remarks=remarks)


def _short(element: etree._Element) -> Question:
    question = _common(element, Kind.SHORT)
    losses = question.losses
    if switch(element, "usecase", default=False):
        losses = (*losses, "upper and lower case count alike")
    return replace(question, answers=_plain_answers(element, question, words_of=_short_words), losses=losses)


def _plain_answers(
    element: etree._Element, question: Question, words_of: Callable[[etree._Element], str]
) -> tuple[Answer, ...]:
    return tuple(
        _answer(each, RichText(words_of(each), TextFormat.PLAIN), question.stem.format) for each in _answers(element)
    )


def _short_words(answer: etree._Element) -> str:
    return words_at(answer, "text")


def _numerical(element: etree._Element) -> Question:
    question = _common(element, Kind.NUMERICAL)
    losses = question.losses
    if element.find("units/unit") is not None:
        losses = (*losses, "units are not understood; only the number counts")
    return replace(question, answers=_plain_answers(element, question, words_of=_number_words), losses=losses)


def _number_words(answer: etree._Element) -> str:
    """Old files write the number outside of `<text>`."""
    value = words_at(answer, "text") or (answer.text or "").strip()
    if value in {"", ANYTHING}:
        return ANYTHING
    if ":" in value or ".." in value:
        reason = f"{value[:40]!r} is not a number with a decimal point"
        raise Unreadable(reason)
    return f"{value}:{words_at(answer, 'tolerance')}"


def _matching(element: etree._Element) -> Question:
    question = _common(element, Kind.MATCHING)
    pairs = tuple(
        Pair(rich_text(each, question.stem.format), words_at(each, "answer"))
        for each in element.iterfind("subquestion")
    )
    return replace(question, pairs=pairs)


def _essay(element: etree._Element) -> Question:
    question = _common(element, Kind.ESSAY)
    losses = question.losses
    if words_at(element, "responsetemplate"):
        losses = (*losses, "the text that an answer begins with is left out")
    if words_at(element, "attachments") not in {"", "0"}:
        losses = (*losses, "an answer has no files attached to it")
    return replace(
        question,
        grader_info=optional_text(element.find("graderinfo"), question.stem.format),
        losses=losses,
    )


READERS: Mapping[str, Callable[[etree._Element], Question]] = {
    "category": _category,
    "description": _description,
    "multichoice": _choice,
    "truefalse": _truth,
    "shortanswer": _short,
    "numerical": _numerical,
    "matching": _matching,
    "match": _matching,
    "essay": _essay,
}
"""By the type that a `<question>` names. Every other one has no counterpart here."""
