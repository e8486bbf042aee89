"""Reads single values out of the YAML of a course, by the rules that the API has for the same fields."""

from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from pydantic import TypeAdapter

from studium.kit.http.schemas import Metadata, Percent, Points, SafeUrl, Title
from studium.modules.exchange.formats.own.yaml import Items, Mapping, Node, Scalar, json_object
from studium.modules.exchange.model.texts import JsonObject

E = TypeVar("E", bound=StrEnum)

TITLE: TypeAdapter[str] = TypeAdapter(Title)
URL: TypeAdapter[str] = TypeAdapter(SafeUrl)
POINTS: TypeAdapter[Decimal] = TypeAdapter(Points)
PERCENT: TypeAdapter[Decimal] = TypeAdapter(Percent)
_METADATA: TypeAdapter[JsonObject] = TypeAdapter(Metadata)


def text_of(node: Node, what: str) -> str:
    """Return the text of a scalar, as it was written: a plain 12 or true is text here. Empty is an error."""
    if not isinstance(node, Scalar):
        reason = f"{what}: expected a text"
        raise node.place.error(reason)
    text = node.text.strip()
    if not text:
        reason = f"{what}: must not be empty"
        raise node.place.error(reason)
    return text


def text(fields: Mapping, key: str, adapter: TypeAdapter[str]) -> str | None:
    """Return an optional text, checked by `adapter`."""
    node = fields.nodes.get(key)
    return None if node is None else node.place.checked(key, adapter, text_of(node, key))


def needed_text(fields: Mapping, key: str, adapter: TypeAdapter[str]) -> str:
    """Return a text that must be there."""
    found = text(fields, key, adapter)
    if found is None:
        reason = f"{key!r} is missing"
        raise fields.place.error(reason)
    return found


def whole(fields: Mapping, key: str, low: int, high: int) -> int | None:
    """Return an optional whole number low..high."""
    node = fields.nodes.get(key)
    if node is None:
        return None
    value = node.value() if isinstance(node, Scalar) else None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        reason = f"{key}: expected a whole number from {low} to {high}"
        raise node.place.error(reason)
    return value


def decimal(fields: Mapping, key: str, adapter: TypeAdapter[Decimal], default: Decimal) -> Decimal:
    """Return a number as `adapter` bounds it."""
    node = fields.nodes.get(key)
    if node is None:
        return default
    value = node.value() if isinstance(node, Scalar) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        reason = f"{key}: expected a number"
        raise node.place.error(reason)
    return node.place.checked(key, adapter, value).normalize()


def flag(fields: Mapping, key: str, *, default: bool) -> bool:
    """Return true or false."""
    node = fields.nodes.get(key)
    if node is None:
        return default
    value = node.value() if isinstance(node, Scalar) else None
    if not isinstance(value, bool):
        reason = f"{key}: expected true or false"
        raise node.place.error(reason)
    return value


def word(fields: Mapping, key: str, kind: type[E]) -> E | None:
    """Return an optional member of `kind`."""
    node = fields.nodes.get(key)
    if node is None:
        return None
    found = text_of(node, key)
    if found not in set(kind):
        reason = f"{key}: expected one of {', '.join(kind)}"
        raise node.place.error(reason)
    return kind(found)


def items(node: Node, what: str) -> list[Node]:
    """Return the items of a list."""
    if not isinstance(node, Items):
        reason = f"{what}: expected a list of lines that begin with `-`"
        raise node.place.error(reason)
    return node.nodes


def metadata(fields: Mapping) -> JsonObject:
    """Return the free-form metadata, empty without any."""
    node = fields.nodes.get("metadata")
    return {} if node is None else node.place.checked("metadata", _METADATA, json_object(node, "metadata"))
