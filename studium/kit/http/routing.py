"""Routes: FastAPI's, with a strict edge. Who is asking is settled first, then the query, then the body."""

import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.versions import IfMatchHeader
from studium.kit.http.after import AfterSession
from studium.kit.http.bodies.strict_request import NAME, StrictRequest, strict_request_of
from studium.kit.http.plans import LaterResponse, ResponseMaker, RoutePlan, finish, plan_of, version_of
from studium.kit.http.signatures import asked_by, functions_of

API = "/api/v1"
Dependency = TypeVar("Dependency", bound=Callable[..., Any])
Endpoint = Callable[..., Awaitable[Any]]
_NEVER_REPLAYED = (f"{API}/auth/", f"{API}/users/register")
_NO_CONTENT = 204
_REQUEST = "studium_request"
"""The parameter that every wrapped endpoint has besides its own: the request, whose query was looked at."""


def _strict_query(known: frozenset[str]) -> Callable[..., Awaitable[StrictRequest]]:
    """A dependency that gives the request, and refuses query parameters outside `known`, given twice, or with NUL."""

    async def check(request: StrictRequest, response: Response) -> StrictRequest:
        request.noted = response
        if not request.scope["query_string"]:
            return request
        seen: set[str] = set()
        errors = []
        for name, value in request.query_params.multi_items():
            if name not in known:
                pointer = "/" + name if NAME.fullmatch(name) else ""
                errors.append(FieldError("query", pointer, "unknown_parameter", "Unknown parameter."))
            elif name in seen:
                errors.append(FieldError("query", "/" + name, "given_twice", "Given more than once."))
            elif "\x00" in value:
                errors.append(FieldError("query", "/" + name, "nul", "Must not contain NUL."))
            seen.add(name)
        if errors:
            raise InvalidInput(errors)
        return request

    return check


async def _any_query(request: StrictRequest, response: Response) -> StrictRequest:
    """Pages are opened from links that others lengthen (`?fbclid=…`): there the unknown is ignored."""
    request.noted = response
    return request


class Route(APIRoute):
    """A route with a strict body and query, whose answer carries an `ETag` when it has a `version`.

    Most also have a plan, by which `kit/http/dispatch.py` answers; the others are answered by FastAPI's handler. A POST
    of a caller who sends an `Idempotency-Key` acts once and is answered from the store afterwards.
    """

    plan: RoutePlan | None

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:  # noqa: ANN401 -- as FastAPI's own.
        self.names = frozenset(re.findall(r"{(\w+)", path))
        self.permissions = list(dict.fromkeys(_marks(endpoint, self.names)))
        super().__init__(path, self._wrapped(path, endpoint), **options)
        self.maker = ResponseMaker(self.response_model, self.status_code)
        self.plan = plan_of(self, self.names, self.maker)

    def _wrapped(self, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint, which gives a stored answer again, notes the version, and leaves slow answers for later."""
        if not iscoroutinefunction(endpoint):
            message = f"{endpoint.__qualname__} must be a coroutine function"
            raise TypeError(message)

        @wraps(endpoint)
        async def call(**values: Any) -> object:  # noqa: ANN401 -- what the endpoint asks for.
            request: StrictRequest = values.pop(_REQUEST)
            stored = await self._stored(request)
            if stored is not None:
                return stored
            result = await endpoint(**values)
            if isinstance(result, AfterSession):
                return LaterResponse(result, self.maker, request.noted)
            request.version = version_of(result)
            return result

        asks = [field for each in functions_of(endpoint, self.names) for field in asked_by(each, self.names).fields]
        known = frozenset(field.alias for field in asks if field.source == "query")
        own = Depends(_strict_query(known) if path.startswith(API) else _any_query)
        request = Parameter(_REQUEST, Parameter.KEYWORD_ONLY, annotation=Annotated[StrictRequest, own])
        declared = signature(endpoint, eval_str=True)
        parameters = [*declared.parameters.values(), request]
        call.__signature__ = declared.replace(parameters=parameters)  # type: ignore[attr-defined]  # see `inspect`.
        return call

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler between our request and our headers."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            read = strict_request_of(request.scope, request.receive)
            response = await handler(read)
            if response.status_code == _NO_CONTENT:
                del response.headers["content-type"]
            await finish(read, response)
            return response

        return handle

    async def _stored(self, request: StrictRequest) -> Response | None:
        """The stored answer under the caller's key; without one the key is taken. None where no key was sent."""
        request.version = request.kept = None
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        replays = getattr(request.app.state, "replays", None)
        if key is None or replays is None or not takes_idempotency_key(self):
            return None
        if not hasattr(request.state, "actor_id") or not hasattr(request.state, "session"):
            return None
        found = await replays.begin(request, key)
        if isinstance(found, Response):
            return found
        request.kept = found
        return None


def takes_idempotency_key(route: APIRoute) -> bool:
    """Whether an answer of this route is kept under the caller's `Idempotency-Key`, if somebody is logged in."""
    return "POST" in (route.methods or ()) and not route.path.startswith(_NEVER_REPLAYED)


def operation_id(route: APIRoute) -> str:
    """What an operation is called in the OpenAPI document: its function's name, as `startAttempt`."""
    first, *rest = route.name.split("_")
    return first + "".join(word.title() for word in rest)


class Router(APIRouter):
    """A module's routes. `prefix` is the path below `/api/v1`; `app.py` takes `routes` over as they are."""

    def __init__(self, prefix: str, *, tag: str) -> None:
        super().__init__(
            prefix=API + prefix,
            tags=[tag],
            route_class=Route,
            redirect_slashes=False,
            generate_unique_id_function=operation_id,
        )


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
    return route.permissions if isinstance(route, Route) else []


def _marks(endpoint: Endpoint, names: frozenset[str]) -> Iterator[str]:
    for call in functions_of(endpoint, names):
        name = getattr(call, "permission", None)
        if name is not None:
            yield name
