"""The report of an import in the words of the page. The API says it in English; what is not known here stays so."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from studium.kit.base.languages import DEFAULT
from studium.web.reports.sentences import LISTS, LOOSE, NAMES, PARTS, SENTENCES, VALUE, Form, forms_of
from studium.web.translations import Translations

_PARTS = "; "
_MOST = 4
"""Such parts as one sentence has at most, with all that stands in its values."""
_DEEPEST = 4
_TOLD = 20
"""Parts of a sentence, or of a list in it, that are looked up. The rest stays as it is: names may be full of signs."""
_ALONE = "; the source says: "
"""Nothing follows a sentence with this: what it quotes may be any text."""
_MORE = " …)"
_OPENS = re.compile(r" \(")
_QUOTES = frozenset("'\"")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the report says; what is not translated is in English."""

    text: str
    is_english: bool = False


def told(words: Translations, sentence: str) -> list[Told]:
    """A line of the report, thing by thing."""
    if words.language == DEFAULT or not sentence:
        return [Told(sentence)] if sentence else []
    bare, places = _without_places(words, sentence)
    found = [Told(bare, is_english=True) if said is None else Told(said) for bare, said in _things(words, bare)]
    return [*found[:-1], replace(found[-1], text=f"{found[-1].text} ({_apart(places)}…)")] if places else found


def reported(words: Translations, sentence: str) -> Markup:
    """The same as markup, in which what is in English says so."""
    return escape(words.gettext("; ")).join(
        Markup('<bdi lang="en">{}</bdi>').format(one.text) if one.is_english else escape(one.text)
        for one in told(words, sentence)
    )


def reported_name(words: Translations, name: str) -> str:
    """What a line is called: it may stand for many items. Anything else is a name that people gave."""
    said = (
        None
        if words.language == DEFAULT
        else _in_a_form(words, name, 0, [form for form in forms_of(name) if form.sentence in NAMES])
    )
    return name if said is None else said


def _without_places(words: Translations, sentence: str) -> tuple[str, str]:
    """The sentence without the first places of the items that it is about, and these."""
    if not sentence.endswith(_MORE):
        return sentence, ""
    starts = [found.start() for found in _OPENS.finditer(sentence, 1)]
    known = (at for at in reversed(starts) if all(said for _, said in _things(words, sentence[:at])))
    at = next(known, starts[-1] if starts else len(sentence))
    return sentence[:at], sentence[at + 2 :].removesuffix(_MORE)


def _things(words: Translations, sentence: str) -> Iterator[tuple[str, str | None]]:
    if _ALONE in sentence:
        said = _said(words, sentence, 0)
        if said is not None:
            yield sentence, said
            return
    yield from _pieces(words, sentence, _PARTS, 0)


def _pieces(words: Translations, sentence: str, sign: str, depth: int) -> Iterator[tuple[str, str | None]]:
    """What stands between the signs, each with its translation. Some sentences have such a sign in them."""
    parts, place = sentence.split(sign), 0
    while place < min(_TOLD, len(parts)):
        runs = [sign.join(parts[place : place + many]) for many in range(1, min(_MOST, len(parts) - place) + 1)]
        whole = [run for run in reversed(runs) if run in SENTENCES]
        tried = ((run, _said(words, run, depth)) for run in (*whole, *runs))
        run, said = next((each for each in tried if each[1] is not None), (runs[0], None))
        yield run, said
        place += run.count(sign) + 1
    if place < len(parts):
        yield sign.join(parts[place:]), None


def _said(words: Translations, sentence: str, depth: int) -> str | None:
    """A sentence in the words of the page; None where it is not known."""
    if sentence in SENTENCES:
        return words.gettext(sentence)
    return None if depth > _DEEPEST else _in_a_form(words, sentence, depth, forms_of(sentence))


def _in_a_form(words: Translations, sentence: str, depth: int, forms: list[Form]) -> str | None:
    for form in forms:
        values = form.values(sentence)
        if values is None:
            continue
        shown = {name: _value(words, name, value, depth) for name, value in values.items()}
        if None in shown.values():
            continue
        text = words.gettext(form.sentence)
        if form.one is not None:
            text = words.ngettext(form.one, form.sentence, int(values["n"].replace(",", "")))
        return _filled(text, shown)
    return None


def _filled(text: str, values: Mapping[str, str | None]) -> str:
    """The sentence with its values. What looks like the name of one within a value stays."""
    return VALUE.sub(lambda found: str(values[found[1]]), text)


def _value(words: Translations, name: str, value: str, depth: int) -> str | None:
    if name in PARTS:
        return _said(words, value, depth + 1)
    if name in LISTS:
        pieces = _pieces(words, value, LISTS[name], depth + 1)
        return words.gettext(", ").join(_apart(piece) if said is None else said for piece, said in pieces)
    if name in LOOSE and value in SENTENCES:
        return words.gettext(value)
    return value if value.replace(",", "").isdecimal() else _apart(value)


def _apart(value: str) -> str:
    """A value of any writing, kept from mixing with the sentence around it. Quotation marks are those of Python."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES:
        value = value[1:-1]
    return f"\u2068{value}\u2069"
