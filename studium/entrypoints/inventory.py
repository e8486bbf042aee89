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
from studium.kit.http.routing import permissions_of
from studium.kit.jobs.events import Event, handlers_of
from studium.models.inventory import INVENTORY, DataClass, Held
from studium.modules.registry import load_handlers

_ROOT = Path(studium.__file__).parent.parent


_WIDER = {"logged in", "logged in, second factor or not", "anyone, token checked"}


def route_lines() -> Iterator[str]:
    """One line for each route: method, path, permissions, `file:line`."""
    for route in api_routes():
        yield f"{_methods(route):7} {route.path:88} {who_may(route):60} {_place(route.endpoint)}"


def route_table() -> Iterator[str]:
    """The same as a Markdown table, for `docs/routes.md`: method, path, permissions, status, what it does."""
    yield "| Method | Path | Who | Success | Does |"
    yield "|---|---|---|---|---|"
    for route in api_routes():
        does = (inspect.getdoc(route.endpoint) or "").splitlines()[0]
        yield f"| {_methods(route)} | `{route.path}` | {who_may(route)} | {route.status_code or 200} | {does} |"


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
        heard = "; ".join(sorted(f"`{_short(handler)}`" for handler in handlers_of(event))) or "nobody yet"
        yield f"| `{event.__name__}` | {carries} | {_summary(event)} | {heard} |"


def data_lines() -> Iterator[str]:
    """One line for each table, and one below it for each column with its class."""
    for name, held in INVENTORY.items():
        yield f"{name}: {held.why}; kept {held.kept}; seen by {held.seen_by}"
        for column, kind in held.classes():
            yield f"    {column:28} {kind.value}"


def data_table() -> Iterator[str]:
    """The same as a Markdown table, for `docs/privacy.md`: a row for each table, columns that say nothing left out."""
    kinds = [kind for kind in DataClass if kind is not DataClass.NONE]
    yield f"| Table | Why | How long | Who sees it | {' | '.join(_heading(kind) for kind in kinds)} | At an erasure |"
    yield f"|{'---|' * (len(kinds) + 5)}"
    for name, held in INVENTORY.items():
        columns = " | ".join(", ".join(f"`{column}`" for column in held.columns_of(kind)) or "-" for kind in kinds)
        yield f"| `{name}` | {held.why} | {held.kept} | {held.seen_by} | {columns} | {_at_erasure(held)} |"


def _heading(kind: DataClass) -> str:
    return kind.value.replace("_", " ").capitalize()


def _at_erasure(held: Held) -> str:
    if not held.person:
        return "stays"
    if held.is_deleted:
        return "rows go"
    return "emptied" if held.erased else "stays"


def api_routes() -> Iterator[APIRoute]:
    """Every route of every module, in the order in which they are tried."""
    return (route for route in module_routes() if isinstance(route, APIRoute))


def event_types() -> list[type[Event]]:
    """Every event, in the order of `studium/events.py`."""
    found = vars(events).values()
    return [kind for kind in found if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]


def _methods(route: APIRoute) -> str:
    return ",".join(sorted(route.methods or ()))


def who_may(route: APIRoute) -> str:
    """The permissions, without those that a narrower one contains."""
    named = permissions_of(route)
    return ", ".join([name for name in named if name not in _WIDER] or named[:1]) or "public"


def _summary(event: type[Event]) -> str:
    return (inspect.getdoc(event) or "").splitlines()[0]


def _short(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__.removeprefix('studium.modules.')}.{handler.__name__}"


def _place(function: Callable[..., Any]) -> str:
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).relative_to(_ROOT)}:{code.co_firstlineno}"
