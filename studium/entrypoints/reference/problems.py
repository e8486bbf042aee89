"""Problems in the document: their schema, and an example of each."""

import inspect
from collections.abc import Iterable

from studium.entrypoints.reference.schemas import Json
from studium.kit.base.problems import Problem

PROBLEM: Json = {
    "type": "object",
    "description": "A refusal (RFC 9457). Decide by `code`; further members belong to some codes.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/` and the code with dashes."},
        "title": {"type": "string", "description": "What kind of problem it is, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong this time, for people."},
        "instance": {"type": "string", "description": "The path of the request."},
        "code": {"type": "string", "description": "What kind of problem it is, for programs."},
        "request_id": {"type": "string", "description": "Names the request in the server's logs."},
        "errors": {
            "type": "array",
            "maxItems": 20,
            "description": "With `invalid_input`: what is wrong, and where.",
            "items": {"$ref": "#/components/schemas/FieldError"},
        },
        "reasons": {
            "type": "array",
            "description": "With some codes: what is missing or does not fit.",
            "items": {},
        },
    },
    "additionalProperties": True,
}
FIELD_ERROR: Json = {
    "type": "object",
    "description": "One thing that is wrong with the input. It never repeats the value.",
    "required": ["in", "pointer", "code", "detail"],
    "properties": {
        "in": {"type": "string", "enum": ["body", "path", "query", "header", "form"]},
        "pointer": {"type": "string", "description": "A JSON pointer to the member, or `/` and the parameter's name."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_ERROR = {"in": "body", "pointer": "/email", "code": "missing", "detail": "Field required"}
_MEMBERS: dict[str, Json] = {
    "invalid_input": {"detail": "The input is not valid; see errors.", "errors": [_ERROR]},
}


def meaning(kind: type[Problem]) -> str:
    """What a problem means, in one paragraph."""
    return " ".join((inspect.getdoc(kind) or kind.title).split())


def problem_examples(kinds: Iterable[type[Problem]]) -> Json:
    """An example of each, by its code."""
    return {example_name(kind): _example(kind) for kind in sorted(kinds, key=example_name)}


def example_name(kind: type[Problem]) -> str:
    """What the example is called: the code, and the status where a class shares the code of the one that it is of."""
    return f"{kind.code()}_{kind.status}" if kind.code() in _codes_above(kind) else kind.code()


def _codes_above(kind: type[Problem]) -> set[str]:
    return {each.code() for each in kind.__mro__[1:] if issubclass(each, Problem)}


def _example(kind: type[Problem]) -> Json:
    return {
        "summary": kind.title,
        "description": meaning(kind),
        "value": {
            "type": f"/problems/{kind.slug()}",
            "title": kind.title,
            "status": kind.status,
            "detail": kind.title,
            "instance": "/api/v1/…",
            "code": kind.code(),
            "request_id": "0197a3c1b6e47d0f",
            **_MEMBERS.get(kind.code(), {}),
        },
    }
