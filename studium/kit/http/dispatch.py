"""Dispatch: requests for planned routes go straight to their plans, others to FastAPI. What fails is handled here."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.kit.db.repeats import repeated
from studium.kit.http.bodies.strict_request import StrictRequest, strict_request_of

Handlers = Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]
_Segments = tuple[str | None, ...]
_Key = tuple[str, int, str | None]
_API, _MODULE = "api", 3


class Plan(Protocol):
    """What answers a request for a route without FastAPI."""

    async def run(self, request: StrictRequest) -> Response:
        """The answer; raise what the route's own handler would raise."""


class _Planned(Protocol):
    """A route with a plan; `endpoint` is its function."""

    plan: Plan
    endpoint: Callable[..., object]


class Dispatch:
    """ASGI middleware that finds a route by its segments, as the router would: the first that fits, in their order.

    What certainly did nothing is tried twice more, by a plan or by FastAPI's handler: a transaction that PostgreSQL
    gave up for another's sake, or lost. `handlers` answer what is raised, by its class.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], handlers: Handlers) -> None:
        self.app = app
        self._handlers = handlers
        self._table: dict[_Key, list[tuple[_Segments, tuple[str, ...], _Planned | None]]] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: BaseRoute) -> None:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or ()
        segments, names = _split(path)
        planned: Any = route if getattr(route, "plan", None) is not None else None
        for method in methods:
            self._table.setdefault(_key(method, segments), []).append((segments, names, planned))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from a plan where there is one, else by FastAPI's handler."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        route = None if scope.get("root_path") else self._find(scope)
        request = strict_request_of(scope, receive)
        try:
            if route is None:
                await repeated(lambda: self.app(scope, receive, sent), lambda: not (has_begun or request.is_streamed))
                return
            plan = route.plan
            response = await repeated(lambda: plan.run(request), lambda: not request.is_streamed)
        except Exception as error:
            if has_begun:
                raise
            response = await self._handled(request, error)
        await response(scope, receive, send)

    async def _handled(self, request: Request, error: Exception) -> Response:
        for kind in type(error).__mro__:
            if kind in self._handlers:
                return await self._handlers[kind](request, error)
        raise error

    def _find(self, scope: Scope) -> _Planned | None:
        parts = scope["path"].split("/")
        for segments, names, route in self._table.get(_key(scope["method"], parts), ()):
            if all(part if wanted is None else wanted == part for wanted, part in zip(segments, parts, strict=True)):
                if route is not None:
                    scope["route"], scope["endpoint"] = route, route.endpoint
                    values = (part for wanted, part in zip(segments, parts, strict=True) if wanted is None)
                    scope["path_params"] = dict(zip(names, values, strict=True))
                return route
        return None


@cache
def _split(path: str) -> tuple[_Segments, tuple[str, ...]]:
    """The segments of a route's path, None for each parameter, and the parameters' names; worked out once a process."""
    parts = path.split("/")
    segments = tuple(None if part.startswith("{") else part for part in parts)
    return segments, tuple(part[1:-1] for part in parts if part.startswith("{"))


def _key(method: str, parts: Sequence[str | None]) -> _Key:
    """Where to look: below `/api/v1` by the module, elsewhere by the first segment; no parameter stands for either."""
    first = parts[1] if len(parts) > 1 else ""
    return method, len(parts), parts[_MODULE] if first == _API and len(parts) > _MODULE else first
