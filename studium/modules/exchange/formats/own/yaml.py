"""A small, strict YAML: maps, lists and scalars with their lines; no aliases, anchors, tags or duplicate keys.

The rest of YAML is where surprises live: aliases blow up, tags make objects, `no` becomes false, dates lose their text.
"""

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from studium.modules.exchange.model.texts import JsonObject, SourceLocation

DEPTH_MAX = 10
NODES_MAX = 200_000
"""Keys, values and lists of one block; the largest quiz that is allowed has fewer."""
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_COMMENT = re.compile(r"[ \t]*#")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,3999})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,400}\.[0-9]{0,400}([eE][-+][0-9]{1,3})?")


@dataclass(frozen=True)
class Scalar:
    """One value; `plain` is false where the author put quotes around it or wrote a block."""

    place: SourceLocation
    text: str
    plain: bool

    def value(self) -> str | int | float | bool | None:
        """What a plain scalar means: true, false, null, a number, else text. A quoted one is always text."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        number = float(self.text) if _DECIMAL.fullmatch(self.text) else math.nan
        return number if math.isfinite(number) else self.text


@dataclass(frozen=True)
class Items:
    """A list."""

    place: SourceLocation
    nodes: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Mapping:
    """A map; every key once."""

    place: SourceLocation
    nodes: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, SourceLocation] = field(default_factory=dict)

    def only(self, known: tuple[str, ...]) -> "Mapping":
        """Return itself, or raise CourseFormatError at the first key that is not in `known`."""
        for key, place in self.keys.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
                message = f"unknown key {key[:40]!r}; {hint}"
                raise place.error(message)
        return self


Node = Scalar | Items | Mapping


def read_yaml(text: str, place: SourceLocation) -> Mapping:
    """Read the map in `text`, whose first line is `place.line`; raise CourseFormatError with the line."""
    try:
        root = _Tree(place).build(text)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = place.line + (mark.line if mark else 0)
        reason = f"not valid YAML: {broken.problem or broken.context}"
        raise place.at(line).error(reason) from None
    except yaml.YAMLError as broken:
        reason = f"not valid YAML: {getattr(broken, 'reason', 'unreadable')}"
        raise place.error(reason) from None
    if not isinstance(root, Mapping):
        reason = "expected `key: value` lines"
        raise place.error(reason)
    return root


def plain_data(node: Node) -> object:
    """Return the node as JSON data."""
    if isinstance(node, Scalar):
        return node.value()
    if isinstance(node, Items):
        return [plain_data(each) for each in node.nodes]
    return {key: plain_data(each) for key, each in node.nodes.items()}


def json_object(node: Node, what: str) -> JsonObject:
    """Return a map as JSON data; raise CourseFormatError for anything else."""
    if not isinstance(node, Mapping):
        reason = f"{what}: expected a map"
        raise node.place.error(reason)
    return {key: plain_data(each) for key, each in node.nodes.items()}


class _Tree:
    """Builds nodes from parser events without recursion, so that depth is ours to bound."""

    def __init__(self, start: SourceLocation) -> None:
        self._start = start
        self._open: list[Items | Mapping] = []
        self._key: list[tuple[str, SourceLocation] | None] = []
        self._root: Node | None = None
        self._lines: list[str] = []
        self._nodes = 0

    def build(self, text: str) -> Node | None:
        documents = 0
        self._lines = text.split("\n")
        for event in self._events(text):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                reason = "a second YAML document; `---` may stand only at the front"
                raise self._place(event).error(reason)
            self._take(event)
        return self._root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        yield from yaml.parse(text, Loader=_Loader)

    def _place(self, event: yaml.Event) -> SourceLocation:
        return self._start.at(self._start.line + (event.start_mark.line if event.start_mark else 0))

    def _take(self, event: yaml.Event) -> None:
        place = self._place(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._key.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._nodes += 1
            self._refuse(event, place)
            self._add(event, place)

    def _refuse(self, event: yaml.NodeEvent, place: SourceLocation) -> None:
        """Refuse what this YAML leaves out."""
        reason = ""
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            reason = "YAML aliases and anchors (`*name`, `&name`) are not allowed; put the text in quotes"
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            reason = "YAML tags (`!name`) are not allowed; put the text in quotes"
        elif isinstance(event, yaml.ScalarEvent) and not event.style and self._is_cut(event):
            reason = "the text ends before ` #`; put it in quotes, or give the comment a line of its own"
        elif self._nodes > NODES_MAX:
            reason = f"more than {NODES_MAX:,} keys and values"
        elif len(self._open) >= DEPTH_MAX:
            reason = f"nested deeper than {DEPTH_MAX} levels"
        if reason:
            raise place.error(reason)

    def _is_cut(self, event: yaml.ScalarEvent) -> bool:
        """Tell whether YAML takes the rest of a line for a comment, where the author may have meant more text."""
        end = event.end_mark
        if end is None or end.line >= len(self._lines):
            return False
        return _COMMENT.match(self._lines[end.line], end.column) is not None

    def _add(self, event: yaml.NodeEvent, place: SourceLocation) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._put(Scalar(place, event.value, not event.style), place)
            return
        node = Items(place) if isinstance(event, yaml.SequenceStartEvent) else Mapping(place)
        self._put(node, place)
        self._open.append(node)
        self._key.append(None)

    def _put(self, node: Node, place: SourceLocation) -> None:
        if not self._open:
            self._root = node
        elif isinstance(parent := self._open[-1], Items):
            parent.nodes.append(node)
        elif (key := self._key[-1]) is None:
            self._key[-1] = self._as_key(node, parent), place
        else:
            parent.nodes[key[0]] = node
            parent.keys[key[0]] = key[1]
            self._key[-1] = None

    def _as_key(self, node: Node, parent: Mapping) -> str:
        if not isinstance(node, Scalar):
            reason = "a key must be a word"
            raise node.place.error(reason)
        if node.text in parent.nodes:
            reason = f"the key {node.text[:40]!r} stands here twice"
            raise node.place.error(reason)
        return node.text
