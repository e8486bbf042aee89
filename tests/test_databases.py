"""Rows that tests store quickly are those that a session of the application would have stored."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from studium.kit.base.clock import frozen
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models import Course, Role, User
from tests.databases import beside, write

ADA, SAM, COURSE = new_id(), new_id(), new_id()


def people() -> list[Base]:
    return [
        User(id=ADA, email="ada@school.example", full_name="Ada Ömer", role=Role.INSTRUCTOR, password_hash="x"),
        User(
            id=SAM,
            email="sam@school.example",
            full_name="Sam",
            password_hash="x",
            is_active=False,
            profile_metadata={"plan": ["a"]},
            external_id=None,
        ),
    ]


def courses() -> list[Base]:
    return [Course(id=COURSE, title="Walking", slug="walking", description="Far away", instructor_id=ADA)]


def by_session(connection: Connection, rows: list[Base]) -> None:
    with Session(connection, expire_on_commit=False) as session:
        session.add_all(rows)
        session.commit()


def stored(connection: Connection, into: Callable[[Connection, list[Base]], None]) -> Iterator[list[Any]]:
    """What is in each table afterwards, but for numbers that the database gives out; nothing of it stays."""
    point = connection.begin_nested()
    for rows in (people(), courses()):
        into(connection, rows)
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name != "id" or column.type.python_type is not int]
        yield sorted(map(str, connection.execute(select(*columns)).all()))
    point.rollback()


def test_a_row_is_written_as_a_session_writes_it(database_url: str) -> None:
    with frozen(datetime(2026, 1, 5, 12, tzinfo=UTC)), beside(database_url) as connection:
        quickly, plainly = list(stored(connection, write)), list(stored(connection, by_session))
    assert quickly == plainly
    # Both people, the course, and the words by which each is found.
    assert sum(map(len, quickly)) >= 5
