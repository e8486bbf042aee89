"""Reads XML of strangers: no entities, no document types, no network, bounded in size and depth, with line numbers."""

from dataclasses import dataclass
from pathlib import PurePath

from lxml import etree

from studium.modules.courses.course_text import Place

XML_MAX = 33_554_432
"""Bytes of one XML file; a text within it may have 10 MB, and elements nest 255 deep (libxml2's own limits)."""

INCLUSION = "xi:include"
_INCLUSIONS = ("{http://www.w3.org/2001/XInclude}include", "{http://www.w3.org/2003/XInclude}include")
_HREF_MAX = 100


def parse_xml(data: bytes, path: PurePath) -> etree._Element:
    """Return the root element, whose descendants know their `sourceline`; raise CourseFormatError with the line.

    Comments and processing instructions are dropped. Text is in the encoding that the file declares, UTF-8 without.
    """
    place = Place(path, 1)
    if len(data) > XML_MAX:
        reason = f"more than {XML_MAX:,} bytes"
        raise place.error(reason)
    try:
        root = etree.fromstring(data, _parser())
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


def _parser() -> etree.XMLParser:
    """One for each document: libxml2's parsers remember."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
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


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_of(element: etree._Element | None) -> str:
    """All text inside an element, with spaces collapsed; "" for none."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def line_of(element: etree._Element) -> int:
    """The line that an element begins on."""
    return int(element.sourceline or 1)
