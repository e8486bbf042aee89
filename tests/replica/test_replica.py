"""The school with a real streaming replica: reads go there, and nobody misses what they must see or waits for long."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, LiteralString

import psycopg
import pytest
import structlog

from studium.kit.base.config import SettingsError, load_settings
from studium.kit.base.metrics import REPLICA_READS
from studium.kit.base.problems import DependencyDown, Overloaded
from studium.kit.db import migrations, replica
from studium.kit.db.prepared import QueryExecutor
from studium.kit.db.replica import ReplicaReads
from studium.web.visitor import session_cookie
from tests import test_thread
from tests.databases import empty
from tests.policy import test_authorization as authorization
from tests.policy.test_authorization import Cell, cells
from tests.servers import Postgres, postgres_server, standby_of
from tests.web.school import cookie_of
from tests.world import NUMBER, World, open_world

PATIENCE_SECONDS = 45
"""A primary that nothing commits on tells its standby the rest of a record after 15 seconds at the latest."""
LOGGED = "log_statement=all"
TURNS = 40
SHARED = [cell for cell in cells() if str(cell.id).startswith("reads-and-refusals-unprepared")]


@pytest.fixture(scope="module")
def primary() -> Iterator[Postgres]:
    with postgres_server(LOGGED, "jit=off") as server:
        migrations.upgrade(server.url)
        yield server


@pytest.fixture(scope="module")
def standby(primary: Postgres) -> Iterator[Postgres]:
    with standby_of(primary, LOGGED, "jit=off") as server:
        yield server


@asynccontextmanager
async def following(primary: Postgres, standby: Postgres, folder: Path, **changes: Any) -> AsyncIterator[World]:  # noqa: ANN401 -- settings of any type.
    """The school of the tests with a replica that is read from."""
    empty(primary.url)
    async with open_world(primary.url, folder, database_read_url=standby.url, **changes) as world:
        await until_used(world)
        yield world


@pytest.fixture
async def school(
    primary: Postgres, standby: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(replica, "_RETRY_SECONDS", 0.05)
    async with following(primary, standby, tmp_path) as world:
        yield world


def replica_of(world: World) -> ReplicaReads:
    found = world.runtime.database.replica
    assert isinstance(found, ReplicaReads)
    return found


async def until(true: Callable[[], bool]) -> None:
    began = monotonic()
    while not true():
        assert monotonic() - began < PATIENCE_SECONDS
        await asyncio.sleep(0.01)


async def until_used(world: World) -> None:
    """Ask until the replica answers."""
    began = monotonic()
    while not replica_of(world).is_used:
        assert monotonic() - began < PATIENCE_SECONDS, (replica_of(world).reason, state_of(world))
        assert (await world.call(None, "GET", "/courses")).status_code == 200
        await asyncio.sleep(0.01)


def state_of(world: World) -> tuple[Any, ...] | None:
    """How far the replica is: replayed, received, paused, and whether it is connected."""
    state = "SELECT pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn(), pg_is_wal_replay_paused(), status"
    with psycopg.connect(str(world.runtime.settings.database_read_url)) as connection:
        return connection.execute(f"{state} FROM (SELECT) one LEFT JOIN pg_stat_wal_receiver ON true").fetchone()


async def until_left_alone(world: World) -> None:
    await until(lambda: bool(replica_of(world).reason))


def by_replica() -> float:
    return float(REPLICA_READS.labels("replica")._value.get())


def tell(server: Postgres, *statements: LiteralString, value: str | None = None) -> None:
    """Say something to a server as its superuser."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement, None if value is None else [value])


def rename(primary: Postgres, title: str) -> None:
    """Change a course's title, as another process would."""
    tell(primary, "UPDATE courses SET title = %s WHERE slug = 'course-c1'", value=title)


async def title_for(world: World, who: str | None) -> str:
    answer = await world.call(who, "GET", "/courses/{C1}")
    assert answer.status_code == 200
    return str(answer.json()["title"])


class Log:
    """What a server was asked since this was made."""

    def __init__(self, server: Postgres) -> None:
        self.path = server.folder / f"server-{server.port}.log"
        self.start = self.path.stat().st_size

    def names(self, table: str) -> bool:
        with self.path.open(errors="replace") as file:
            file.seek(self.start)
            return f" {table}" in " ".join(file.read().split())


READS = {
    "catalogue": (None, "/courses", "FROM courses"),
    "search": (None, "/courses?q=course", "FROM courses"),
    "categories": (None, "/courses/categories", "FROM courses"),
    "course": (None, "/courses/{C1}", "FROM courses"),
    "slug": ("sam", "/courses/slug/course-c1", "FROM courses"),
    "outline": ("mia", "/courses/{C1}/lessons", "FROM lessons"),
    "reviews": (None, "/courses/{C1}/reviews", "FROM enrollments"),
    "roster": ("ada", "/enrollments/courses/{C1}", "FROM enrollments"),
    "figures": ("ada", "/analytics/courses/{C1}", "FROM tallies"),
    "school": ("root", "/analytics/system/overview", "FROM tallies"),
    "dashboard": ("sam", "/analytics/my-dashboard", "FROM enrollments"),
    "people": ("root", "/users", "ORDER BY users.created_at"),
    "certificate": (None, f"/certificates/verify/{NUMBER}", "FROM certificates"),
    "catalogue's page": (None, "http://test/courses", "FROM courses"),
    "course's page": (None, "http://test/courses/course-c1", "FROM lessons"),
    "certificate's page": (None, f"http://test/verify/{NUMBER}", "FROM certificates"),
}


async def test_what_says_so_is_read_from_the_replica(school: World, primary: Postgres, standby: Postgres) -> None:
    """As the servers' own logs tell."""
    for name, (who, path, text) in READS.items():
        there, here = Log(standby), Log(primary)
        answer = await school.call(who, "GET", path)
        assert answer.status_code == 200, name
        assert there.names(text), name
        assert not here.names(text), name


async def test_people_are_exported_by_the_replica(school: World, primary: Postgres, standby: Postgres) -> None:
    there, here = Log(standby), Log(primary)
    answer = await school.call("root", "GET", "/users", headers={"Accept": "text/csv"})
    assert len(answer.text.splitlines()) == 7
    assert there.names("FROM users") and there.names("FROM enrollments")  # noqa: PT018
    assert not here.names("FROM enrollments")


async def test_pages_of_staff_are_read_there_by_the_same_rule(school: World, primary: Postgres) -> None:
    """Whoever a cookie stands for sees what was written just before."""
    cookie = f"{session_cookie(school.runtime.settings)}={await cookie_of(school, 'ada')}"
    before = by_replica()
    for turn in range(5):
        tell(primary, "UPDATE users SET full_name = %s WHERE email LIKE 'sam@%%'", value=f"Sam {turn}")
        for page in ("learners", "learners.csv"):
            path = f"http://test/teach/courses/{{C1}}/{page}"
            answer = await school.call(None, "GET", path, headers={"Cookie": cookie})
            assert f"Sam {turn}" in answer.text
    assert by_replica() > before


async def test_who_asks_and_what_they_do_is_the_primarys(school: World, primary: Postgres, standby: Postgres) -> None:
    there, here = Log(standby), Log(primary)
    assert (await school.call("sam", "GET", "/enrollments/{E1}/lessons")).status_code == 200
    assert (await school.call("ada", "PATCH", "/courses/{C1}", json={"title": "New"})).status_code == 200
    assert (await school.call("dan", "GET", "/courses")).status_code == 401
    assert here.names("FROM users JOIN sessions")
    assert not there.names("FROM users") and not there.names("FROM courses")  # noqa: PT018


async def test_whoever_is_logged_in_sees_what_any_process_wrote(school: World, primary: Postgres) -> None:
    """A write by one connection, then at once a read: the replica answers, and never too early."""
    before = by_replica()
    for turn in range(TURNS):
        rename(primary, f"Title {turn}")
        assert await title_for(school, "ada") == f"Title {turn}"
    assert by_replica() - before >= TURNS / 2


async def test_many_write_and_read_at_once(school: World) -> None:
    async def one(number: int) -> None:
        made = await school.call("ada", "POST", "/courses", json={"title": f"Course {number}"})
        for turn in range(5):
            path, title = f"/courses/{made.json()['id']}", f"Course {number} {turn}"
            assert (await school.call("ada", "PATCH", path, json={"title": title})).status_code == 200
            assert (await school.call("ada", "GET", path)).json()["title"] == title

    before = by_replica()
    await asyncio.gather(*(one(number) for number in range(8)))
    assert by_replica() > before


async def test_a_replica_that_lags_a_little_is_waited_for(school: World, primary: Postgres, standby: Postgres) -> None:
    tell(standby, "ALTER SYSTEM SET recovery_min_apply_delay = '60ms'", "SELECT pg_reload_conf()")
    try:
        # The delay counts from the first commit that is replayed after the server has read its settings.
        before, turn = by_replica(), 0
        began = monotonic()
        while by_replica() - before < 3:
            assert monotonic() - began < PATIENCE_SECONDS
            turn += 1
            rename(primary, f"Slow {turn}")
            assert await title_for(school, "ada") == f"Slow {turn}"
            await asyncio.sleep(0)
    finally:
        tell(standby, "ALTER SYSTEM RESET recovery_min_apply_delay", "SELECT pg_reload_conf()")


async def test_a_replica_that_lags_costs_one_wait(school: World, primary: Postgres, standby: Postgres) -> None:
    tell(standby, "SELECT pg_wal_replay_pause()")
    try:
        with structlog.testing.capture_logs() as said:
            for turn in range(5):
                rename(primary, f"Paused {turn}")
                began = monotonic()
                assert await title_for(school, "ada") == f"Paused {turn}"
                if turn == 0:
                    assert monotonic() - began >= replica.WAIT_SECONDS
                assert not replica_of(school).is_used
        assert [line["reason"] for line in said if "replica" in line["event"]] == ["it lags"]
    finally:
        tell(standby, "SELECT pg_wal_replay_resume()")
    await until_used(school)
    before = by_replica()
    assert await title_for(school, "ada") == "Paused 4"
    assert by_replica() == before + 1


async def test_a_stranger_sees_what_is_a_second_old(
    school: World, primary: Postgres, standby: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    await title_for(school, None)
    tell(standby, "SELECT pg_wal_replay_pause()")
    try:
        rename(primary, "Now")
        monkeypatch.setattr(replica, "STALE_SECONDS", 1000)
        monkeypatch.setattr(replica, "_FRESH_SECONDS", 1000)
        assert await title_for(school, None) == "Course C1"
        monkeypatch.setattr(replica, "STALE_SECONDS", 0)
        assert await title_for(school, None) == "Now"
    finally:
        tell(standby, "SELECT pg_wal_replay_resume()")


async def test_a_certificate_of_this_moment_is_found(school: World, primary: Postgres, standby: Postgres) -> None:
    """The replica has not heard of it, and nobody has guessed."""
    await title_for(school, None)
    tell(standby, "SELECT pg_wal_replay_pause()")
    try:
        tell(primary, "UPDATE certificates SET certificate_number = %s", value=f"{NUMBER[:-1]}7")
        before = by_replica()
        answer = await school.call(None, "GET", f"/certificates/verify/{NUMBER[:-1]}7")
        assert answer.json()["valid"]
        assert by_replica() == before + 1
    finally:
        tell(standby, "SELECT pg_wal_replay_resume()")


async def test_a_replica_that_is_killed_or_hangs_costs_no_answer(school: World, standby: Postgres) -> None:
    standby.stop()
    try:
        for _ in range(5):
            assert await title_for(school, "sam") == "Course C1"
        assert not replica_of(school).is_used
    finally:
        standby.start()
    await until_used(school)
    replica_of(school)._looked_at = 0
    with standby.hanging():
        began = monotonic()
        for _ in range(5):
            assert await title_for(school, None) == "Course C1"
        assert monotonic() - began < 2
        assert not replica_of(school).is_used
    await until_used(school)


@pytest.mark.slow
async def test_a_replica_that_hangs_in_a_read_holds_that_one(school: World, standby: Postgres) -> None:
    await title_for(school, None)
    with standby.hanging():
        replica_of(school)._looked_at = monotonic()
        began = monotonic()
        assert await title_for(school, None) == "Course C1"
        assert 4 < monotonic() - began < 9
        assert await title_for(school, None) == "Course C1"
        assert monotonic() - began < 9


async def test_a_school_starts_without_its_replica(primary: Postgres, tmp_path: Path) -> None:
    empty(primary.url)
    gone = "postgresql://postgres@127.0.0.1:9/postgres"
    async with open_world(primary.url, tmp_path, database_read_url=gone) as world:
        assert await title_for(world, "sam") == "Course C1"
        await until_left_alone(world)
        assert await title_for(world, "sam") == "Course C1"
        assert not replica_of(world).is_used


async def test_what_is_no_replica_of_this_database_is_not_read(
    primary: Postgres, standby: Postgres, tmp_path: Path
) -> None:
    empty(primary.url)
    tell(primary, "CREATE DATABASE another")
    wrong = {primary.url: "it is no replica", f"{standby.url.rpartition('/')[0]}/another": "it is another database's"}
    await until(lambda: _has_database(standby, "another"))
    for url, reason in wrong.items():
        empty(primary.url)
        async with open_world(primary.url, tmp_path, database_read_url=url) as world:
            await title_for(world, "sam")
            await until_left_alone(world)
            assert replica_of(world).reason == reason


def _has_database(server: Postgres, name: str) -> bool:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


async def test_a_replica_that_is_promoted_is_one_no_more(
    primary: Postgres, standby: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written there is not seen here; and when the school moves there, the old primary's replica is no good."""
    monkeypatch.setattr(replica, "_RETRY_SECONDS", 0.05)
    with standby_of(primary) as second:
        async with following(primary, second, tmp_path / "one") as world:
            tell(second, "SELECT pg_promote()", "UPDATE courses SET title = 'Elsewhere'")
            replica_of(world)._looked_at = 0
            for _ in range(3):
                assert await title_for(world, "sam") == "Course C1"
            assert replica_of(world).reason == "it is no replica"
        # The old primary's replica is further in its log than the new primary, but not in the same one.
        tell(primary, "SELECT pg_switch_wal()", "UPDATE courses SET title = 'Before'")
        empty(second.url)
        async with open_world(second.url, tmp_path / "two", database_read_url=standby.url) as world:
            await title_for(world, "sam")
            await until_left_alone(world)
            assert replica_of(world).reason == "it lags"
            assert await title_for(world, "sam") == "Course C1"


async def test_a_replica_becomes_the_primary(
    primary: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standby that is read from takes over: then it answers everything, as the primary that it is."""
    monkeypatch.setattr(replica, "_RETRY_SECONDS", 0.05)
    with standby_of(primary) as second:
        empty(primary.url)
        url = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{second.port}/postgres"
        async with open_world(url, tmp_path, database_read_url=second.url) as world:
            await until_used(world)
            primary.stop()
            try:
                tell(second, "SELECT pg_promote()")
                began = monotonic()
                while (await world.call("ada", "GET", "/courses/{C1}")).status_code != 200:
                    assert monotonic() - began < PATIENCE_SECONDS
                    await asyncio.sleep(0.05)
                assert (await world.call("ada", "PATCH", "/courses/{C1}", json={"title": "On"})).status_code == 200
                assert await title_for(world, "ada") == "On"
                await until_left_alone(world)
                assert not replica_of(world).is_used
            finally:
                primary.start()


class Failing(QueryExecutor):
    """A replica that fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.asked = error, 0

    async def all(self, read: object, **values: object) -> Any:  # noqa: ANN401, ARG002 -- nothing is given.
        self.asked += 1
        raise self.error

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [Overloaded(), DependencyDown(), RuntimeError("no such table")])
async def test_whatever_fails_there_is_asked_here(school: World, error: Exception) -> None:
    """As a statement that is cancelled because it stands in the way of what is replayed."""
    reads = replica_of(school)
    await title_for(school, "sam")
    own, failing = reads._reads, Failing(error)
    reads._reads, reads._looked_at = failing, monotonic()
    try:
        assert await title_for(school, None) == "Course C1"
        assert failing.asked == 1
    finally:
        reads._reads = own


async def test_what_finds_no_room_there_is_asked_here(school: World, standby: Postgres) -> None:
    reads, there = replica_of(school), Log(standby)
    reads._busy = reads._limit
    try:
        assert await title_for(school, "sam") == "Course C1"
        assert reads.is_used
        assert not there.names("FROM courses")
    finally:
        reads._busy = 0


async def test_the_thread_from_registration_to_certificate(school: World) -> None:
    await test_thread.test_from_registration_to_a_verified_certificate(school)


@pytest.mark.parametrize("sharing", SHARED[:1])
async def test_callers_get_what_the_table_says(school: World, sharing: list[Cell]) -> None:
    await authorization.test_each_caller_gets_what_the_table_says(school, sharing)


async def test_nothing_is_different_without_one(world: World) -> None:
    database = world.runtime.database
    assert database.replica is None
    assert database.replica_reads is database.reads
    assert database.reads.heard is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"database_read_url": "postgresql://there/school"}, "needs PostgreSQL in STUDIUM_DATABASE_URL"),
        ({"database_url": "postgresql://here/school", "database_read_url": "sqlite:///there"}, "must begin with"),
        (
            {"database_url": "postgresql://here/school", "database_read_url": "postgresql://one,two/school"},
            "must name one server",
        ),
    ],
)
def test_wrong_addresses_are_refused(settings: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"STUDIUM_DATABASE_READ_URL.*{sentence}"):
        load_settings(data_dir=tmp_path, _env_file=None, **settings)
