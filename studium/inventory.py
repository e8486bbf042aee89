"""What there is: every route with its permission and place, every event with its handlers."""

import inspect
from collections.abc import Callable, Iterator
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


def route_lines() -> Iterator[str]:
    """One line for each route: method, path, permissions, `file:line`."""
    for route in module_routes():
        if isinstance(route, APIRoute):
            methods = ",".join(sorted(route.methods or ()))
            who = ", ".join(permissions_of(route)) or "public"
            yield f"{methods:7} {route.path:75} {who:60} {_place(route.endpoint)}"


def event_lines() -> Iterator[str]:
    """One line for each event, and one below it for each handler with its `file:line`."""
    load_handlers()
    for event in event_types():
        yield f"{event.__name__}: {(inspect.getdoc(event) or '').splitlines()[0]}"
        for handler in handlers_of(event):
            yield f"    {handler.__module__}.{handler.__name__}  {_place(handler)}"


def event_types() -> list[type[Event]]:
    """Every event, in the order of `studium/events.py`."""
    found = vars(events).values()
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]


def _place(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).relative_to(_ROOT)}:{code.co_firstlineno}"
