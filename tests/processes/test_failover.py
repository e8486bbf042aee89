"""The primary dies and its standby takes over: no acknowledged write is lost, and the school goes on by itself."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import httpx2
import psycopg
import pytest
from sqlalchemy import column, text

from studium.kit.base.postgres_address import postgres_address
from studium.kit.base.problems import DependencyDown
from studium.kit.db import migrations as migrate
from studium.kit.db.database import Database
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.servers import Servers
from studium.kit.jobs.registry import Queue
from tests.processes.school import School, school, stop, until
from tests.servers import Postgres, postgres_pair

PASSWORD = "violet kettle 41"
BACK_SECONDS = 10
OUTAGE_SECONDS = 3
WRITERS = 4
_COURSES = "SELECT title FROM courses"
# What waits for a standby that is lost waits for ever: nobody has heard that it was committed.
_OURS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND application_name <> 'looking' AND wait_event IS DISTINCT FROM 'SyncRep'"
)
_WRITTEN = "SELECT name FROM written ORDER BY name"
_WRITE = PreparedStatement(text("INSERT INTO written VALUES ('transaction') RETURNING name").columns(column("name")))
_LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"


def seen(server: Postgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url, autocommit=True, application_name="looking", connect_timeout=5) as connection:
        return connection.execute(statement.encode()).fetchall()


class Writers:
    """Threads that make courses without a pause, and note which ones were acknowledged, and when."""

    def __init__(self, of: School, token: str) -> None:
        self.school, self.token = of, token
        self.done, self._numbers = Event(), count()
        self.acknowledged: dict[str, float] = {}
        self.refused: list[int] = []

    def write(self) -> None:
        while not self.done.is_set():
            title = f"Course {next(self._numbers)}"
            try:
                status = self.school.call("POST", "/courses", self.token, json={"title": title}).status_code
            except httpx2.TransportError:
                status = 0
            if status == 201:
                self.acknowledged[title] = monotonic()
            else:
                self.refused.append(status)
                sleep(0.05)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with ThreadPoolExecutor(WRITERS) as threads:
            running = [threads.submit(self.write) for _ in range(WRITERS)]
            try:
                yield
            finally:
                self.done.set()
            for each in running:
                each.result()

    def until_acknowledged(self, since: float) -> float:
        """Wait for a write that was acknowledged since then; how many seconds after that it was."""
        until(lambda: any(at > since for at in [*self.acknowledged.values()]))
        return min(at for at in self.acknowledged.values() if at > since) - since


def mails_to(folder: Path, address: str) -> int:
    return sum(address in path.read_text() for path in (folder / "mail").glob("*.eml"))


def register(of: School, name: str) -> str:
    """Somebody new, to whom a worker writes."""
    address = f"{name}@school.example"
    body = {"email": address, "full_name": "New Person", "password": "orange bicycle 12"}
    until(lambda: of.call("POST", "/auth/register", json=body).status_code in (201, 409))
    return address


@pytest.mark.parametrize("is_killed", [True, pytest.param(False, marks=pytest.mark.slow, id="hung")])
@pytest.mark.timeout(120)
def test_a_standby_takes_over(tmp_path: Path, *, is_killed: bool) -> None:
    """The old primary is killed with all its processes, or hangs; either way it comes back and takes writes."""
    with postgres_pair() as (primary, standby):
        url = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
        migrate.upgrade(postgres_address(url))
        with school(tmp_path, database_url=url, jobs="external") as opened:
            fail_over(opened, primary, standby, loss=killed if is_killed else Postgres.hanging)
        if is_killed:
            # Nor does it as a standby that nobody has made one of the new primary's.
            primary.stop()
            (primary.folder / "data" / "standby.signal").touch()
            primary.start()
        assert asyncio.run(Servers(postgres_address(url)).address()).partition("?")[0] == standby.url


@contextmanager
def killed(server: Postgres) -> Iterator[None]:
    server.stop()
    yield
    server.start()


def fail_over(
    opened: School, primary: Postgres, standby: Postgres, *, loss: Callable[[Postgres], AbstractContextManager[None]]
) -> None:
    admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
    opened.run(*admin, typed=f"{PASSWORD}\n")
    server, worker = opened.serve(), opened.start("worker")
    body = {"email": "root@school.example", "password": PASSWORD}
    token = str(opened.call("POST", "/auth/login", json=body).json()["access_token"])
    until(lambda: seen(primary, _LISTENING) == [(len(Queue),)])
    until(lambda: mails_to(opened.folder, register(opened, "before")))

    writers = Writers(opened, token)
    with writers.writing():
        writers.until_acknowledged(monotonic())
        with loss(primary):
            sleep(OUTAGE_SECONDS)  # Until whoever watches over it has decided.
            promoted = monotonic()
            assert seen(standby, "SELECT pg_promote()") == [(True,)]
            seconds = {"write": writers.until_acknowledged(promoted)}
            until(lambda: seen(standby, _LISTENING) == [(len(Queue),)])
            seconds["LISTEN"] = monotonic() - promoted
            until(lambda: mails_to(opened.folder, register(opened, "after")))
            seconds["mail"] = monotonic() - promoted
        old = seen(primary, _COURSES)
        again = School(opened.folder, database_url=opened.environment["STUDIUM_DATABASE_URL"], jobs="external")
        try:
            again.serve()
            assert again.call("POST", "/courses", token, json={"title": "By a new process"}).status_code == 201
        finally:
            again.end()
        writers.until_acknowledged(monotonic())
    assert max(seconds.values()) < BACK_SECONDS, seconds
    assert set(writers.refused) <= {503}
    assert {str(title) for (title,) in seen(standby, _COURSES)} >= {*writers.acknowledged, "By a new process"}
    until(lambda: seen(primary, _OURS) == [(0,)])
    assert seen(primary, _COURSES) == old
    assert [stop(process) for process in (worker, server)] == [0, 0]


async def test_while_the_standby_is_away_nothing_is_acknowledged_or_seen() -> None:
    """A commit that nobody waits for any more goes on waiting, and is seen only when the standby has it."""
    with postgres_pair() as (primary, standby):
        with psycopg.connect(primary.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE written (name text)")
        database = Database(primary.url, statement_seconds=0.5)
        standby.stop()
        for write in (by_session, by_transaction):
            with pytest.raises(DependencyDown):
                await write(database)
            database.breaker.is_down = False
        assert seen(primary, _WRITTEN) == []
        standby.start()
        until(lambda: seen(primary, _WRITTEN) == [("session",), ("transaction",)] == seen(standby, _WRITTEN))
        await database.close()


async def by_session(database: Database) -> None:
    async with database.write_session() as session:
        await session.execute(text("INSERT INTO written VALUES ('session')"))


async def by_transaction(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.all(_WRITE)
