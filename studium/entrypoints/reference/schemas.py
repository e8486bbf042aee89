"""Schemas as tools want them: plain JSON Schema, short unique names, optional parameters that are never null."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from studium.entrypoints.reference.texts import PARAMETERS

Json = dict[str, Any]
REF = "#/components/schemas/"
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_PYDANTIC = {"HTTPValidationError", "ValidationError"}
_THEIRS = {"File"}
"""Types that TypeScript has of its own: a client's would hide them."""
_PAGE = re.compile(r"Page_(.+)_")


def tidy_schemas(document: Json) -> None:
    """Tidy every schema of a document, in place."""
    schemas: Json = document["components"]["schemas"]
    for name in _PYDANTIC:
        schemas.pop(name, None)
    for node in _nodes(document):
        _tidy(node)
    _rename(document, {name: _short(name, set(schemas)) for name in schemas})


def tidy_parameter(parameter: Json) -> None:
    """What it means, and its schema without null: a query or a header is sent or left out."""
    schema: Json = parameter["schema"]
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == 1:
        schema.pop("anyOf")
        schema |= kinds[0]
    if schema.get("default", ...) is None:
        del schema["default"]
    if parameter["in"] == "header":
        parameter["name"] = "-".join(word.title() for word in parameter["name"].split("-"))
    said = schema.pop("description", None) or PARAMETERS.get(parameter["name"].lower())
    if said is not None:
        parameter.setdefault("description", said)


def _nodes(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _tidy(node: Json) -> None:
    """A decimal is a number with JSON Schema's bounds; titles that repeat the name say nothing."""
    if "decimal_places" in node:
        del node["anyOf"]
        node["type"] = "number"
        node["multipleOf"] = float(Decimal(1).scaleb(-node.pop("decimal_places")))
        node.pop("max_digits", None)
        for theirs, standard in _BOUNDS.items():
            if theirs in node:
                bound = float(node.pop(theirs))
                node[standard] = int(bound) if bound.is_integer() else bound
    if isinstance(node.get("title"), str) and ("type" in node or "anyOf" in node or "$ref" in node or len(node) == 1):
        del node["title"]


def _short(name: str, taken: set[str]) -> str:
    """`CourseOut` is a `Course`, `Page_CourseOut_` a `CoursePage`; what would take another's name keeps its own."""
    page = _PAGE.fullmatch(name)
    if page is not None:
        return _short(page.group(1), taken) + "Page"
    bare = re.sub(r"(Out|Response)$", "", name)
    return f"Stored{bare}" if bare in _THEIRS else name if bare in taken else bare


def _rename(document: Json, names: dict[str, str]) -> None:
    schemas: Json = document["components"]["schemas"]
    if len(set(names.values())) < len(names):
        message = f"two schemas have one name: {sorted(names.values())}"
        raise ValueError(message)
    document["components"]["schemas"] = {names[name]: schemas[name] for name in sorted(schemas, key=names.__getitem__)}
    for node in _nodes(document):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(REF):
            node["$ref"] = REF + names.get(target.removeprefix(REF), "")
        mapping = node.get("mapping")
        if isinstance(mapping, dict):
            node["mapping"] = {key: REF + names[value.removeprefix(REF)] for key, value in mapping.items()}
