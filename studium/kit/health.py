"""Whether the process lives, whether it can serve, and what it counts. None of these looks at a token."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache, partial
from math import nan

import structlog
from sqlalchemy import text
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from studium.kit.base.metrics import DATABASE_UP, JOBS_KEPT, JOBS_WAIT, render
from studium.kit.db.database import Database
from studium.kit.db.migrations import head
from studium.kit.runtime import Runtime

CHECK_SECONDS = 2.0
_FRESH = {"Cache-Control": "no-store"}
_log = structlog.get_logger()


class PendingMigrations(Exception):
    """The database is not yet, or no longer, of the shape that this version wants."""


def health_routes() -> list[Route]:
    """`/livez`, `/readyz` and `/metrics`, as plain routes outside the API."""
    return [
        Route("/livez", _livez, include_in_schema=False),
        Route("/readyz", _readyz, include_in_schema=False),
        Route("/metrics", _metrics, include_in_schema=False),
    ]


async def _livez(request: Request) -> Response:
    del request
    return JSONResponse({"status": "ok"}, headers=_FRESH)


async def _readyz(request: Request) -> Response:
    """200 when every check passes within two seconds; else 503 with what failed. Why it failed is in the logs alone."""
    state = request.app.state
    if getattr(state, "stopping", False) or not hasattr(state, "runtime"):
        return JSONResponse({"status": "stopping", "checks": {}}, 503, headers=_FRESH)
    checks = await check(state.runtime)
    if all(outcome == "ok" for outcome in checks.values()):
        return JSONResponse({"status": "ok", "checks": checks}, headers=_FRESH)
    return JSONResponse({"status": "failing", "checks": checks}, 503, headers=_FRESH)


async def check(runtime: Runtime) -> dict[str, str]:
    """Try what every request stands on, all at once: the name of each check and `ok` or `failing`."""
    tries: dict[str, Callable[[], Awaitable[None]]] = {
        "database": runtime.database.ping,
        "migrations": partial(_migrations, runtime.database),
        "storage": runtime.storage.ping,
    }
    outcomes = await asyncio.gather(*(_try(name, attempt) for name, attempt in tries.items()))
    return dict(zip(tries, outcomes, strict=True))


async def _migrations(database: Database) -> None:
    """Raise PendingMigrations unless the database is at the revision that this version wants."""
    wanted = await asyncio.to_thread(_wanted_revision)
    async with database.engine.connect() as connection:
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found != wanted:
        raise PendingMigrations


@cache
def _wanted_revision() -> str:
    """The newest migration of this version; its files are read once."""
    return head()


async def _count_jobs(state: State) -> None:
    for name in ("ready", "running", "dead"):
        JOBS_KEPT.labels(name).set(nan)
    DATABASE_UP.set(0)
    for name, count in (await state.runtime.jobs.pending()).items():
        JOBS_KEPT.labels(name).set(count)
    JOBS_WAIT.set(await state.runtime.jobs.oldest_seconds())
    DATABASE_UP.set(1)


async def _try(name: str, attempt: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await attempt()
    except Exception as error:  # noqa: BLE001 -- whatever a driver raises, the answer is the same.
        _log.warning("not ready", check=name, reason=type(error).__name__)
        return "failing"
    return "ok"


async def _metrics(request: Request) -> Response:
    """What was counted; the jobs are counted now, unless the database does not answer: then their gauge says NaN."""
    await _try("jobs", partial(_count_jobs, request.app.state))
    body, content_type = render()
    return Response(body, headers={"Content-Type": content_type, **_FRESH})
