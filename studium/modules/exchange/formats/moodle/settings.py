"""What a question of Moodle's XML says that ours cannot, in words for the report: nothing is passed over in silence.

The fields are those of Moodle's own reader and writer (question/format/xml). A value that Moodle writes into every
question without anybody's choice is no loss: `docs/importing.md` names them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from lxml import etree

from studium.modules.exchange.formats.moodle.fields import switch, words_at
from studium.modules.exchange.formats.questions.numbers import decimal_of, percent
from studium.modules.exchange.formats.questions.parts import FULL, Kind
from studium.modules.exchange.formats.questions.texts import label
from studium.modules.exchange.model.xml_source import text_of

_Say = Callable[["etree._Element"], str]  # noqa: SLF001 -- lxml gives its elements no other name.
_TEXT = ("text", "file")
_ALL = ("name", "questiontext", "generalfeedback", "defaultgrade", "idnumber", "tags", "coursetags", "image_base64")
_ANSWERS = ("answer", "single", "shuffleanswers")
_TAKEN: Mapping[Kind, frozenset[str]] = {
    Kind.CHOICE: frozenset({*_ALL, *_ANSWERS}),
    Kind.TRUE_FALSE: frozenset({*_ALL, "answer"}),
    Kind.SHORT: frozenset({*_ALL, "answer"}),
    Kind.NUMERICAL: frozenset({*_ALL, "answer"}),
    Kind.ESSAY: frozenset({*_ALL, "graderinfo"}),
    Kind.CATEGORY: frozenset({"category"}),
}
"""What becomes part of our question."""
_INSIDE: Mapping[str, frozenset[str]] = {
    "name": frozenset({"text"}),
    "category": frozenset({"text"}),
    "questiontext": frozenset(_TEXT),
    "generalfeedback": frozenset(_TEXT),
    "graderinfo": frozenset(_TEXT),
    "feedback": frozenset(_TEXT),
    "answer": frozenset({*_TEXT, "feedback", "fraction", "tolerance"}),
    "tags": frozenset({"tag"}),
    "coursetags": frozenset({"tag"}),
    "tag": frozenset({"text"}),
}
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "question": frozenset({"type"}),
    "answer": frozenset({"fraction", "format"}),
    "file": frozenset({"name", "path", "encoding"}),
}
_FORMAT = frozenset({"format"})
_MANY = frozenset({"answer", "hint", "tag", "file", "coursetags"})
_QUIET = frozenset({"shownumcorrect", "correctresponsesfeedback", "showstandardinstruction", "unitpenalty", "image"})
"""How Moodle shows a question while it is answered, and what says nothing without another field."""
_COURTESIES = (
    "Your answer is correct.",
    "Your answer is partially correct.",
    "Your answer is incorrect.",
    "That's right",
    "Well done!",
)
"""What Moodle says where a teacher has written nothing."""
_NUMBERINGS = {"ABCD": "A., B., C.", "123": "1., 2., 3.", "iii": "i., ii., iii.", "IIII": "I., II., III."}
_PENALTY = (Decimal("0.3333333"), Decimal("0.005"))


def losses_of(element: etree._Element, kind: Kind) -> Iterator[str]:
    """Yield what of a `<question>` is not taken over; the same words may come more than once."""
    if kind not in _TAKEN:
        return
    yield from _attributes(element)
    yield from _stray(element)
    yield from _repeated(element)
    for child in element:
        tag = str(child.tag)
        if tag in _TAKEN[kind]:
            yield from _within(child)
        elif tag not in _QUIET and _says(child):
            yield _SAID.get(tag, _unknown)(child)
    if kind is Kind.CHOICE and not switch(element, "shuffleanswers", default=True):
        yield "its options had a fixed order; a quiz shuffles those of all questions or of none"


def _within(element: etree._Element) -> Iterator[str]:
    """The same for a field that is taken: what stands in it beside its text."""
    yield from _attributes(element)
    known = _INSIDE.get(str(element.tag), frozenset())
    if element.find("text") is not None or "tag" in known:
        yield from _stray(element)
    yield from _repeated(element)
    for child in element:
        if child.tag in known:
            yield from _within(child) if child.tag != "text" else _attributes(child)
        elif _says(child) and (known or child.tag == "text"):
            yield _unknown(child)


def _says(element: etree._Element) -> bool:
    """Whether there is anything in an element, and anything that it does not say by default."""
    tag, words = str(element.tag), text_of(element)
    if tag not in _KNOWN:
        return True
    default = _DEFAULTS.get(tag)
    is_filled = bool(words) or any(set(each.attrib) - _known_attributes(each) for each in element.iter())
    return is_filled and (default is None or not default(words))


def _known_attributes(element: etree._Element) -> frozenset[str]:
    return _ATTRIBUTES.get(str(element.tag), _FORMAT)


def _attributes(element: etree._Element) -> Iterator[str]:
    known = _known_attributes(element)
    for name, value in element.attrib.items():
        if name not in known:
            words = f"{label(str(name), 40)!r} ({label(str(value), 40)!r})"
            yield f"{words} of {str(element.tag)[:40]!r} in Moodle's file is left out"


def _stray(element: etree._Element) -> Iterator[str]:
    found = " ".join(
        filter(None, ((each or "").strip() for each in (element.text, *(child.tail for child in element))))
    )
    if found:
        yield f"words outside of any field are left out: {label(found, 60)!r}"


def _repeated(element: etree._Element) -> Iterator[str]:
    for tag, count in Counter(str(child.tag) for child in element).items():
        if count > 1 and tag not in _MANY:
            yield f"of {count} fields that Moodle's file calls {tag[:40]!r}, only the first is read"


def _unknown(element: etree._Element) -> str:
    value = label(text_of(element), 40)
    return f"what Moodle's file calls {str(element.tag)[:40]!r}{f' ({value})' if value else ''} is left out"


def _whole(words: str) -> bool:
    return any(courtesy in words for courtesy in _COURTESIES)


def _is_usual_penalty(words: str) -> bool:
    found = decimal_of(words)
    return found is not None and (found in {0, 1} or abs(found - _PENALTY[0]) < _PENALTY[1])


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda found: found.lower() in words


_DEFAULTS: Mapping[str, Callable[[str], bool]] = {
    "correctfeedback": _whole,
    "partiallycorrectfeedback": _whole,
    "incorrectfeedback": _whole,
    "penalty": _is_usual_penalty,
    "answernumbering": _one_of("", "abc"),
    "hidden": _one_of("0", "false"),
    "usecase": _one_of("0", "false"),
    "unitgradingtype": _one_of("0"),
    "showunits": _one_of("0", "3"),
    "unitsleft": _one_of("0"),
    "responseformat": _one_of("editor", "plain"),
    "responserequired": _one_of("1"),
    "responsefieldlines": _one_of("10", "15"),
    "minwordlimit": _one_of("", "0"),
    "maxwordlimit": _one_of("", "0"),
    "filetypeslist": _one_of("", "*"),
    "attachments": _one_of("0"),
    "attachmentsrequired": _one_of("0"),
    "maxbytes": _one_of("0"),
}


def _always(words: str) -> _Say:
    return lambda _: words


def _with_value(words: str) -> _Say:
    return lambda element: words.format(label(text_of(element), 60))


def _penalty(element: etree._Element) -> str:
    share = decimal_of(text_of(element))
    size = label(text_of(element), 20) if share is None else percent(share * FULL)
    return f"a deduction of {size} for each further try is left out"


def _numbering(element: etree._Element) -> str:
    words = text_of(element)
    return f"its options were numbered {_NUMBERINGS.get(words, words[:20])}"


_RESPONSES = {
    "editorfilepicker": "an answer holds no files",
    "monospaced": "its answer was typed in a font for code",
    "noinline": "it was answered by files alone, and is answered by a text",
}
_WHOLE = "the feedback on the answer as a whole is left out"
_UNITS = "units are not understood; only the number counts"
_SAID: Mapping[str, _Say] = {
    "correctfeedback": _always(_WHOLE),
    "partiallycorrectfeedback": _always(_WHOLE),
    "incorrectfeedback": _always(_WHOLE),
    "hint": _always("hints are left out"),
    "penalty": _penalty,
    "hidden": _always("it was hidden in Moodle"),
    "answernumbering": _numbering,
    "usecase": _always("upper and lower case count alike"),
    "units": _always(_UNITS),
    "showunits": _always(_UNITS),
    "unitgradingtype": lambda element: f"a deduction of {_unit_penalty(element)} for a wrong unit is left out",
    "unitsleft": _always("its unit stood before the number"),
    "instructions": _always("instructions about its units are left out"),
    "responseformat": lambda element: _RESPONSES.get(text_of(element), _unknown(element)),
    "responserequired": _always("a text was not required of an answer"),
    "responsefieldlines": _with_value("its box for the answer had {} lines"),
    "responsetemplate": _always("the text that an answer begins with is left out"),
    "minwordlimit": _with_value("an answer of at least {} words was wanted"),
    "maxwordlimit": _with_value("an answer of at most {} words was wanted"),
    "attachments": _always("an answer has no files attached to it"),
    "attachmentsrequired": _with_value("{} files were to be attached to an answer"),
    "filetypeslist": _with_value("the kinds of files that an answer may have ({}) are left out"),
    "maxbytes": _with_value("the largest file of an answer ({} bytes) is left out"),
    "info": _with_value("its description is left out: {}"),
    "idnumber": _with_value("its ID number is left out: {}"),
}


def _unit_penalty(element: etree._Element) -> str:
    parent = element.getparent()
    share = None if parent is None else decimal_of(words_at(parent, "unitpenalty"))
    return percent((Decimal("0.1") if share is None else share) * FULL)


_KNOWN = frozenset[str]().union(*_TAKEN.values(), *_INSIDE.values(), _SAID)
"""Fields that say nothing where they are empty; an unknown one may be a switch."""
