"""Routes: FastAPI's, with a strict edge. Who is asking is settled first, then the query, then the body."""

import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params, get_parameterless_sub_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from studium.kit.plans import Plan, Unplanned, plan_of
from studium.kit.problems import FieldError, InvalidInput, Place, Problem, UnsupportedMediaType
from studium.kit.replays import Kept, Replays
from studium.kit.strict_json import read_json
from studium.kit.versions import IfMatchHeader, etag_of

API = "/api/v1"
Dependency = TypeVar("Dependency", bound=Callable[..., Any])
_exchange: ContextVar["_Exchange"] = ContextVar("exchange")
_NEVER_REPLAYED = (f"{API}/auth/", f"{API}/users/register")
_REFUSED = "refused_body"
_NO_CONTENT = 204
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNREADABLE = object()
# An answer points at what is unknown by its name, if that is a name and not a text to be shown to somebody.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_PLACES: dict[str, Place] = {"body": "body", "path": "path", "query": "query", "header": "header"}


class StrictRequest(Request):
    """A request whose body is read strictly.

    What is wrong with the body is remembered instead of raised: a caller without a token must hear 401, not 400.
    The remembered problem leaves when the schema then refuses the body, which it always does.
    """

    async def body(self) -> bytes:
        """The body, or two bytes that no schema accepts when it could not be read."""
        try:
            return await super().body()
        except Problem as problem:
            self._remember(problem)
            return b"\x00\x00"

    async def json(self) -> Any:  # noqa: ANN401 -- as Starlette's own.
        """The parsed body, or an object that no schema accepts."""
        state = self.scope.setdefault("state", {})
        if _REFUSED not in state:
            try:
                return read_json(await self.body())
            except Problem as problem:
                self._remember(problem)
        return _UNREADABLE

    def _remember(self, problem: Problem) -> None:
        # Without where it was raised: those frames hold the body and this request, and each would keep the other.
        problem.__traceback__ = problem.__context__ = None
        self.scope.setdefault("state", {})[_REFUSED] = problem

    async def _get_form(self, **limits: Any) -> FormData:  # noqa: ANN401 -- as Starlette's own.
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in _FORM_TYPES:
            return await super()._get_form(**limits)
        self.scope.setdefault("state", {})[_REFUSED] = UnsupportedMediaType("Send a form.")
        return FormData()


def invalid_input(request: Request, error: RequestValidationError) -> Problem:
    """The problem behind a validation error: the body's own, a wrong content type, or the list of what is wrong."""
    found = error.errors()
    in_body = any(item["loc"][:1] == ("body",) for item in found)
    refused = getattr(request.state, _REFUSED, None)
    if in_body and isinstance(refused, Problem):
        return refused
    if in_body and isinstance(error.body, bytes):
        return UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    # A body that several dependencies read is checked by each of them.
    return InvalidInput(list(dict.fromkeys(_field_error(item) for item in found)))


def _field_error(item: dict[str, Any]) -> FieldError:
    """One error of pydantic's without the input: its place, a pointer, its type and its sentence."""
    place, *path = item["loc"] or ("body",)
    code = str(item["type"])
    if code == "extra_forbidden":
        path[-1:] = [path[-1]] if _NAME.fullmatch(str(path[-1])) else []
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    detail = "Unknown member." if code == "extra_forbidden" else str(item["msg"]).removeprefix("Value error, ")[:200]
    return FieldError(_PLACES.get(str(place), "body"), pointer, code, detail)


def _strict_query(known: frozenset[str]) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses query parameters outside `known`, a parameter given twice, and NUL."""

    async def check(request: Request) -> None:
        if not request.scope["query_string"]:
            return
        seen: set[str] = set()
        errors = []
        for name, value in request.query_params.multi_items():
            if name not in known:
                pointer = "/" + name if _NAME.fullmatch(name) else ""
                errors.append(FieldError("query", pointer, "unknown_parameter", "Unknown parameter."))
            elif name in seen:
                errors.append(FieldError("query", "/" + name, "given_twice", "Given more than once."))
            elif "\x00" in value:
                errors.append(FieldError("query", "/" + name, "nul", "Must not contain NUL."))
            seen.add(name)
        if errors:
            raise InvalidInput(errors)

    return check


@dataclass(slots=True)
class _Exchange:
    """What a route notes between the endpoint's result and the answer's headers."""

    request: StrictRequest
    replays: Replays | None
    version: int | None = None
    kept: Kept | None = None


class Route(APIRoute):
    """A route with a strict body and query, whose answer carries an `ETag` when it has a `version`.

    Most also have a plan, for the quick way through `kit/dispatch.py`. A POST of a caller who sends an
    `Idempotency-Key` acts once and is answered from the store afterwards.
    """

    plan: Plan | None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler between our request and our headers."""
        fields = get_flat_params(self.dependant)
        known = frozenset(field.alias for field in fields if isinstance(field.field_info, params.Query))
        if self.path.startswith(API):
            # Pages are opened from links that others lengthen (`?fbclid=…`): there the unknown is ignored.
            check = Depends(_strict_query(known))
            self.dependant.dependencies.append(get_parameterless_sub_dependant(depends=check, path=self.path_format))
        self.plan = plan_of(self)
        self.dependant.call = _watched(self.endpoint)
        may_replay = "POST" in (self.methods or ()) and not self.path.startswith(_NEVER_REPLAYED)
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            replays = getattr(request.app.state, "replays", None) if may_replay else None
            exchange = _Exchange(StrictRequest(request.scope, request.receive), replays)
            _exchange.set(exchange)
            response = await handler(exchange.request)
            if response.status_code == _NO_CONTENT:
                del response.headers["content-type"]
            if exchange.version is not None:
                response.headers["ETag"] = etag_of(exchange.version)
            if exchange.kept is not None:
                await exchange.kept.keep(response)
            return response

        return handle

    async def planned(self, request: StrictRequest) -> Response:
        """The answer by the route's plan; raise Unplanned where only FastAPI's handler knows what to do."""
        if self.plan is None or (request.method == "POST" and "idempotency-key" in request.headers):
            raise Unplanned
        body = await _planned_body(request) if self.plan.reads_body else None
        result, response = await self.plan.run(request, body)
        version = getattr(result, "version", None)
        if isinstance(version, int):
            response.headers["ETag"] = etag_of(version)
        return response


async def _planned_body(request: StrictRequest) -> Any:  # noqa: ANN401 -- parsed JSON.
    """The parsed body, read before any transaction begins; raise Unplanned where it is not plainly JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Unplanned
    try:
        return read_json(await Request.body(request))
    except Problem as problem:
        raise Unplanned from problem


def _watched(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Wrap an endpoint: an answer that is already stored is given again, and the version of a new one is noted."""
    if not iscoroutinefunction(endpoint):
        message = f"{endpoint.__qualname__} must be a coroutine function"
        raise TypeError(message)

    @wraps(endpoint)
    async def call(**values: object) -> object:
        exchange = _exchange.get()
        stored = await _stored(exchange)
        if stored is not None:
            return stored
        result = await endpoint(**values)
        version = getattr(result, "version", None)
        exchange.version = version if isinstance(version, int) else None
        return result

    return call


async def _stored(exchange: _Exchange) -> Response | None:
    """The stored answer under the caller's key; without one the key is taken. None where no key was sent."""
    key = exchange.request.headers.get("idempotency-key")
    state = exchange.request.state
    if key is None or exchange.replays is None or not hasattr(state, "actor_id") or not hasattr(state, "session"):
        return None
    found = await exchange.replays.begin(exchange.request, key)
    if isinstance(found, Response):
        return found
    exchange.kept = found
    return None


class Router(APIRouter):
    """A module's routes. `prefix` is the path below `/api/v1`; `app.py` takes `routes` over as they are."""

    def __init__(self, prefix: str, *, tag: str) -> None:
        super().__init__(prefix=API + prefix, tags=[tag], route_class=Route, redirect_slashes=False)


async def _if_match(if_match: Annotated[str | None, Header(max_length=1024)] = None) -> IfMatchHeader:
    return IfMatchHeader(if_match)


IfMatch = Annotated[IfMatchHeader, Depends(_if_match)]


def permission(name: str) -> Callable[[Dependency], Dependency]:
    """Mark a dependency as a permission under `name`, so that `studium routes` and the policy tests can see it."""

    def mark(dependency: Dependency) -> Dependency:
        dependency.permission = name  # type: ignore[attr-defined]  # functions carry attributes.
        return dependency

    return mark


def permissions_of(route: APIRoute) -> list[str]:
    """The permissions that guard a route, outermost first; empty for a public one."""
    return list(dict.fromkeys(_marks(route.dependant)))


def _marks(dependant: Dependant) -> Iterator[str]:
    for inner in dependant.dependencies:
        name = getattr(inner.call, "permission", None)
        if name is not None:
            yield name
        yield from _marks(inner)
