"""Plans: how a route gets its arguments, worked out once at start-up instead of on every request.

FastAPI walks a route's tree of dependencies anew for each request. A plan is that walk as a list: each dependency
once, in the same order. It gives the same answers, errors included. A route whose tree holds something that a plan
does not know (a form, a cookie, a plain function) has none, and FastAPI's handler answers.
"""

from asyncio import sleep
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.params import Security
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from studium.kit.base.versions import etag_of
from studium.kit.http.after import AfterSession
from studium.kit.http.bodies.strict_request import StrictRequest
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.pagination import Page
from studium.kit.http.signatures import MISSING, Asked, Call, Errors, asked_by

JSON = "application/json"
_NO_CONTENT = 204
_PIECE, _LARGE_BYTES = 4, 65_536
"""Items of a page that are made JSON in one go, and how large such a piece is that others have their turn after it."""
_TURN = ConcurrencyLimiter("large_pages", limit=1, patience=30)
_ITEMS = b'{"items":['
_FAILED = object()
"""What a dependency gave whose parameters, or those of one that it depends on, were wrong."""


class UnsupportedRoute(Exception):
    """This route needs FastAPI's own handler."""


@dataclass(slots=True)
class _Run:
    """What one request brings, and what its dependencies have given so far."""

    request: StrictRequest
    response: Response
    stack: AsyncExitStack
    body: Any
    sent: dict[str, Mapping[str, Any]]
    given: list[Any] = field(default_factory=list)
    errors: Errors = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    """One dependency, or the endpoint: what it is called with, and how it is called."""

    call: Call
    asked: Asked
    inner: tuple[tuple[str, int], ...]
    opens: bool

    async def take(self, run: _Run) -> Any:  # noqa: ANN401 -- what a dependency gives.
        """What it gives; `_FAILED` where an argument is wrong, which is added to the errors of the run."""
        given, errors, before = run.given, run.errors, len(run.errors)
        values = {name: given[place] for name, place in self.inner}
        for name in self.asked.request:
            values[name] = run.request
        for name in self.asked.response:
            values[name] = run.response
        for part in self.asked.fields:
            sent = run.body if part.source == "body" else run.sent[part.source].get(part.alias, MISSING)
            values[part.name] = part.read(sent, errors)
        if errors and (len(errors) > before or any(given[place] is _FAILED for _, place in self.inner)):
            return _FAILED
        if self.opens:
            return await run.stack.enter_async_context(self.call(**values))
        return await self.call(**values)


class ResponseMaker:
    """Makes the response of what a route's endpoint returns, as the route declares it."""

    def __init__(self, shape: Any, status: int | None) -> None:  # noqa: ANN401 -- an annotation.
        self.status = status or 200
        self._shape = shape
        self._adapter = None if shape is None else TypeAdapter[Any](shape)
        is_page = isinstance(shape, type) and issubclass(shape, Page)
        items: Any = shape.model_fields["items"].annotation if is_page else None
        self._items = None if items is None else TypeAdapter[Any](items)

    async def response(self, result: Any, noted: Response | None) -> Response:  # noqa: ANN401 -- of an endpoint.
        """The response, with the status and the headers that dependencies noted."""
        if isinstance(result, Response):
            return result
        # FastAPI's has no status until a dependency sets one.
        status = (noted.status_code if noted is not None else None) or self.status
        if status == _NO_CONTENT:
            response = Response(status_code=status)
        else:
            response = Response(await self._json(result), status, media_type=JSON)
        if noted is not None:
            response.raw_headers.extend(noted.raw_headers)
        return response

    async def _json(self, result: Any) -> bytes:  # noqa: ANN401 -- what the endpoint gives.
        """The result in the shape that the route declares; a result of just that class needs no check."""
        if self._adapter is None:
            return b"null"
        if type(result) is not self._shape:
            try:
                result = self._adapter.validate_python(result, from_attributes=True)
            except ValidationError as error:
                found = error.errors(include_url=False)
                raise ResponseValidationError([{**each, "loc": ("response", *each["loc"])} for each in found]) from None
        if self._items is not None and len(result.items) > _PIECE:
            return await self._in_pieces(self._adapter, self._items, result)
        return self._adapter.dump_json(result, by_alias=True)

    @staticmethod
    async def _in_pieces(adapter: TypeAdapter[Any], items: TypeAdapter[Any], page: Page[Any]) -> bytes:
        """A page that may be megabytes, piece by piece, so that other requests have their turn between them.

        The event loop accepts one connection for each round of what is ready, so a round has one large piece at most.
        """
        parts, is_large = [], False
        for start in range(0, len(page.items), _PIECE):
            if is_large and not _TURN.try_enter():
                await _TURN.wait()
            try:
                part = items.dump_json(page.items[start : start + _PIECE], by_alias=True)
                if is_large:
                    await sleep(0)
            finally:
                if is_large:
                    _TURN.leave()
            parts.append(part[1:-1])
            is_large = len(part) > _LARGE_BYTES
        rest = adapter.dump_json(page.model_copy(update={"items": []}), by_alias=True)
        return _ITEMS + b",".join(parts) + rest.removeprefix(_ITEMS)


class LaterResponse(Response):
    """Stands for an answer that is made when the request's session is closed: FastAPI sends a response after that."""

    def __init__(self, after: AfterSession[Any], maker: ResponseMaker, noted: Response | None) -> None:
        super().__init__()
        self._after, self._maker, self._noted = after, maker, noted

    async def made(self) -> Response:
        """The answer itself."""
        result = await self._after.make()
        return with_version(await self._maker.response(result, self._noted), version_of(result))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the answer and send it."""
        response = await self.made()
        await response(scope, receive, send)


class RoutePlan:
    """A route's plan: its dependencies, then its endpoint."""

    def __init__(self, steps: list[_Step], maker: ResponseMaker) -> None:
        self._steps, self._endpoint, self._maker = steps[:-1], steps[-1], maker
        self.reads_body = any(part.source == "body" for step in steps for part in step.asked.fields)

    async def run(self, request: StrictRequest) -> Response:
        """The answer. Transactions end here, before it leaves; raise RequestValidationError for wrong parameters."""
        noted = Response(status_code=self._maker.status)
        noted.raw_headers = []
        query = request.query_params if request.scope["query_string"] else {}
        sent = {"path": request.scope["path_params"], "query": query, "header": request.headers}
        body = await request.content() if self.reads_body else MISSING
        async with AsyncExitStack() as stack:
            run = _Run(request, noted, stack, body, sent)
            for step in self._steps:
                run.given.append(await step.take(run))
            result = await self._endpoint.take(run)
            if run.errors:
                raise RequestValidationError(run.errors, body=body)
            response = await self._maker.response(result, noted)
            await finish(request, response)
        return await response.made() if isinstance(response, LaterResponse) else response


def version_of(result: object) -> int | None:
    """The version of a model that has one."""
    version = getattr(result, "version", None)
    return version if isinstance(version, int) else None


def with_version(response: Response, version: int | None) -> Response:
    """The response, with its `ETag` where there is a version."""
    if version is not None:
        response.headers["ETag"] = etag_of(version)
    return response


async def finish(request: StrictRequest, response: Response) -> None:
    """Put the `ETag` into the response, and store it where the caller sent an `Idempotency-Key`."""
    with_version(response, request.version)
    if request.kept is not None:
        await request.kept.keep(response)


def _add(call: Call, path_names: frozenset[str], steps: list[_Step], places: dict[object, int]) -> int:
    """Add a function after those that it depends on; return its place. Each is called once."""
    asked = asked_by(call, path_names)
    opens = isasyncgenfunction(call)
    if asked.unknown or not (opens or iscoroutinefunction(call)):
        raise UnsupportedRoute
    inner = []
    for name, marker in asked.depends:
        needed, key = marker.dependency, (marker.dependency, marker.scope)
        # FastAPI closes other generators when the answer has been sent.
        if (
            needed is None
            or isinstance(marker, Security)
            or (isasyncgenfunction(needed) and marker.scope != "function")
        ):
            raise UnsupportedRoute
        place = places.get(key) if marker.use_cache else None
        inner.append((name, _add(needed, path_names, steps, places) if place is None else place))
        places.setdefault(key, inner[-1][1])
    steps.append(_Step(asynccontextmanager(call) if opens else call, asked, tuple(inner), opens))
    return len(steps) - 1


def plan_of(route: APIRoute, path_names: frozenset[str], maker: ResponseMaker) -> RoutePlan | None:
    """The plan of a route, or None where its tree holds something that a plan does not know."""
    excludes = route.response_model_exclude_unset or route.response_model_exclude_none or route.response_model_exclude
    if excludes or route.response_model_include or route.response_model_exclude_defaults or route.dependencies:
        return None
    return plan_for(route.endpoint, path_names, maker)


def plan_for(endpoint: Call, path_names: frozenset[str], maker: ResponseMaker) -> RoutePlan | None:
    """The plan of an endpoint, likewise."""
    steps: list[_Step] = []
    try:
        _add(endpoint, path_names, steps, {})
    except UnsupportedRoute:
        return None
    # FastAPI takes bodies of several names as members of one.
    bodies = {part.name for step in steps for part in step.asked.fields if part.source == "body"}
    return None if len(bodies) > 1 else RoutePlan(steps, maker)
