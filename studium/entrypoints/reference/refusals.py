"""Which problems each route can answer: what its functions raise, and what holds for a route of its kind."""

import inspect
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel

from studium.access.idempotency import IdempotencyKeyReused, RequestInProgress
from studium.entrypoints.reference.raised import Problems, raised_by
from studium.kit.base.problems import (
    AddressTooLong,
    BodyTooLarge,
    ChangedMeanwhile,
    DependencyDown,
    FieldNotAllowed,
    HeadTooLarge,
    InternalError,
    InvalidInput,
    MalformedBody,
    MalformedRequest,
    Overloaded,
    Problem,
    RequestTimeout,
    StorageFull,
    TookTooLong,
    UnknownHost,
    UnsupportedMediaType,
)
from studium.kit.http.dependencies import request_session, request_transaction
from studium.kit.http.routing import API, takes_idempotency_key
from studium.kit.http.schemas import RequestModel
from studium.kit.http.signatures import asked_by, functions_of

ANY: tuple[type[Problem], ...] = (
    MalformedRequest,
    UnknownHost,
    RequestTimeout,
    AddressTooLong,
    HeadTooLarge,
    InternalError,
)
"""What any request may hear before a route is found, and the last resort; the response called `default`."""

_ALWAYS = frozenset({Overloaded, TookTooLong, DependencyDown})
_WRITING = frozenset({ChangedMeanwhile, StorageFull})
_BODY = frozenset({BodyTooLarge, MalformedBody, UnsupportedMediaType})
_KEYED = frozenset({IdempotencyKeyReused, RequestInProgress})
_READ_METHODS = {"GET", "HEAD"}


def refusals_of(route: APIRoute) -> Problems:
    """Every problem with which this route can refuse."""
    found: set[type[Problem]] = set(_ALWAYS)
    for call in (*calls_of(route), inspect.unwrap(route.endpoint)):
        found |= raised_by(call)
    if route.path.startswith(API):
        found.add(InvalidInput)  # Unknown parameters are refused everywhere.
    if not (route.methods or set()) <= _READ_METHODS:
        found |= _WRITING
    if route.body_field is not None:
        found |= _BODY
        if any(model.not_allowed for model in _models(route.body_field.field_info.annotation)):
            found.add(FieldNotAllowed)
    if is_keyed(route):
        found |= _KEYED
    return frozenset(found - {Problem})


def is_keyed(route: APIRoute) -> bool:
    """Whether a request may carry an `Idempotency-Key`: a POST of somebody who is logged in."""
    calls = set(calls_of(route))
    stored = {request_session, request_transaction} & calls or any(map(_asks_for_key, calls))
    return takes_idempotency_key(route) and bool(stored) and any(hasattr(call, "permission") for call in calls)


def calls_of(route: APIRoute) -> Iterator[Callable[..., Any]]:
    """Every dependency of a route, at any depth."""
    return islice(functions_of(route.endpoint), 1, None)


def _asks_for_key(call: Callable[..., Any]) -> bool:
    return any(field.name == "idempotency_key" for field in asked_by(call, frozenset()).fields)


def _models(annotation: object) -> Iterator[type[RequestModel]]:
    """The request models in an annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, RequestModel):
            yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    else:
        for inner in getattr(annotation, "__args__", ()):
            yield from _models(inner)
