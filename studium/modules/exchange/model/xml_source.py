"""Reads XML of strangers: no entities, no document types, no network, bounded in size and depth, with line numbers."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from lxml import etree

from studium.modules.exchange.model.texts import SourceLocation

XML_MAX = 33_554_432
"""Bytes of one XML file; a text within it may have 10 MB, and elements nest 255 deep (libxml2's own limits)."""

LONG = 10_000_000
"""Characters beyond which libxml2 reads a text only when it is told to."""
_ASCII_ENCODING = re.compile(rb"(?i)utf-8|us-ascii|iso-8859-\d{1,2}|windows-125\d")
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
INCLUSION = "xi:include"
_INCLUSIONS = ("{http://www.w3.org/2001/XInclude}include", "{http://www.w3.org/2003/XInclude}include")
_HREF_MAX = 100


def parse_xml(data: bytes, path: PurePath, root_tag: str | None = None) -> etree._Element:
    """Return the root element, whose descendants know their `sourceline`; raise CourseFormatError with the line.

    Comments and processing instructions are dropped. Text is in the encoding that the file declares, UTF-8 without.
    Where it begins with `root_tag` and nothing before that declares an entity, a single text may be as long as the
    file.
    """
    place = SourceLocation(path, 1)
    if len(data) > XML_MAX:
        reason = f"more than {XML_MAX:,} bytes"
        raise place.error(reason)
    try:
        is_long = root_tag is not None and len(data) > LONG and _declares_nothing(data, root_tag.encode())
        root = etree.fromstring(data, _parser(huge_tree=is_long))
    except etree.XMLSyntaxError as broken:
        reason = f"not well-formed XML: {(broken.msg or 'unreadable')[:200]}"
        raise place.at(max(1, broken.lineno or 1)).error(reason) from None
    except (LookupError, ValueError):
        reason = "not in an encoding that is known"
        raise place.error(reason) from None
    if root.getroottree().docinfo.doctype:
        reason = "a document type declaration, which is not allowed: entities could stand for anything"
        raise place.error(reason)
    return root


def _declares_nothing(data: bytes, root_tag: bytes) -> bool:
    """Whether the file holds no document type, whose entities libxml2 bounds only together with lengths.

    A document type stands before the first element, and is spelled so in every encoding that is looked at.
    """
    head = data[: max(0, data.find(b"<" + root_tag))]
    encoding = _DECLARED.search(head)
    is_ascii = encoding is None or _ASCII_ENCODING.fullmatch(encoding[1]) is not None
    return bool(is_ascii and b"<!" not in head.replace(b"<!--", b"") and b"\0" not in head)


def _parser(*, huge_tree: bool) -> etree.XMLParser:
    """One for each document: libxml2's parsers remember."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=huge_tree,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


@dataclass(frozen=True)
class Inclusion:
    """An XInclude element: where it stood, and what it wanted in its place."""

    line: int
    href: str

    @property
    def why(self) -> str:
        """Why it was left out."""
        return f"nothing is read from elsewhere: {self.href[:_HREF_MAX]!r}"


def take_inclusions(root: etree._Element) -> list[Inclusion]:
    """Take every XInclude element out of the tree, with its fallback, and return them; the text behind each stays."""
    found = [Inclusion(line_of(each), each.get("href", "")) for tag in _INCLUSIONS for each in root.iter(tag)]
    etree.strip_elements(root, *_INCLUSIONS, with_tail=False)
    return sorted(found, key=lambda each: each.line)


def inner_xml(element: etree._Element) -> str:
    """What stands inside an element, as markup."""
    parts = [_escaped(element.text)]
    parts += [etree.tostring(child, encoding="unicode") for child in element]
    return "".join(parts).strip()


def inner_html(element: etree._Element) -> str:
    """What stands inside an element that holds HTML: as Open edX does, text in it is HTML too, as CDATA mostly is."""
    parts = [element.text or "", *(etree.tostring(child, encoding="unicode") for child in element)]
    return "".join(parts).strip()


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_of(element: etree._Element | None) -> str:
    """All text inside an element, with spaces collapsed; "" for none."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def line_of(element: etree._Element) -> int:
    """The line that an element begins on."""
    return int(element.sourceline or 1)
