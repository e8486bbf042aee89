"""The HTTP application: every route of every module, between the middleware and the runtime."""

import gc
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute

from studium import __version__
from studium.access.idempotency import StoredReplays
from studium.kit.api_docs import api_docs_routes
from studium.kit.config import JobsMode, Settings
from studium.kit.dispatch import Dispatch
from studium.kit.health import health_routes
from studium.kit.middleware import Edge
from studium.kit.problems import (
    DependencyDown,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    Problem,
    problem_response,
)
from studium.kit.routing import Router, invalid_input
from studium.kit.runtime import open_runtime
from studium.registry import load_handlers

_GC_THRESHOLD = 50_000
_UNLUCKY = frozenset({"40001", "40P01"})
"""SQLSTATEs of a transaction that PostgreSQL gave up for the sake of another: nothing was done, trying again helps."""
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


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the runtime opens when the server starts it."""
    app = FastAPI(
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
    app.add_middleware(Dispatch, routes=app.router.routes)
    app.add_middleware(Edge, settings=settings)
    _answer_errors(app)
    return app


def module_routes() -> Iterable[BaseRoute]:
    """Every module's routes, in the order in which they are tried."""
    for name in _ROUTERS:
        router: Router = import_module(f"studium.modules.{name}").router
        yield from router.routes


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    load_handlers()
    async with open_runtime(settings) as runtime:
        app.state.runtime = runtime
        await runtime.storage.clear_incoming()
        if settings.jobs is JobsMode.INLINE:
            await runtime.jobs.start()
        # What start-up made lives as long as the process: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        yield
        app.state.stopping = True
        await runtime.jobs.stop()


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DBAPIError, _on_database)
    app.add_exception_handler(PoolTimeoutError, _on_down)
    app.add_exception_handler(ConnectionError, _on_down)


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


async def _on_database(request: Request, error: Exception) -> Response:
    """A lost or refusing database, or a deadlock, is 503; any other database error is a defect of ours."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) in _UNLUCKY:
        return problem_response(request, Overloaded())
    lost = isinstance(error, OperationalError | InterfaceError) or getattr(error, "connection_invalidated", False)
    if not lost:
        raise error
    return await _on_down(request, error)


async def _on_down(request: Request, error: Exception) -> Response:
    del error
    return problem_response(request, DependencyDown())
