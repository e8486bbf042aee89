"""Every place of the OpenAPI document that takes a text, and requests that put a hostile one there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlencode

from tests.policy.test_hostile import real
from tests.world import World

PIECES = {
    "marks": "\u0301\u0316",
    "half-width marks": "\uff9e\u0301",
    "joined marks": "\u0334" * 10 + "\u093c" * 10 + "\u200d",
    "jamo": "\u1100\u1161\u11a8",
    "ligature of eighteen": "\ufdfa",
    "ligatures": "\ufb03\u3356",
    "families": "\U0001f468\u200d\U0001f469\u200d",
    "Turkish capitals": "\u0130",
    "spaces": " \u00a0",
    "letters": "a",
    "comments": "<!--",
    "secrets": "passw",
    "dots and hyphens": "a-a.",
}
BODY_BYTES, HEAD_BYTES = 950_000, 6_000
TEXT_MAX = 20_000
"""Characters where the document names no bound."""

EVERYWHERE = ("user-agent", "accept-language", "authorization", "idempotency-key")
_FORM = "application/x-www-form-urlencoded"
_ENDS_IT = ("/auth/logout",)
Schema = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """One text of one operation: where it stands, by which path inside a body, and how long the document lets it be."""

    method: str
    template: str
    where: str
    path: tuple[str | int, ...]
    longest: int
    body: Schema | None = None
    media: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.template} {self.where} {'/'.join(map(str, self.path))}"


def places(document: Schema) -> list[Place]:
    found: list[Place] = []
    for template, operations in document["paths"].items():
        for method, operation in operations.items():
            if not template.endswith(_ENDS_IT):
                found += _of(document, method.upper(), template, operation)
    # A submission closes the attempt that others write to.
    return sorted(found, key=lambda place: place.template.endswith("/submit"))


def _of(document: Schema, method: str, template: str, operation: Schema) -> Iterator[Place]:
    for name in EVERYWHERE:
        yield Place(method, template, "header", (name,), HEAD_BYTES)
    for each in operation.get("parameters", []):
        schema = each.get("schema", {})
        if each["in"] == "path" or _is_text(document, schema):
            yield Place(method, template, each["in"], (each["name"],), _longest(document, schema))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        for path, longest in _texts(document, schema, ()):
            yield Place(method, template, "body", path, longest, schema, media)


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    options = [_resolved(document, each) for key in ("anyOf", "oneOf", "allOf") for each in schema.get(key, ())]
    return next((each for each in options if each.get("type") != "null"), schema)


def _is_text(document: Schema, schema: Schema) -> bool:
    return _resolved(document, schema).get("type") == "string"


def _longest(document: Schema, schema: Schema) -> int:
    return int(_resolved(document, schema).get("maxLength", TEXT_MAX))


def _texts(
    document: Schema, schema: Schema, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    schema = _resolved(document, schema)
    if schema.get("type") == "string":
        yield path, _longest(document, schema)
    elif schema.get("type") == "array":
        yield from _texts(document, schema["items"], (*path, 0))
    elif "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from _texts(document, inner, (*path, name))
    elif schema.get("type") == "object":
        yield (*path, "text"), TEXT_MAX


class Requests:
    """Makes requests to the school of named people."""

    def __init__(self, world: World) -> None:
        self.document = world.app.openapi()
        self.world = world
        self.pieces = cycle(PIECES.values())

    def places(self) -> list[Place]:
        return places(self.document)

    def who(self, place: Place) -> str:
        """Who gets furthest there."""
        learns = ("/enrollments", "/attempts", "/users/me")
        return "sam" if any(part in place.template for part in learns) and "/grade" not in place.template else "root"

    def request(self, place: Place, text: str) -> dict[str, Any]:
        """What the client sends for this text at this place; the rest of the request is as it should be."""
        headers: dict[str, bytes] = {"authorization": f"Bearer {self.world.tokens[self.who(place)]}".encode()}
        url, content = real(self.world, place.template), b""
        if place.where == "path":
            url = real(self.world, place.template.replace(f"{{{place.path[0]}}}", quote(text, safe="")))
        elif place.where == "query":
            url += "?" + urlencode({str(place.path[0]): text})
        elif place.where == "header":
            headers[str(place.path[0])] = text.strip().encode()
        elif place.media == "multipart/form-data":
            headers["content-type"] = b"multipart/form-data; boundary=b"
            content = _multipart(str(place.path[0]), text)
        else:
            headers["content-type"] = place.media.encode()
            filled = self._filled(place.body or {}, place.path, text)
            content = urlencode(filled).encode() if place.media == _FORM else _json(filled)
        return {"method": place.method, "url": url, "headers": headers, "content": content}

    def text(self, place: Place, piece: str, *, longest: bool) -> str:
        """The piece, as often as the document or the wire allows."""
        size = BODY_BYTES if place.where == "body" else HEAD_BYTES
        per_sign = 3 if place.where in {"path", "query"} or place.media == _FORM else 1
        fits = max(1, size // (len(piece.encode()) * per_sign))
        return piece * fits if longest else ("a" + piece * min(fits, place.longest))[: place.longest]

    def _filled(self, schema: Schema, path: tuple[str | int, ...], text: str) -> Any:  # noqa: ANN401 -- JSON.
        """A value of this schema with what it needs, and with the text at the path."""
        schema = _resolved(self.document, schema)
        if not path:
            return text if schema.get("type") == "string" else self._plain("", schema)
        if schema.get("type") == "array":
            return [self._filled(schema["items"], path[1:], text)]
        members = schema.get("properties", {})
        made = {name: self._plain(name, members[name]) for name in schema.get("required", ())}
        name = str(path[0])
        return {**made, name: self._filled(members.get(name, {"type": "string"}), path[1:], text)}

    def _plain(self, name: str, schema: Schema) -> Any:  # noqa: ANN401 -- JSON.
        schema = _resolved(self.document, schema)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object":
            members = schema.get("properties", {})
            return {each: self._plain(each, members[each]) for each in schema.get("required", ())}
        texts = {
            "email": "sam@school.example",
            "password": "violet kettle 41",
            "question_id": str(self.world.ids["K2"]),
        }
        plain = {"array": [], "integer": 1, "number": 1, "boolean": False}
        return plain.get(str(kind), texts.get(name, "plain text"))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _multipart(name: str, text: str) -> bytes:
    """A form with the text as this field; the file is called by it where it is the file that is meant."""
    start, called = "--b\r\nContent-Disposition: form-data; name=", text if name == "file" else "a"
    field = "" if name == "file" else f'{start}"{name}"\r\n\r\n{text}\r\n'
    return f'{field}{start}"file"; filename="{called}.txt"\r\n\r\nx\r\n--b--\r\n'.encode()
