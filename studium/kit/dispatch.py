"""Dispatch: requests for planned routes go straight to their plans; everything else goes the framework's whole way."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studium.kit.plans import Unplanned
from studium.kit.refusals import UNLUCKY, sqlstate_of
from studium.kit.routing import Route, StrictRequest

_Segments = tuple[str | None, ...]
_Key = tuple[str, int, str | None]
_MODULE = 3


class Dispatch:
    """ASGI middleware that finds a route by its segments, as the router would: the first that fits, in their order."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._table: dict[_Key, list[tuple[_Segments, Route | None]]] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: BaseRoute) -> None:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or ()
        segments = tuple(None if part.startswith("{") else part for part in path.split("/"))
        planned = route if isinstance(route, Route) and route.plan is not None else None
        for method in methods:
            self._table.setdefault(_key(method, segments), []).append((segments, planned))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from a plan where there is one and it can."""
        route = self._find(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if route is None:
            await self.app(scope, receive, send)
            return
        request = StrictRequest(scope, receive)
        try:
            response = await _answer(route, request)
        except Unplanned:
            await self.app(scope, _again(request), send)
            return
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> Route | None:
        parts = scope["path"].split("/")
        for segments, route in self._table.get(_key(scope["method"], parts), ()):
            if all(part if wanted is None else wanted == part for wanted, part in zip(segments, parts, strict=True)):
                if route is not None:
                    scope["route"], scope["endpoint"] = route, route.endpoint
                    scope["path_params"] = dict(zip(route.param_convertors, _open(segments, parts), strict=True))
                return route
        return None


def _key(method: str, parts: Sequence[str | None]) -> _Key:
    """Where to look: an address below `/api/v1` begins with the name of its module, which no parameter stands for."""
    return method, len(parts), parts[_MODULE] if len(parts) > _MODULE else ""


def _open(segments: _Segments, parts: list[str]) -> list[str]:
    return [part for wanted, part in zip(segments, parts, strict=True) if wanted is None]


def _again(request: StrictRequest) -> Receive:
    """What gives the body once more, where it has been read already; a body that broke off is read no further."""
    body = getattr(request, "_body", None)
    if body is None:
        return request.receive
    parts = [body]

    async def receive() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        return await request.receive()

    return receive


async def _answer(route: Route, request: StrictRequest) -> Response:
    """The plan's answer, or that of the application's handler for what it raises.

    A transaction that PostgreSQL gave up for another's sake did nothing: it is tried twice more, a moment later.
    """
    for pause in (0.02, 0.1):
        try:
            return await route.planned(request)
        except Unplanned:
            raise
        except Exception as error:  # noqa: BLE001 -- it is answered, or raised again there.
            if not _may_repeat(request, error):
                return await _handled(request, error)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 -- jitter.
    try:
        return await route.planned(request)
    except Exception as error:  # noqa: BLE001 -- as above.
        return await _handled(request, error)


def _may_repeat(request: StrictRequest, error: Exception) -> bool:
    """Whether bad luck ended it, and its body, if it had one, is still there: a stream cannot be read twice."""
    # Starlette keeps both to itself, and says nowhere else whether the body is still there.
    is_there = hasattr(request, "_body") or not request._stream_consumed  # noqa: SLF001
    return sqlstate_of(error) in UNLUCKY and is_there


async def _handled(request: StrictRequest, error: Exception) -> Response:
    handlers: Mapping[Any, Any] = request.app.exception_handlers
    for kind in type(error).__mro__:
        if kind in handlers:
            response: Response = await handlers[kind](request, error)
            return response
    raise error
