"""What a function asks for, read from its signature by FastAPI's rules: parts of the request, and other functions.

Only what FastAPI, Pydantic and Python document is used: `inspect.signature`, `Annotated` with FastAPI's markers, and
`TypeAdapter`. What is not known here (a form, a cookie, a list in a query) is told apart, so that FastAPI can do it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, cached_property
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from fastapi import params
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

Call = Callable[..., Any]
Errors = list[dict[str, Any]]
MISSING: Any = object()
"""Stands for a part of the request that was not sent."""

_SCALARS = (str, int, float, bool, Decimal, UUID, date, datetime, Enum, NoneType)
_MARKERS = params.Param | params.Body
_SOURCES = ("path", "query", "header", "body")


@dataclass(frozen=True)
class Field:
    """A part of the request that is a parameter: where it comes from, under which name, and how it is validated."""

    name: str
    source: str
    alias: str
    default: Any
    type: Any

    @cached_property
    def _validate(self) -> Callable[..., Any]:
        return TypeAdapter(self.type).validate_python

    @property
    def place(self) -> tuple[str, ...]:
        """Where an error about it is: the body as a whole has no name."""
        return ("body",) if self.source == "body" else (self.source, self.alias)

    def read(self, sent: Any, errors: Errors) -> Any:  # noqa: ANN401 -- what the annotation says.
        """The validated value, or the default; what is wrong is added to `errors`, and MISSING is returned."""
        if sent is MISSING:
            if self.default is MISSING:
                errors.append({"type": "missing", "loc": self.place, "msg": "Field required", "input": None})
            return self.default
        try:
            return self._validate(sent, from_attributes=True)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            errors.extend({**each, "loc": (*self.place, *each["loc"])} for each in found)
            return MISSING


@dataclass(frozen=True)
class Asked:
    """What one function asks for. `unknown` names parameters that only FastAPI knows how to fill."""

    request: tuple[str, ...]
    response: tuple[str, ...]
    fields: tuple[Field, ...]
    depends: tuple[tuple[str, params.Depends], ...]
    unknown: tuple[str, ...]


def asked_by(call: Call, path_names: frozenset[str]) -> Asked:
    """What a function asks for on a route whose address has these parameters."""
    return _asked(call, path_names.intersection(_parameters(call)))


@cache
def _parameters(call: Call) -> Mapping[str, Parameter]:
    return signature(call, eval_str=True).parameters


@cache
def _asked(call: Call, path_names: frozenset[str]) -> Asked:
    request, response, unknown = [], [], []
    fields: list[Field] = []
    depends: list[tuple[str, params.Depends]] = []
    for name, parameter in _parameters(call).items():
        type_, *metadata = _annotated(parameter.annotation)
        marker = next((each for each in reversed(metadata) if isinstance(each, params.Depends | _MARKERS)), None)
        if isinstance(marker, params.Depends):
            # A security scheme is there for the OpenAPI document; the parameter keeps its default.
            if not isinstance(marker.dependency, SecurityBase):
                depends.append((name, marker))
        elif _is_subclass(type_, Request) or type_ is HTTPConnection:
            request.append(name)
        elif _is_subclass(type_, Response):
            response.append(name)
        else:
            source = _source(name, type_, marker, path_names)
            if source is not None:
                fields.append(_field(parameter, source, marker))
            if source is None or (source != "body" and not _is_scalar(type_)):
                unknown.append(name)
    fields.sort(key=lambda field: _SOURCES.index(field.source))
    return Asked(tuple(request), tuple(response), tuple(fields), tuple(depends), tuple(unknown))


def functions_of(call: Call, path_names: frozenset[str] = frozenset()) -> Iterator[Call]:
    """A function, then those that it depends on, each followed by its own; what several need comes several times."""
    yield call
    for _, marker in asked_by(call, path_names).depends:
        if marker.dependency is not None:
            yield from functions_of(marker.dependency, path_names)


def _annotated(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- an annotation.
    return get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)


def _field(parameter: Parameter, source: str, marker: params.Param | params.Body | None) -> Field:
    type_, *metadata = _annotated(parameter.annotation)
    alias = marker.alias if marker is not None else None
    if alias is None and isinstance(marker, params.Header) and marker.convert_underscores:
        alias = parameter.name.replace("_", "-")
    # Of a marker only the constraints count: its alias and its texts are for the document.
    constraints = [part for each in metadata for part in (each.metadata if isinstance(each, _MARKERS) else [each])]
    default = MISSING if parameter.default is Parameter.empty else parameter.default
    kind = Annotated[(type_, *constraints)] if constraints else type_
    return Field(parameter.name, source, alias or parameter.name, default, kind)


def _source(
    name: str,
    type_: Any,  # noqa: ANN401 -- an annotation.
    marker: params.Param | params.Body | None,
    path_names: frozenset[str],
) -> str | None:
    """Where a parameter comes from; None for what is unknown here."""
    if marker is None and _is_model(type_):
        return "body"
    if type(marker) is params.Body:
        return None if marker.embed else "body"
    if name in path_names:
        return "path"
    if isinstance(marker, params.Query) or (marker is None and _is_scalar(type_)):
        return "query"
    return "header" if isinstance(marker, params.Header) else None


def _is_subclass(type_: Any, kind: type) -> bool:  # noqa: ANN401 -- an annotation.
    return isinstance(type_, type) and issubclass(type_, kind)


def _members(type_: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- an annotation.
    """The types of a union, without what annotates them."""
    plain = _annotated(type_)[0]
    if get_origin(plain) in {Union, UnionType}:
        return tuple(member for each in get_args(plain) for member in _members(each))
    return (plain,)


def _is_model(type_: Any) -> bool:  # noqa: ANN401 -- an annotation.
    return any(_is_subclass(each, BaseModel) for each in _members(type_))


def _is_scalar(type_: Any) -> bool:  # noqa: ANN401 -- an annotation.
    return all(
        get_origin(each) is Literal or any(_is_subclass(each, kind) for kind in _SCALARS) for each in _members(type_)
    )
