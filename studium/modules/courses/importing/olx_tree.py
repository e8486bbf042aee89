"""The tree of an Open edX course: every element, wherever its file lies, in the order of the course."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from lxml import etree

from studium.kit.marks import composed
from studium.kit.schema import BIDI_OVERRIDES
from studium.modules.courses.course_text import CourseFormatError, Place
from studium.modules.courses.importing.items import Fate, ReportItem, place_of
from studium.modules.courses.importing.xml_source import INCLUSION, XML_MAX, line_of, parse_xml, take_inclusions
from studium.modules.courses.material import Material

COURSE = "course.xml"
MAX_NODES = 20_000
MAX_DEPTH = 12


@dataclass(frozen=True)
class Node:
    """An element, with the file that it stands in. `above` are the elements that it hangs under, by kind and name."""

    element: etree._Element
    path: PurePath
    above: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        """The kind of element."""
        return str(self.element.tag)

    @property
    def url_name(self) -> str:
        """Its name, unique among its kind; "" where it has none."""
        return self.element.get("url_name") or (self.path.stem if self.path.parent.name == self.tag else "")

    @property
    def is_missing(self) -> bool:
        """Whether it only names a file, and there is none."""
        has_content = len(self.element) or (self.element.text or "").strip()
        return not has_content and set(self.element.attrib) == {"url_name"}

    @property
    def external_id(self) -> str:
        """What the course calls it."""
        return f"{self.tag}/{self.url_name}" if self.url_name else ""

    @property
    def name(self) -> str:
        """What people call it."""
        return title_of(self.element.get("display_name")) or self.external_id or self.tag

    @property
    def place(self) -> str:
        """Where it stands."""
        return place_of(self.path, line_of(self.element))


def title_of(text: object) -> str:
    """A title as our rules want it: one line, no control or direction-override characters, 255 characters at most."""
    plain = "".join(each for each in str(text or "") if each.isspace() or not _is_hidden(each))
    return " ".join(composed(plain).split())[:255].strip()


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) == "Cc" or char in BIDI_OVERRIDES


class Tree:
    """Follows the elements of a course from file to file."""

    def __init__(self, material: Material, root: PurePath) -> None:
        self._material, self.root = material, root
        self._count = 0
        self._inclusions: dict[ReportItem, None] = {}

    @property
    def inclusions(self) -> tuple[ReportItem, ...]:
        """The XInclude elements that were left out, each once."""
        return tuple(self._inclusions)

    def course(self) -> tuple[Node, Node]:
        """The element of `course.xml`, which names the course, and the course itself; the same if written out there."""
        pointer = self._load(self.root / COURSE, "course", ())
        return pointer, self._followed(pointer.element, pointer.path, ())

    def children(self, node: Node, *, quietly: bool = False) -> Iterator[Node]:
        """What hangs below an element, each read from its own file; raises CourseFormatError, not `quietly`."""
        here = (node.tag, node.url_name or node.place)
        if here in node.above or len(node.above) >= MAX_DEPTH:
            reason = f"{node.external_id or node.tag} hangs below itself" if here in node.above else "nested too deep"
            raise Place(node.path, line_of(node.element)).error(reason)
        for child in node.element.iterchildren():
            if not isinstance(child.tag, str):
                continue
            try:
                yield self._followed(child, node.path, (*node.above, here))
            except CourseFormatError:
                if not quietly:
                    raise

    def _followed(self, element: etree._Element, path: PurePath, above: tuple[tuple[str, str], ...]) -> Node:
        """The element itself, or what stands in the file that it only names."""
        self._count += 1
        if self._count > MAX_NODES:
            reason = f"more than {MAX_NODES:,} elements in a course"
            raise Place(path, line_of(element)).error(reason)
        tag, name = str(element.tag), element.get("url_name", "")
        target = self.root / tag / f"{name.replace(':', '/')}.xml"
        if not name or len(element) or (element.text or "").strip():
            return Node(element, path, above)
        if target not in self._material.paths:
            return Node(element, path, above)
        return self._load(target, tag, above)

    def _load(self, path: PurePath, tag: str, above: tuple[tuple[str, str], ...]) -> Node:
        root = parse_xml(self._material.read(path, XML_MAX), path)
        if root.tag != tag:
            reason = f"expected <{tag}>, found <{str(root.tag)[:40]}>"
            raise Place(path, line_of(root)).error(reason)
        for each in take_inclusions(root):
            item = ReportItem(INCLUSION, place_of(path, each.line), Fate.SKIPPED, "inclusion", each.why)
            self._inclusions[item] = None
        return Node(root, path, above)

    def page_of(self, node: Node) -> PurePath | None:
        """The file of an `<html>` element's page; None where the page stands in the element itself."""
        name = node.element.get("filename")
        return None if name is None else self.root / "html" / f"{name.replace(':', '/')}.html"

    def text(self, path: PurePath, limit: int) -> str:
        """A text file, in UTF-8; raises CourseFormatError."""
        data = self._material.read(path, limit)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as broken:
            reason = "not UTF-8; save the file in that encoding"
            raise Place(path, data.count(b"\n", 0, broken.start) + 1).error(reason) from None

    def optional(self, path: PurePath, limit: int) -> str | None:
        """A text file of the course that may be missing."""
        return self.text(self.root / path, limit) if self.root / path in self._material.paths else None
