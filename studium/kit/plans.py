"""Plans: how a route gets its arguments, worked out once at start-up instead of on every request.

FastAPI walks a route's tree of dependencies anew for each request. A plan is that walk as a list: each dependency
once, in the same order, with its arguments by position. It gives the same answers, or none: a route whose tree holds
something that a plan does not know has no plan, and a request whose parameters a plan cannot read is left to FastAPI's
handler, which then says what is wrong.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi._compat import ModelField, is_scalar_field
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import ResponseValidationError
from fastapi.params import Body
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"
_NO_CONTENT = 204
Values = list[Any]


class Unplanned(Exception):
    """This request needs FastAPI's own handler: one of its parameters cannot be read."""


@dataclass(slots=True)
class _Call:
    """What one request brings, and what its dependencies have given so far."""

    request: Request
    response: Response
    stack: AsyncExitStack
    given: Values
    body: Any


@dataclass(frozen=True, slots=True)
class _Step:
    """One dependency: what it is called with, and how it is called."""

    call: Callable[..., Any]
    takes_request: str | None
    takes_response: str | None
    path: tuple[tuple[str, str, ModelField], ...]
    query: tuple[ModelField, ...]
    headers: tuple[tuple[str, ModelField], ...]
    defaults: dict[str, Any]
    body: ModelField | None
    inner: tuple[tuple[str, int], ...]
    opens: bool

    async def run(self, call: _Call) -> Any:  # noqa: ANN401 -- what a dependency gives.
        values: dict[str, Any] = {name: call.given[place] for name, place in self.inner}
        if self.takes_request is not None:
            values[self.takes_request] = call.request
        if self.takes_response is not None:
            values[self.takes_response] = call.response
        for name, alias, field in self.path:
            values[name] = _read(field, call.request.scope["path_params"][alias])
        if self.defaults:
            values |= self._optional(call.request)
        if self.body is not None:
            values[self.body.name] = _read(self.body, call.body)
        if self.opens:
            return await call.stack.enter_async_context(self.call(**values))
        return await self.call(**values)

    def _optional(self, request: Request) -> dict[str, Any]:
        """Query parameters and headers, or their defaults."""
        values = dict(self.defaults)
        if request.scope["query_string"]:
            sent = request.query_params
            values |= {field.name: _read(field, sent[field.alias]) for field in self.query if field.alias in sent}
        for header, field in self.headers:
            value = request.headers.get(header)
            if value is not None:
                values[field.name] = _read(field, value)
        return values


def _read(field: ModelField, value: Any) -> Any:  # noqa: ANN401 -- what the field says.
    read, errors = field.validate(value)
    if errors:
        raise Unplanned
    return read


class Plan:
    """A route's plan. `run` gives its answer, or raises Unplanned before anything has happened that counts."""

    def __init__(self, route: APIRoute, steps: list[_Step]) -> None:
        self._steps, self._endpoint = steps[:-1], steps[-1]
        self._status = route.status_code
        self.reads_body = self._endpoint.body is not None
        self._field = route.response_field
        self._shape = None if self._field is None else self._field.field_info.annotation

    async def run(self, request: Request, body: Any) -> tuple[Any, Response]:  # noqa: ANN401 -- parsed JSON.
        """The endpoint's result, and the response made of it. Transactions end here, before the response leaves."""
        async with AsyncExitStack() as stack:
            call = _Call(request, _blank(), stack, [], body)
            for step in self._steps:
                call.given.append(await step.run(call))
            result = await self._endpoint.run(call)
            response = self._response(result, call.response)
        return result, response

    def _response(self, result: Any, noted: Response) -> Response:  # noqa: ANN401 -- what the endpoint gives.
        if isinstance(result, Response):
            return result
        # FastAPI's own: dependencies write headers and a status to a response that is never sent.
        status = noted.status_code or self._status or 200
        if status == _NO_CONTENT:
            response = Response(status_code=status)
        else:
            response = Response(self._json(result), status, media_type=JSON)
        response.raw_headers.extend(noted.raw_headers)
        return response

    def _json(self, result: Any) -> bytes:  # noqa: ANN401 -- what the endpoint gives.
        """The result in the shape that the route declares; a result of just that class needs no check."""
        if self._field is None:
            return b"null"
        if type(result) is not self._shape:
            result, errors = self._field.validate(result, {}, loc=("response",))
            if errors:
                raise ResponseValidationError(errors)
        return self._field.serialize_json(result)


def _blank() -> Response:
    """What dependencies may write headers and a status to."""
    noted = Response()
    noted.raw_headers = []
    noted.status_code = None  # type: ignore[assignment]  # as FastAPI does: None until somebody sets it.
    return noted


def plan_of(route: APIRoute) -> Plan | None:
    """The plan of a route, or None where its tree holds a form, a cookie or something else unknown."""
    if route.response_model_exclude_unset or route.response_model_exclude_none:
        return None
    steps: list[_Step] = []
    places: dict[Callable[..., Any], int] = {}
    try:
        _add(route.dependant, steps, places, body=_json_body(route))
    except Unplanned:
        return None
    return Plan(route, steps)


def _json_body(route: APIRoute) -> ModelField | None:
    """The one parameter that is the whole JSON body, or None where there is none; raise Unplanned for other bodies."""
    if route.body_field is None:
        return None
    fields = route.dependant.body_params
    kind = type(route.body_field.field_info)
    if kind is not Body or len(fields) != 1 or getattr(fields[0].field_info, "embed", False):
        raise Unplanned
    return fields[0]


def _add(
    dependant: Dependant,
    steps: list[_Step],
    places: dict[Callable[..., Any], int],
    *,
    body: ModelField | None = None,
) -> int:
    """Add a dependency after those that it depends on; return its place. Each is called once."""
    call = dependant.call
    if call is None or _has_unknown(dependant) or (dependant.body_params and body is None):
        raise Unplanned
    if dependant.use_cache and call in places:
        return places[call]
    inner = []
    for sub in dependant.dependencies:
        if not isinstance(sub.call, SecurityBase):
            place = _add(sub, steps, places)
            inner += [(sub.name, place)] if sub.name else []
    opens = isasyncgenfunction(call)
    if not opens and not iscoroutinefunction(call):
        raise Unplanned
    steps.append(
        _Step(
            call=_context(call) if opens else call,
            takes_request=dependant.request_param_name or dependant.http_connection_param_name,
            takes_response=dependant.response_param_name,
            path=tuple((field.name, field.alias, field) for field in dependant.path_params),
            query=tuple(dependant.query_params),
            headers=tuple((_header(field), field) for field in dependant.header_params),
            defaults={field.name: field.get_default() for field in _optional_fields(dependant)},
            body=body,
            inner=tuple(inner),
            opens=opens,
        )
    )
    places[call] = len(steps) - 1
    return places[call]


def _has_unknown(dependant: Dependant) -> bool:
    return bool(
        dependant.cookie_params
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.websocket_param_name
        or not all(
            is_scalar_field(field) and not field.field_info.is_required() for field in _optional_fields(dependant)
        )
    )


def _optional_fields(dependant: Dependant) -> list[ModelField]:
    return [*dependant.query_params, *dependant.header_params]


def _header(field: ModelField) -> str:
    return field.alias.replace("_", "-") if getattr(field.field_info, "convert_underscores", False) else field.alias


def _context(call: Callable[..., AsyncIterator[Any]]) -> Callable[..., Any]:
    return asynccontextmanager(call)
