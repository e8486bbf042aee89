"""The tree of an Open edX course: every element, wherever its file lies, in the order of the course."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from lxml import etree

from studium.kit.http.schemas import BIDI_OVERRIDES
from studium.kit.text.combining_marks import composed
from studium.kit.text.visible import shows_something
from studium.modules.exchange.formats.olx.bounds import Budget, Kept, TooMuch
from studium.modules.exchange.formats.olx.policy import Policy
from studium.modules.exchange.formats.olx.settings import INHERITED, plain
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, place_of
from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseFormatError, SourceLocation
from studium.modules.exchange.model.xml_source import (
    INCLUSION,
    XML_MAX,
    line_of,
    parse_xml,
    take_inclusions,
    text_of,
)

COURSE = "course.xml"
MAX_NODES = 20_000
MAX_DEPTH = 12


@dataclass(frozen=True)
class Node:
    """An element, with the file that it stands in. `above` are the elements that it hangs under, by kind and name.

    `settings` are its own, from its attributes and from the course's policy; `inherited` those that hold from above.
    """

    element: etree._Element
    path: PurePath
    above: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    inherited: Mapping[str, str] = field(default_factory=dict)
    is_missing: bool = False
    """Whether it only names a file, and there is none."""

    @property
    def tag(self) -> str:
        """The kind of element."""
        return str(self.element.tag)

    @property
    def url_name(self) -> str:
        """Its name, unique among its kind; "" where it has none."""
        return self.settings.get("url_name") or (self.path.stem if self.path.parent.name == self.tag else "")

    @property
    def external_id(self) -> str:
        """What the course calls it."""
        return f"{self.tag}/{self.url_name}" if self.url_name else ""

    @property
    def title(self) -> str:
        """The name that its author gave it, "" for none."""
        return title_of(self.settings.get("display_name") or self.settings.get("name"))

    @property
    def name(self) -> str:
        """What the report calls it."""
        return self.title or self.external_id or self.tag

    @property
    def place(self) -> str:
        """Where it stands."""
        return place_of(self.path, line_of(self.element))

    @property
    def is_for_staff(self) -> bool:
        """Whether learners do not see it."""
        return self.get("visible_to_staff_only").lower() == "true"

    def get(self, key: str) -> str:
        """A setting, its own or one from above; "" where there is none."""
        return self.settings.get(key) or self.inherited.get(key, "")

    @property
    def handed_down(self) -> dict[str, str]:
        """The settings that hold for what hangs below it."""
        own = {key: value for key, value in self.settings.items() if key in INHERITED and value}
        return {**self.inherited, **own}


def title_of(text: object) -> str:
    """A title as our rules want it: one line, no control or direction-override characters, 255 characters at most.

    One that shows nothing is empty.
    """
    plain = "".join(each for each in str(text or "") if each.isspace() or not _is_hidden(each))
    title = " ".join(composed(plain).split())[:255].strip()
    return title if shows_something(title) else ""


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) == "Cc" or char in BIDI_OVERRIDES


def words_of_markup(data: bytes) -> int:
    """How many words stand between tags; each `<` and `>` is looked at once."""
    return sum(len(part.rpartition(">")[2].split()) for part in data.decode(errors="replace").split("<"))


class Tree:
    """Follows the elements of a course from file to file."""

    def __init__(self, material: ImportSource, root: PurePath, budget: Budget) -> None:
        self._material, self.root, self._budget = material, root, budget
        self._count = 0
        self._kept: Kept[etree._Element] = Kept()
        self._inclusions: dict[ImportReportEntry, None] = {}
        self.policy = Policy(material, root, "")
        self.used: set[PurePath] = {root / COURSE}

    @property
    def inclusions(self) -> tuple[ImportReportEntry, ...]:
        """The XInclude elements that were left out, each once."""
        return tuple(self._inclusions)

    @property
    def paths(self) -> frozenset[PurePath]:
        """Every file of the material."""
        return self._material.paths

    def is_draft(self, node: Node) -> bool:
        """Whether what has no file of its own is there as a draft."""
        return self.root / "drafts" / node.tag / f"{node.url_name.replace(':', '/')}.xml" in self._material.paths

    def pass_over(self, node: Node) -> int:
        """Note that the outline leads to everything below a part, though nobody asks for it; return how many words."""
        page = self.page_of(node) if node.tag == "html" else None
        words = 0
        if page is not None and page in self._material.paths:
            self.used.add(page)
            words = words_of_markup(self._material.read(page, XML_MAX))
        below = list(self.children(node, quietly=True))
        own = 0 if below and any(each.path != node.path for each in below) else len(text_of(node.element).split())
        return words + own + sum(self.pass_over(child) for child in below if child.path != node.path)

    def course(self) -> tuple[Node, Node]:
        """The element of `course.xml`, which names the course, and the course itself; the same if written out there."""
        pointer = self._node(self._load(self.root / COURSE, "course"), self.root / COURSE, (), {}, {})
        run = pointer.url_name or "course"
        self.policy = Policy(self._material, self.root, run)
        if self.policy.path is not None:
            self.used.add(self.root / self.policy.path)
        course = self._followed(pointer.element, pointer.path, (), {})
        return pointer, course

    def children(self, node: Node, *, quietly: bool = False) -> Iterator[Node]:
        """What hangs below an element, each read from its own file; raises CourseFormatError, not `quietly`."""
        here = (node.tag, node.url_name or f"#{len(node.above)}")  # Only what has a name can be named again.
        if quietly and (here in node.above or len(node.above) >= MAX_DEPTH):
            return
        if here in node.above or len(node.above) >= MAX_DEPTH:
            reason = f"{node.external_id or node.tag} hangs below itself" if here in node.above else "nested too deep"
            raise SourceLocation(node.path, line_of(node.element)).error(reason)
        for child in node.element.iterchildren():
            if not isinstance(child.tag, str):
                continue
            try:
                yield self._followed(child, node.path, (*node.above, here), node.handed_down)
            except TooMuch:
                raise
            except CourseFormatError:
                if not quietly:
                    raise

    def _followed(
        self, element: etree._Element, path: PurePath, above: tuple[tuple[str, str], ...], inherited: Mapping[str, str]
    ) -> Node:
        """The element itself, or what stands in the file that it only names."""
        self._count += 1
        if self._count > MAX_NODES:
            reason = f"more than {MAX_NODES:,} elements in a course"
            raise TooMuch(path, line_of(element), reason)
        has_content = len(element) or (element.text or "").strip()
        target = None if has_content else self._target(element)
        if target is None:
            is_missing = not has_content and set(element.attrib) == {"url_name"}
            return self._node(element, path, above, {}, inherited, is_missing=is_missing)
        return self._node(self._load(target, str(element.tag)), target, above, dict(element.attrib), inherited)

    def _target(self, element: etree._Element) -> PurePath | None:
        """The file that holds what this element names; older courses name it by `filename` or `slug`."""
        tag = str(element.tag)
        keys = ("url_name", "slug") if tag == "html" else ("filename", "url_name", "slug")
        names = (element.get(key, "") for key in keys)
        paths = (self.root / tag / f"{name.replace(':', '/')}.xml" for name in names if name)
        return next((path for path in paths if path in self._material.paths), None)

    def _node(
        self,
        element: etree._Element,
        path: PurePath,
        above: tuple[tuple[str, str], ...],
        pointer: Mapping[str, str],
        inherited: Mapping[str, str],
        *,
        is_missing: bool = False,
    ) -> Node:
        """The node with its settings: its file stands above the element that names it, the policy above both."""
        given = {**pointer, **element.attrib}
        given["url_name"] = pointer.get("url_name") or element.get("url_name") or element.get("slug") or ""
        node = Node(element, path, above, given, inherited)
        settings = {
            str(key): plain(value) for key, value in {**given, **self.policy.of(node.tag, node.url_name)}.items()
        }
        settings["url_name"] = given["url_name"]
        return Node(element, path, above, settings, inherited, is_missing)

    def _load(self, path: PurePath, tag: str) -> etree._Element:
        self.used.add(path)
        root = self._kept.get(path, lambda: self._parsed(path))
        if root.tag != tag:
            reason = f"expected <{tag}>, found <{str(root.tag)[:40]}>"
            raise SourceLocation(path, line_of(root)).error(reason)
        return root

    def _parsed(self, path: PurePath) -> tuple[etree._Element, int]:
        data = self._material.read(path, XML_MAX)
        self._budget.parse(len(data), path)
        root = parse_xml(data, path)
        for each in take_inclusions(root):
            item = ImportReportEntry(INCLUSION, place_of(path, each.line), ImportOutcome.SKIPPED, "inclusion", each.why)
            self._inclusions[item] = None
        return root, len(data)

    def page_of(self, node: Node) -> PurePath | None:
        """The file of an `<html>` element's page; None where the page stands in the element itself.

        Open edX looks beside the file that names the page, then takes a doubled ending away, then folders.
        """
        name = node.settings.get("filename")
        if name is None:
            plain_page = self.root / "html" / f"{node.url_name.replace(':', '/')}.html"
            return plain_page if node.is_missing and plain_page in self._material.paths else None
        name = name.replace(":", "/")
        beside = PurePath("html", *PurePath(node.url_name.replace(":", "/")).parts[:-1])
        stems = [name, *([name.removesuffix(".html")] if name.endswith(".html") else [])]
        paths = [folder / f"{stem}.html" for stem in stems for folder in (beside, PurePath("html"), PurePath())]
        found = (self.root / path for path in paths if self.root / path in self._material.paths)
        return next(found, self.root / "html" / f"{stems[-1]}.html")

    def text(self, path: PurePath, limit: int) -> str:
        """A text file, in UTF-8; raises CourseFormatError."""
        self.used.add(path)
        data = self._material.read(path, limit)
        self._budget.parse(len(data), path)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as broken:
            reason = "not UTF-8; save the file in that encoding"
            raise SourceLocation(path, data.count(b"\n", 0, broken.start) + 1).error(reason) from None

    def optional(self, path: PurePath, limit: int) -> str | None:
        """A text file of the course that may be missing."""
        return self.text(self.root / path, limit) if self.root / path in self._material.paths else None
