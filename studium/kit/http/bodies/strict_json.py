"""Reading JSON without trust: UTF-8 only, no duplicate members, no NaN, bounded depth and size, no half characters."""

import json
import re
from typing import Any

from studium.kit.base.problems import FieldError, InvalidInput, MalformedBody

MAX_DEPTH = 32
MAX_MEMBERS = 1_000
"""Members of one object; free-form metadata, the largest object that any schema takes, has 64."""
MAX_VALUES = 20_000
"""Values in a body; the largest that a schema takes, 500 answers of 20 options, has 12,000.

Without these two a small body becomes a million objects here, and as many complaints of the schema's.
"""


# Possessive, and the last quote may be missing: no body makes it go back.
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_HALF = re.compile("[\x00\ud800-\udfff]")
_TOO_LARGE = f"An object has more than {MAX_MEMBERS} members."
_TOO_MANY = f"The body has more than {MAX_VALUES} values."


def _too_large(sentence: str) -> InvalidInput:
    """JSON all right, but more of it than any schema takes."""
    return InvalidInput([FieldError("body", "", "too_large", sentence)])


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_MEMBERS:
        raise _too_large(_TOO_LARGE)
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "A member of an object is there twice."
        raise MalformedBody(message)
    return members


def _no_constants(name: str) -> object:
    del name
    message = "NaN and Infinity are not JSON."
    raise MalformedBody(message)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        message = "A number is out of range."
        raise MalformedBody(message)
    return value


_decoder = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_float=_finite)


def read_json(body: bytes) -> Any:  # noqa: ANN401 -- JSON is anything until a schema has looked at it.
    """Parse `body`; raise MalformedBody (400), or InvalidInput (422) for more than any schema takes; neither echoes."""
    # Counted on the wire: as objects they would already have taken twenty times the memory.
    if body.count(b",") > MAX_VALUES and _TEXTS.sub(b"", body).count(b",") > MAX_VALUES:
        raise _too_large(_TOO_MANY)
    try:
        value = _decoder.decode(body.decode("utf-8"))
        if body.count(b"{") + body.count(b"[") > MAX_DEPTH or b"\\u" in body:
            _inspect(value)
    except UnicodeDecodeError:
        message = "The body is not UTF-8."
        raise MalformedBody(message) from None
    except RecursionError:
        message = "The body is nested too deeply."
        raise MalformedBody(message) from None
    except ValueError:
        message = "The body is not valid JSON."
        raise MalformedBody(message) from None
    return value


def _inspect(value: object) -> None:
    """Walk without recursion: depth (a flat object is 1), how many values, no NUL or lone surrogate in any text."""
    pending: list[tuple[object, int]] = [(value, 1)]
    count = 1
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict | list):
            if depth > MAX_DEPTH:
                message = f"The body is nested deeper than {MAX_DEPTH} levels."
                raise MalformedBody(message)
            count += len(item)
            if count > MAX_VALUES:
                raise _too_large(_TOO_MANY)
            children = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            pending.extend((child, depth + 1) for child in children)


def _check_text(text: str) -> None:
    if _HALF.search(text):
        message = "A text contains NUL or half a character."
        raise MalformedBody(message)
