"""The HTTP application: every route of every module, between the middleware and the runtime."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from studium import __version__
from studium.access.idempotency import StoredReplays
from studium.access.refusals import Refusals
from studium.kit.base.config import JobsMode, Settings, Web
from studium.kit.base.memory import freeze, trimmed_memory
from studium.kit.base.problems import MalformedBody, MethodNotAllowed, NotFound, Overloaded, Problem
from studium.kit.db.errors import IntegrityViolation, problem_from_db_error
from studium.kit.health import health_routes
from studium.kit.http.api_docs import api_docs_routes
from studium.kit.http.bodies.strict_request import invalid_input
from studium.kit.http.dispatch import Dispatch, Handlers
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.live import LISTENERS, Live
from studium.kit.http.middleware import EdgeMiddleware
from studium.kit.http.problem_response import PageOf, problem_response
from studium.kit.http.routing import API, Router
from studium.kit.http.uploads import UPLOADS
from studium.kit.runtime import clear_leftovers, open_runtime
from studium.modules import live
from studium.modules.registry import load_handlers

_JOBS_STOP_SECONDS = 4
_SWITCH_SECONDS = 0.001
_ROUTERS = (
    "users.routes_register",
    "auth.routes",
    "auth.address.routes",
    "auth.routes_mfa",
    "auth.routes_passkeys",
    "auth.routes_people",
    "exchange.people.routes",
    "privacy.routes",
    "privacy.exports.routes",
    "privacy.exports.routes_download",
    "users.routes",
    "users.routes_audit",
    "exchange.routes",
    "courses.routes",
    "courses.routes_lessons",
    "courses.routes_versions",
    "trash.routes",
    "quizzes.authoring.routes",
    "quizzes.authoring.routes_questions",
    "exchange.pasting.routes",
    "quizzes.grading.routes",
    "quizzes.routes_direct",
    "quizzes.routes_enrollments",
    "desk.routes",
    "enrollments.routes_rosters",
    "enrollments.arrivals.routes",
    "enrollments.routes",
    "quizzes.routes_attempts",
    "certificates.routes",
    "certificates.routes_page",
    "files.routes",
    "files.routes_download",
    "analytics.routes",
    "system.routes",
)


class _Application(FastAPI):
    """FastAPI with the document that is kept as a file."""

    def openapi(self) -> dict[str, Any]:
        """The document that is given out, as an object."""
        found: dict[str, Any] = json.loads(document_bytes())
        return found


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the runtime opens when the server starts it."""
    app = _Application(
        title="Studium",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.stopping = False
    app.state.live = Live(live.look, lambda: app.state.stopping)
    app.state.replays = StoredReplays()
    app.state.refusals = Refusals()
    app.router.routes.extend((*health_routes(), *api_docs_routes(document_bytes, settings.public_base_url)))
    page_of = problem_pages(settings)
    if settings.web is Web.ON:
        from studium.web.app import page_routes  # noqa: PLC0415 -- a school without pages never loads them.

        app.router.routes.extend(page_routes())
    # Last, because most of them are found by their plans and not by this list.
    app.router.routes.extend(module_routes())
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # What is added last is outermost.
    app.add_middleware(Dispatch, routes=app.router.routes, handlers={**_HANDLERS, **_driver_handlers(settings)})
    app.add_middleware(
        EdgeMiddleware,
        settings=settings,
        path_limiters=_path_limiters(),
        query_limiters=_query_limiters(),
        page_of=page_of,
    )
    return app


def problem_pages(settings: Settings) -> PageOf | None:
    """What makes pages of what is refused before any route; None where no pages are served."""
    if settings.web is Web.OFF:
        return None
    from studium.web.problems import page_maker  # noqa: PLC0415 -- a school without pages never loads them.

    return page_maker(settings)


def document_bytes() -> bytes:
    """The OpenAPI document as `make openapi` left it: working it out takes longer than a start may."""
    return files("studium").joinpath("openapi.json").read_bytes()


def _path_limiters() -> list[tuple[str, ConcurrencyLimiter]]:
    """Concurrency limiters for slow routes, so that they delay no other; the first prefix that fits counts.

    argon2 runs in an executor of its own (`kit/security/passwords.py`), which refuses what is too much.
    """
    passwords, uploads = ConcurrencyLimiter("passwords", limit=64), ConcurrencyLimiter("uploads", limit=16)
    files = ConcurrencyLimiter("files", limit=64)
    return [
        *(
            (f"{API}/{path}", passwords)
            for path in ("auth/login", "auth/token", "auth/register", "auth/passkeys", "users/register")
        ),
        *((path, passwords) for path in ("/login", "/register", "/reset-password", "/set-password", "/account/p")),
        *((path, uploads) for path in UPLOADS),
        *((path, files) for path in (f"{API}/files/", "/files/")),
        # A listener is there for long; `Live` refuses the one too many.
        ("/live/", ConcurrencyLimiter("listeners", limit=2 * LISTENERS)),
        (f"{API}/analytics/my-", ConcurrencyLimiter("dashboards", limit=32)),
        (f"{API}/analytics/", ConcurrencyLimiter("analytics", limit=32)),
    ]


def _query_limiters() -> list[tuple[bytes, ConcurrencyLimiter]]:
    """Concurrency limiters for what a query asks for besides: `include=content_html` renders up to twenty lessons."""
    return [(b"include=", ConcurrencyLimiter("rendering", limit=8))]


def module_routes() -> Iterable[BaseRoute]:
    """Every module's routes, in the order in which they are tried."""
    for name in _ROUTERS:
        router: Router = import_module(f"studium.modules.{name}").router
        yield from router.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    load_handlers()
    async with open_runtime(settings) as runtime, trimmed_memory():
        app.state.runtime = runtime
        await clear_leftovers(runtime)
        if settings.jobs is JobsMode.INLINE:
            runtime.jobs.stop_seconds = _JOBS_STOP_SECONDS
            await runtime.jobs.start()
        freeze()
        # Texts are rendered in threads: the loop gets its turn from them after one millisecond, not five.
        sys.setswitchinterval(_SWITCH_SECONDS)
        yield
        app.state.stopping = True
        await app.state.live.close()
        # A job that takes longer is done again at the next start; being killed in the middle of a stop is worse.
        with suppress(TimeoutError):
            async with asyncio.timeout(_JOBS_STOP_SECONDS):
                await runtime.jobs.stop()


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 -- the handler is registered for this class alone.
    await request.app.state.refusals.note(request, error)
    return await _answer(request, error)


async def _answer(request: Request, problem: Problem) -> Response:
    """The problem as a page for who asks for one where pages are served, else as the document of the API.

    A form that was refused is shown again, and who has to log in is sent there.
    """
    settings: Settings = request.app.state.settings
    if settings.web is Web.ON:
        from studium.web.problems import problem_page, recognise  # noqa: PLC0415 -- as above.
        from studium.web.routing import shown_again, wants_page  # noqa: PLC0415 -- as above.

        try:
            shown = await shown_again(request, problem, settings)
        except Problem as other:
            shown, problem = None, other
        if shown is not None:
            return shown
        if wants_page(request.scope):
            await recognise(request, problem)
            return problem_page(request, problem, settings)
    return problem_response(request, problem)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- the handler is registered for this class alone.
    return await _answer(request, invalid_input(request, error))


async def _on_http(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: unknown address, wrong method, a body that is not a form."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- the handler is registered for this class alone.
    problem: Problem
    if isinstance(error.__cause__, Problem):
        return await _answer(request, error.__cause__)
    if error.status_code == MethodNotAllowed.status:
        allow = {"Allow": _allowed(request)}
        problem = MethodNotAllowed("This address does not take this method.", headers=allow)
    elif error.status_code == NotFound.status:
        problem = NotFound("There is nothing at this address.")
    else:
        problem = MalformedBody("The body could not be read.")
    return await _answer(request, problem)


def _allowed(request: Request) -> str:
    """The methods that this address takes, by whichever routes."""
    scope = {**request.scope}
    found = (route for route in request.app.router.routes if route.matches(scope)[0] is not Match.NONE)
    methods = {method for route in found for method in getattr(route, "methods", None) or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _on_driver(request: Request, error: Exception) -> Response:
    """A database that is lost, busy or full is none of the caller's doing; any other error of a driver is a defect."""
    problem = problem_from_db_error(error)
    if problem is None:
        raise error
    return await _answer(request, problem)


async def _on_busy(request: Request, error: Exception) -> Response:
    del error
    return await _answer(request, Overloaded())


_HANDLERS: Handlers = {Problem: _on_problem, RequestValidationError: _on_invalid, HTTPException: _on_http}


def _driver_handlers(settings: Settings) -> Handlers:
    """What a database raises: not handled in a route, where a request could not be tried again."""
    kinds: list[type[Exception]] = [DBAPIError, IntegrityViolation, sqlite3.OperationalError, ConnectionError]
    if not settings.is_sqlite:
        import asyncpg  # noqa: PLC0415 -- the embedded default never loads it.

        kinds += [asyncpg.PostgresError, asyncpg.InternalClientError]
    return {**dict.fromkeys(kinds, _on_driver), PoolTimeoutError: _on_busy}
