"""A transaction of prepared statements does the same on every executor: values, violations, calls after a commit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import Uuid, bindparam, column, delete, select, table, text, update

from studium.access.audit import record_audit
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound, Problem
from studium.kit.db.database import Database, _prepare_sqlite, raise_on_conflict
from studium.kit.db.errors import Constraint, IntegrityViolation, is_lost, raise_problem
from studium.kit.db.postgres import CONNECT_SECONDS
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.transaction import SessionTransaction, Transaction
from studium.models import AuditEvent, Course, Enrollment, EnrollmentStatus, User
from tests.world import World

Opening = Callable[[Database], AbstractAsyncContextManager[Transaction]]
_DETAILS: dict[str, Any] = {"lesson": "L1", "deep": {"list": [1, None, "two"]}}
_SET = PreparedStatement(
    update(Enrollment)
    .where(Enrollment.id == bindparam("p_enrollment", type_=Uuid()))
    .values(status=bindparam("p_status", type_=Enrollment.status.type))
    .returning(Enrollment.id, Enrollment.status)
)
_LOCK = PreparedStatement(select(Course.id).where(Course.id == bindparam("p_course", type_=Uuid())).with_for_update())
_ORPHAN = PreparedStatement(
    update(Enrollment)
    .where(Enrollment.id == bindparam("p_enrollment", type_=Uuid()))
    .values(course_id=bindparam("p_course", type_=Uuid()))
    .returning(Enrollment.id)
)


def on_a_connection(database: Database) -> AbstractAsyncContextManager[Transaction]:
    return database.transaction()


@asynccontextmanager
async def in_a_session(database: Database) -> AsyncIterator[Transaction]:
    async with database.write_session() as session:
        yield SessionTransaction(session)


both = pytest.mark.parametrize("opening", [on_a_connection, in_a_session])


@both
async def test_json_is_stored_as_json(world: World, opening: Opening) -> None:
    async with opening(world.runtime.database) as tx:
        await record_audit(tx, "test.json", actor_id=None, **_DETAILS)
        await record_audit(tx, "test.none", actor_id=None)
    async with world.runtime.database.read_session() as session:
        rows = (await session.execute(select(AuditEvent.action, AuditEvent.details))).all()
        found = {row.action: row.details for row in rows}
        inside = select(AuditEvent.details["deep"]["list"][2].as_string()).where(AuditEvent.action == "test.json")
        assert await session.scalar(inside) == "two"
    assert found["test.json"] == _DETAILS
    assert found["test.none"] is None
    read = PreparedStatement(select(AuditEvent.details).where(AuditEvent.action == "test.json"))
    row = await world.runtime.database.reads.one(read)
    assert row is not None
    assert row["details"] == _DETAILS


@both
async def test_enums_come_back_as_enums(world: World, opening: Opening) -> None:
    async with opening(world.runtime.database) as tx:
        row = await tx.first(_SET, p_enrollment=world.ids["E1"], p_status=EnrollmentStatus.DROPPED)
    assert row is not None
    assert row["status"] is EnrollmentStatus.DROPPED
    role = await world.runtime.database.reads.one(
        PreparedStatement(select(User.role).where(User.id == world.ids["sam"]))
    )
    assert role is not None
    assert role["role"] is (await world.row(User, "sam")).role


async def break_constraint(
    database: Database, opening: Opening, statement: PreparedStatement, values: dict[str, Any]
) -> None:
    async with opening(database) as tx:
        await tx.first(statement, **values)


@both
@pytest.mark.parametrize(
    ("statement", "values", "kind"),
    [
        (_ORPHAN, {"p_course": new_id()}, Constraint.FOREIGN_KEY),
        (_SET, {"p_status": EnrollmentStatus.COMPLETED}, Constraint.CHECK),
    ],
)
async def test_a_broken_constraint_is_named(
    world: World, opening: Opening, statement: PreparedStatement, values: dict[str, Any], kind: Constraint
) -> None:
    everything = {"p_enrollment": world.ids["E1"], **values}
    with pytest.raises(IntegrityViolation) as raised:
        await break_constraint(world.runtime.database, opening, statement, everything)
    assert raised.value.kind is kind
    assert raised.value.constraint


async def test_only_the_expected_kind_of_violation_is_translated(world: World) -> None:
    async def delete_course(kind: Constraint) -> None:
        async with (
            world.runtime.database.write_session() as session,
            raise_on_conflict(session, NotFound("translated"), kind),
        ):
            await session.execute(delete(Course).where(Course.id == world.ids["C1"]))

    with pytest.raises(NotFound):
        await delete_course(Constraint.FOREIGN_KEY)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await delete_course(Constraint.UNIQUE)


class _Remembering(Problem):
    """A refusal that has something to remember."""

    commits_on_error = True


@both
@pytest.mark.parametrize("problem", [None, NotFound("refused"), _Remembering("kept")])
async def test_calls_follow_a_commit_and_nothing_else(world: World, opening: Opening, problem: Problem | None) -> None:
    calls: list[str] = []

    async def act() -> None:
        async with opening(world.runtime.database) as tx:
            await record_audit(tx, "test.called", actor_id=None)
            tx.call_after_commit(lambda: calls.append("called"))
            if problem is not None:
                raise problem

    if problem is None:
        await act()
    else:
        with pytest.raises(type(problem)):
            await act()
    async with world.runtime.database.read_session() as session:
        kept = await session.scalar(select(AuditEvent.id).where(AuditEvent.action == "test.called"))
    is_committed = problem is None or problem.commits_on_error
    assert (kept is not None) == is_committed
    assert calls == ["called"] * is_committed


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_queue_of_writers_leaves_connections_for_reads(world: World) -> None:
    database = world.runtime.database
    size = world.runtime.settings.database_pool

    async def wait_for_the_course() -> None:
        async with database.transaction() as tx:
            await tx.first(_LOCK, p_course=world.ids["C1"])

    async with database.write_session() as session:
        await session.execute(text("SELECT id FROM courses WHERE id = :id FOR UPDATE"), {"id": world.ids["C1"]})
        queue = [asyncio.create_task(wait_for_the_course()) for _ in range(2 * size)]
        await asyncio.sleep(0.3)
        started = now()
        for _ in range(5):
            assert (await world.call("sam", "GET", "/enrollments/{E1}")).status_code == 200
        assert (now() - started).total_seconds() < CONNECT_SECONDS / 2
    await asyncio.gather(*queue)


def test_an_error_that_points_at_itself_is_looked_at_once() -> None:
    error = ValueError("no database has it")
    error.__cause__ = error
    assert not is_lost(error)
    with pytest.raises(ValueError, match="no database has it"):
        raise_problem(error)


async def test_a_defect_of_ours_is_raised_as_it_is(world: World) -> None:
    """What no problem stands for, such as a statement that does not fit, must end and not be chained to itself."""
    with pytest.raises(Exception, match=r"(?i)no such table|does not exist") as caught:
        await world.runtime.database.reads.all(PreparedStatement(select(column("a")).select_from(table("nowhere"))))
    assert caught.value.__cause__ is not caught.value


def test_a_new_file_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    """Two servers that start on an empty folder: SQLite refuses one of them the switch to WAL at once."""
    path = tmp_path / "new.db"
    other, mine = (sqlite3.connect(path, timeout=0, check_same_thread=False) for _ in range(2))
    other.isolation_level = None
    other.execute("BEGIN EXCLUSIVE")
    later = Timer(0.3, other.execute, ["COMMIT"])
    later.start()
    _prepare_sqlite(mine, None)  # type: ignore[arg-type]  # the driver itself has what is asked of it.
    later.join()
    assert mine.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    mine.close()


def test_what_no_waiting_mends_is_raised_at_once(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    began = monotonic()
    with (
        closing(sqlite3.connect(f"file:{tmp_path}/new.db?mode=ro", uri=True)) as mine,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        _prepare_sqlite(mine, None)  # type: ignore[arg-type]  # as above.
    assert monotonic() - began < 5
