"""Makes a question of each `<question>` of Moodle's XML, as it is written."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from urllib.parse import quote

from lxml import etree

from studium.modules.exchange.formats.html.signs import put_signs
from studium.modules.exchange.formats.moodle.fields import (
    decoded,
    fraction,
    number,
    optional_text,
    rich_text,
    switch,
    words_at,
)
from studium.modules.exchange.formats.questions.numbers import percent
from studium.modules.exchange.formats.questions.parts import (
    ANYTHING,
    FULL,
    ZERO,
    Answer,
    Kind,
    Pair,
    Question,
    RichText,
    TextFormat,
    Unreadable,
    filled,
)
from studium.modules.exchange.model.xml_source import line_of, text_of

ANSWERS_MAX = 1_000
_TRUTHS = ("true", "false")


def title_of(element: etree._Element) -> str:
    """The name by which a report calls an element: its title, else its text."""
    return words_at(element, "name") or words_at(element, "questiontext") or str(element.tag)


def _common(element: etree._Element, kind: Kind) -> Question:
    stem = _with_old_picture(element, rich_text(element.find("questiontext"), TextFormat.HTML))
    return Question(
        kind=kind,
        line=line_of(element),
        title=words_at(element, "name") or None,
        stem=stem,
        feedback=optional_text(element.find("generalfeedback"), stem.format),
        external_id=words_at(element, "idnumber") or None,
        tags=tuple(text_of(tag) for path in ("tags/tag", "coursetags/tag") for tag in element.iterfind(path)),
        points=number(words_at(element, "defaultgrade") or "1", "points"),
    )


def _with_old_picture(element: etree._Element, stem: RichText) -> RichText:
    """Moodle 1 wrote one picture beside the text, as Moodle reads it still."""
    name, content = words_at(element, "image"), decoded(words_at(element, "image_base64"))
    if content is None:
        reason = "its picture is damaged: its base64 cannot be read"
        raise Unreadable(reason)
    if not content:
        return stem
    path = f"/{name.replace('/', '_') or 'picture'}"
    text = f'{stem.text} <img src="@@PLUGINFILE@@{quote(path)}">'
    return replace(stem, text=text, files={path: content, **stem.files})


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
    text_format = question.stem.format
    return replace(
        question,
        is_single=switch(element, "single", default=True),
        answers=tuple(_answer(each, rich_text(each, text_format), text_format) for each in _answers(element)),
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
    partial = next((weight for weight in map(fraction, found) if weight not in {ZERO, FULL}), None)
    if partial is not None:
        loss = f"its wrong answer earned {percent(partial)} and earns nothing"
        question = replace(question, losses=(*question.losses, loss))
    remarks = tuple(optional_text(each.find("feedback"), question.stem.format) for each in found)
    return replace(question, is_true=right == {"true"}, remarks=remarks)


def _short(element: etree._Element) -> Question:
    question = _common(element, Kind.SHORT)
    return filled(question, _plain_answers(element, question, words_of=_short_words))


def _plain_answers(
    element: etree._Element, question: Question, words_of: Callable[[etree._Element], str]
) -> tuple[Answer, ...]:
    return tuple(
        _answer(each, RichText(words_of(each), TextFormat.PLAIN), question.stem.format) for each in _answers(element)
    )


def _short_words(answer: etree._Element) -> str:
    """The key as it is typed; `<sub>` that was not escaped is an element here, and becomes a sign."""
    text = answer.find("text")
    if text is not None and len(text):
        put_signs(text)
    return text_of(text)


def _numerical(element: etree._Element) -> Question:
    question = _common(element, Kind.NUMERICAL)
    return replace(question, answers=_plain_answers(element, question, words_of=_number_words))


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
    return replace(question, grader_info=optional_text(element.find("graderinfo"), question.stem.format))


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

_COMPUTED = "its numbers are made up anew for each learner"
UNHELD: Mapping[str, str] = {
    "cloze": "a text with gaps that are filled in",
    "multianswer": "a text with gaps that are filled in",
    "calculated": _COMPUTED,
    "calculatedsimple": _COMPUTED,
    "calculatedmulti": _COMPUTED,
    "ddwtos": "words are dragged into a text",
    "gapselect": "words are chosen for the gaps of a text",
    "ddimageortext": "things are dragged onto a picture",
    "ddmarker": "places are marked on a picture",
    "ordering": "things are put in order",
    "random": "a question that is picked by chance",
    "randomsamatch": "pairs that are picked by chance",
    "missingtype": "Moodle had lost its type",
    "multichoiceset": "all right options or none",
    "kprime": "several statements, each true or false",
    "mtf": "several statements, each true or false",
    "matrix": "a table of choices",
    "gapfill": "a text with gaps that are filled in",
    "wordselect": "words of a text are marked",
    "regexp": "its key is a regular expression",
    "pmatch": "its key is a pattern",
    "stack": "its key is a formula",
    "formulas": "its key is a formula",
    "coderunner": "a program is written and run",
    "recordrtc": "a recording is the answer",
}
"""Why there are none of a type here, in words."""
