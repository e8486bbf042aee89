"""Reads the fields of Moodle's XML: texts with their files, numbers, switches."""

import base64
import binascii
from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from studium.modules.exchange.formats.questions.numbers import decimal_of, plain, weight
from studium.modules.exchange.formats.questions.parts import FULL, RichText, TextFormat, Unreadable
from studium.modules.exchange.model.xml_source import inner_xml, text_of

_FORMATS = {
    "html": TextFormat.HTML,
    "markdown": TextFormat.MARKDOWN,
    "plain_text": TextFormat.PLAIN,
    "moodle_auto_format": TextFormat.MOODLE,
    "wiki_like": TextFormat.PLAIN,
}


def rich_text(element: etree._Element | None, default: TextFormat) -> RichText:
    """Return the text that an element holds, in `<text>` or by itself, with the files beside it."""
    if element is None:
        return RichText("", default)
    name = element.get("format")
    text_format = default if name is None else _FORMATS.get(name.strip(), TextFormat.HTML)
    return RichText(_words(element), text_format, dict(_files(element)))


def optional_text(element: etree._Element | None, default: TextFormat) -> RichText | None:
    """As `rich_text`, but None where there are no words."""
    found = rich_text(element, default)
    return found if found.text else None


def _words(element: etree._Element) -> str:
    """HTML that was written without CDATA has become elements; it is made markup again."""
    text = element.find("text")
    if text is None:
        return (element.text or "").strip()
    return inner_xml(text) if len(text) else (text.text or "").strip()


def _files(element: etree._Element) -> Iterator[tuple[str, bytes]]:
    for file in element.iterfind("file"):
        path = f"/{file.get('path', '/').strip('/')}/{file.get('name', '')}".replace("//", "/")
        if file.get("encoding", "base64") != "base64":
            reason = f"the file {path[:80]!r} is not in base64"
            raise Unreadable(reason)
        content = decoded(file.text or "")
        if content is None:
            reason = f"the file {path[:80]!r} is damaged: its base64 cannot be read"
            raise Unreadable(reason)
        yield path, content


def decoded(text: str) -> bytes | None:
    """What base64 says, None where it is damaged."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def words_at(element: etree._Element, path: str) -> str:
    """Return the words at a path of elements, "" where there are none."""
    return text_of(element.find(path))


def switch(element: etree._Element, tag: str, *, default: bool) -> bool:
    """Return what `true`, `false`, `1` or `0` says."""
    word = words_at(element, tag).lower()
    return word not in {"false", "0"} if word else default


def number(text: str, what: str) -> Decimal:
    """Return a number; raise Unreadable with `what` it was to be."""
    found = decimal_of(text)
    if found is None:
        reason = f"{what} of {text[:40]!r}, which is not a number"
        raise Unreadable(reason)
    return found


def fraction(answer: etree._Element) -> Decimal:
    """Return the percent of the marks that an answer earns; old files say it in an element of its own, as a share."""
    old = words_at(answer, "fraction")
    if not old:
        return weight(answer.get("fraction", "0"))
    share = decimal_of(old)
    return weight(old if share is None else plain(share * FULL))
