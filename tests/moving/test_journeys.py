"""What people do in a school goes on after it has moved, also where a pooler stands before its new database."""

import sqlite3
import subprocess
import sys
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import psycopg
import pytest

from studium.app import create_app
from studium.entrypoints.operations.moving.move import differences
from studium.kit.base.clock import frozen
from tests import test_thread
from tests.moving.conftest import NOW, Old
from tests.processes.school import ROOT, school, stop, until
from tests.servers import pgbouncer_server
from tests.world import PASSWORD, World

WAYS = [pytest.param(False, marks=pytest.mark.slow, id="direct"), pytest.param(True, id="pooled")]


@contextmanager
def reached(target: str, *, is_pooled: bool) -> Iterator[dict[str, str]]:
    """The settings with which the database is reached."""
    if not is_pooled:
        yield {"database_url": target}
        return
    with pgbouncer_server(target, connections=3) as pooler:
        yield {"database_url": pooler, "database_direct_url": target}


@pytest.fixture
def old_idle(old: Old) -> Old:
    """The school, with no job that waits: those of the tests are known to nobody."""
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute("DELETE FROM jobs")
    return old


@pytest.mark.parametrize("is_pooled", WAYS)
async def test_the_thread_from_registration_to_certificate(old_idle: Old, target: str, *, is_pooled: bool) -> None:
    old_idle.move(target)
    with frozen(NOW), reached(target, is_pooled=is_pooled) as changes:
        app = create_app(old_idle.settings.model_copy(update=changes))
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
                world = World(app, client, old_idle.path.parent, dict(old_idle.ids), dict(old_idle.tokens))
                await test_thread.test_from_registration_to_a_verified_certificate(world)
    assert await differences(old_idle.settings, target) == []


@pytest.mark.parametrize("is_pooled", WAYS)
async def test_the_walk_of_the_readme(old_idle: Old, target: str, tmp_path: Path, *, is_pooled: bool) -> None:
    """With real processes: the command, then a server and a worker."""
    with school(tmp_path) as before:
        before.run("move", "--to", target)
    with (
        reached(target, is_pooled=is_pooled) as settings,
        school(tmp_path, jobs="external", **settings) as opened,
    ):
        server, worker = opened.serve(), opened.start("worker")
        program = [sys.executable, str(ROOT / "examples" / "walk.py"), opened.address]
        whom = ("--admin-email", "root@school.example", "--admin-password", PASSWORD)
        mails = ("--mail-folder", str(tmp_path / "mail"))
        walked = await to_thread(
            subprocess.run, [*program, *whom, *mails], capture_output=True, text=True, timeout=60, check=False
        )
        assert walked.returncode == 0, walked.stdout + walked.stderr
        assert "anybody can verify it" in walked.stdout
        until(opened.is_idle)
        assert [stop(process) for process in (server, worker)] == [0, 0]
    with psycopg.connect(target) as connection:
        found = connection.execute("SELECT count(*) FROM users WHERE email LIKE '%@walk.example.com'").fetchone()
    assert found == (2,)
    assert await differences(old_idle.settings, target) == []
