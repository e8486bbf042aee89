"""What there is: every route with its permission and place, every event with its handlers."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

import studium
from studium import events
from studium.app import module_routes
from studium.kit.events import Event, handlers_of
from studium.kit.routing import permissions_of
from studium.registry import load_handlers

_ROOT = Path(studium.__file__).parent.parent


_WIDER = {"logged in", "anyone, token checked"}


def route_lines() -> Iterator[str]:
    """One line for each route: method, path, permissions, `file:line`."""
    for route in api_routes():
        yield f"{_methods(route):7} {route.path:88} {_who(route):60} {_place(route.endpoint)}"


def route_table() -> Iterator[str]:
    """The same as a Markdown table, for `docs/routes.md`: method, path, permissions, status, what it does."""
    yield "| Method | Path | Who | Success | Does |"
    yield "|---|---|---|---|---|"
    for route in api_routes():
        does = (inspect.getdoc(route.endpoint) or "").splitlines()[0]
        yield f"| {_methods(route)} | `{route.path}` | {_who(route)} | {route.status_code or 200} | {does} |"


def event_lines() -> Iterator[str]:
    """One line for each event, and one below it for each handler with its `file:line`."""
    load_handlers()
    for event in event_types():
        yield f"{event.__name__}: {_summary(event)}"
        for handler in handlers_of(event):
            yield f"    {handler.__module__}.{handler.__name__}  {_place(handler)}"


def event_table() -> Iterator[str]:
    """The same as a Markdown table, for `docs/events.md`: event, fields, meaning, handlers."""
    load_handlers()
    yield "| Event | Carries | Says | Heard by |"
    yield "|---|---|---|---|"
    for event in event_types():
        carries = ", ".join(f"`{field.name}`" for field in fields(event))
        heard = "; ".join(f"`{_short(handler)}`" for handler in handlers_of(event)) or "nobody yet"
        yield f"| `{event.__name__}` | {carries} | {_summary(event)} | {heard} |"


def api_routes() -> Iterator[APIRoute]:
    """Every route of every module, in the order in which they are tried."""
    return (route for route in module_routes() if isinstance(route, APIRoute))


def event_types() -> list[type[Event]]:
    """Every event, in the order of `studium/events.py`."""
    found = vars(events).values()
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]


def _methods(route: APIRoute) -> str:
    return ",".join(sorted(route.methods or ()))


def _who(route: APIRoute) -> str:
    """The permissions, without those that a narrower one contains."""
    named = permissions_of(route)
    return ", ".join([name for name in named if name not in _WIDER] or named) or "public"


def _summary(event: type[Event]) -> str:
    return (inspect.getdoc(event) or "").splitlines()[0]


def _short(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__.removeprefix('studium.modules.')}.{handler.__name__}"


def _place(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).relative_to(_ROOT)}:{code.co_firstlineno}"
