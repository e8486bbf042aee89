"""The HTTP application: every route of every module, between the middleware and the runtime."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from studium import GC_THRESHOLD, __version__
from studium.access.idempotency import StoredReplays
from studium.kit.api_docs import api_docs_routes
from studium.kit.config import JobsMode, Settings
from studium.kit.dispatch import Dispatch
from studium.kit.gates import Gate
from studium.kit.health import health_routes
from studium.kit.memory import tidied
from studium.kit.middleware import Edge
from studium.kit.problems import (
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    Problem,
    problem_response,
)
from studium.kit.refusals import problem_of
from studium.kit.routing import API, Router, invalid_input
from studium.kit.runtime import open_runtime
from studium.registry import load_handlers

_JOBS_STOP_SECONDS = 4
_ROUTERS = (
    "users.routes_register",
    "auth.routes",
    "auth.routes_mfa",
    "auth.routes_pages",
    "users.routes",
    "users.routes_audit",
    "courses.routes_imports",
    "courses.routes",
    "courses.routes_lessons",
    "quizzes.routes",
    "quizzes.routes_questions",
    "quizzes.routes_staff",
    "enrollments.routes_rosters",
    "enrollments.routes",
    "quizzes.routes_attempts",
    "certificates.routes",
    "certificates.routes_page",
    "files.routes",
    "files.routes_download",
    "analytics.routes",
)

DESCRIPTION = """The learning-management backend: users, courses, enrollments, quizzes, certificates, files, analytics.

Errors are `application/problem+json` (RFC 9457); lists are keyset pages; times are UTC."""


class _Application(FastAPI):
    """FastAPI with our edge around it instead of its own four: what they do, or would do, `Edge` does in one pass."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Requests go to the edge at once; FastAPI would look first, for each, whether somebody traces it."""
        if scope["type"] != "http" or self.middleware_stack is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The edge, the plans, and for what has no plan the framework's way, which answers known exceptions."""
        handlers: Mapping[Any, Any] = self.exception_handlers
        whole_way = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers=handlers)
        return Edge(Dispatch(whole_way, routes=self.router.routes), self.state.settings, lanes=_lanes())


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the runtime opens when the server starts it."""
    app = _Application(
        title="Studium",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.stopping = False
    app.state.replays = StoredReplays()
    app.router.routes.extend((*health_routes(), *api_docs_routes()))
    app.router.routes.extend(module_routes())
    _answer_errors(app, settings)
    return app


def _lanes() -> list[tuple[str, Gate]]:
    """Gates for what is slow by nature, so that it fills no other; an address goes through the first that fits.

    Log-ins wait for argon2 in a lane of its own (`kit/passwords.py`), which refuses what is too much.
    """
    passwords, uploads = Gate("passwords", limit=64, queue=0), Gate("uploads", limit=16, queue=32)
    return [
        *((f"{API}/{path}", passwords) for path in ("auth/login", "auth/token", "auth/register", "users/register")),
        *((f"{API}/{path}", uploads) for path in ("files/upload", "courses/import")),
        (f"{API}/files/", Gate("files", limit=64, queue=64)),
        (f"{API}/analytics/", Gate("analytics", limit=4, queue=16)),
    ]


def module_routes() -> Iterable[BaseRoute]:
    """Every module's routes, in the order in which they are tried."""
    for name in _ROUTERS:
        router: Router = import_module(f"studium.modules.{name}").router
        yield from router.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    load_handlers()
    async with open_runtime(settings) as runtime, tidied():
        app.state.runtime = runtime
        await runtime.storage.clear_incoming()
        if settings.jobs is JobsMode.INLINE:
            await runtime.jobs.start()
        # What start-up made lives as long as the process: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        yield
        app.state.stopping = True
        # A job that takes longer is done again at the next start; being killed in the middle of a stop is worse.
        with suppress(TimeoutError):
            async with asyncio.timeout(_JOBS_STOP_SECONDS):
                await runtime.jobs.stop()


def _answer_errors(app: FastAPI, settings: Settings) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    kinds: list[type[Exception]] = [DBAPIError, sqlite3.OperationalError, ConnectionError]
    if not settings.is_sqlite:
        import asyncpg  # noqa: PLC0415 -- the embedded default never loads it.

        kinds += [asyncpg.PostgresError, asyncpg.InternalClientError]
    for kind in kinds:
        app.add_exception_handler(kind, _on_driver)
    app.add_exception_handler(PoolTimeoutError, _on_busy)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 -- the handler is registered for this class alone.
    return problem_response(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- the handler is registered for this class alone.
    return problem_response(request, invalid_input(request, error))


async def _on_http(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: unknown address, wrong method, a body that is not a form."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- the handler is registered for this class alone.
    problem: Problem
    if isinstance(error.__cause__, Problem):
        return problem_response(request, error.__cause__)
    if error.status_code == MethodNotAllowed.status:
        problem = MethodNotAllowed("This address does not take this method.", headers=dict(error.headers or {}))
    elif error.status_code == NotFound.status:
        problem = NotFound("There is nothing at this address.")
    else:
        problem = MalformedBody("The body could not be read.")
    return problem_response(request, problem)


async def _on_driver(request: Request, error: Exception) -> Response:
    """A database that is lost, busy or full is none of the caller's doing; any other error of a driver is a defect."""
    problem = problem_of(error)
    if problem is None:
        raise error
    return problem_response(request, problem)


async def _on_busy(request: Request, error: Exception) -> Response:
    del error
    return problem_response(request, Overloaded())
