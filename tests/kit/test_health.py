"""Health: the process lives, can serve, and counts. The database is real; the storage can be cut off."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from studium.kit import health
from studium.kit.base.config import load_settings
from studium.kit.db.database import Database
from studium.kit.db.migrations import downgrade, upgrade
from studium.kit.health import health_routes
from studium.kit.jobs.engine import open_jobs
from studium.kit.jobs.registry import Jobs

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Disk:
    """Stands where the storage stands, and fails or hangs on demand: a real one cannot be made to."""

    fails: bool = False
    hangs: bool = False

    async def ping(self) -> None:
        if self.fails:
            message = "secret-host:9000 refused"
            raise OSError(message)
        if self.hangs:
            await asyncio.sleep(60)


@dataclass
class Parts:
    database: Database
    jobs: Jobs
    storage: Disk = field(default_factory=Disk)


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    url = f"sqlite:///{tmp_path}/health.db"
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    settings = load_settings(database_url=url, data_dir=tmp_path)
    yield Parts(database, open_jobs(settings, database))
    await database.close()


@pytest.fixture
def app(parts: Parts) -> Starlette:
    made = Starlette(routes=health_routes())
    made.state.runtime, made.state.stopping = parts, False
    return made


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://studium.test") as opened:
        yield opened


async def test_a_healthy_server_is_ready(client):
    answer = await client.get("/readyz", headers={"Authorization": "Bearer ignored"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": dict.fromkeys(("database", "migrations", "storage"), "ok")}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_failing_part_makes_it_unready_but_alive(client, parts):
    parts.storage.fails = True
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "storage": "failing"}
    assert "secret-host" not in answer.text
    assert (await client.get("/livez")).json() == {"status": "ok"}


async def test_a_hanging_part_is_given_up(client, parts, monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.1)
    parts.storage.hangs = True
    assert (await client.get("/readyz")).json()["checks"]["storage"] == "failing"


async def test_migrations_to_do_make_it_unready(client, parts):
    await asyncio.to_thread(downgrade, parts.database.url, "base")
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "failing"


async def test_a_stopping_server_is_unready_but_alive(client, app):
    app.state.stopping = True
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/livez")).status_code == 200


async def test_a_server_that_has_not_opened_yet_is_unready(client, app):
    del app.state.runtime
    assert (await client.get("/readyz")).status_code == 503


async def test_metrics_say_whether_the_database_answers(client, parts):
    def value(name: str) -> str:
        return str(next(line.split()[-1] for line in answer.text.splitlines() if line.startswith(f"{name} ")))

    answer = await client.get("/metrics")
    assert (value("studium_database_up"), value("studium_jobs_oldest_seconds")) == ("1.0", "0.0")
    await asyncio.to_thread(downgrade, parts.database.url, "base")
    answer = await client.get("/metrics")
    assert value("studium_database_up") == "0.0"
    assert 'studium_jobs_kept{state="ready"} NaN' in answer.text


async def test_metrics_are_text(client):
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "studium_http_requests_in_flight" in answer.text
