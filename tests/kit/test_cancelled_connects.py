"""Whoever gives up while a connection to PostgreSQL is opened leaves nothing behind: no error, and no connection."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import literal, select

from studium.kit.db.database import Database
from studium.kit.db.prepared import PreparedStatement

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
_ROUNDS = 3
_TURNS = 100
"""In how many turns of the event loop a connection is given up, one after the other; some 60 pass at least until one
is open."""
_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'studium'"


async def by_statement(database: Database) -> None:
    await database.reads.one(PreparedStatement(select(literal(1).label("one"))))


@pytest.mark.parametrize("ask", [Database.ping, by_statement])
async def test_a_connect_that_is_cancelled_leaves_nothing(
    database_url: str, ask: Callable[[Database], Awaitable[None]]
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    cancelled = [await _cancelled(database_url, ask, turn) for turn in range(_TURNS) for _ in range(_ROUNDS)]
    assert cancelled.count(True) > _TURNS
    gc.collect()
    assert reported == []
    with psycopg.connect(database_url, autocommit=True) as other:
        async with asyncio.timeout(5):
            while other.execute(_OPEN).fetchone() != (0,):
                await asyncio.sleep(0.05)


async def _cancelled(url: str, ask: Callable[[Database], Awaitable[None]], turn: int) -> bool:
    """Whether a question with a connection of its own was cancelled before it was answered."""
    database = Database(url, pool_size=1)
    asking = asyncio.ensure_future(ask(database))
    for _ in range(turn):
        await asyncio.sleep(0)
    asking.cancel()
    [outcome] = await asyncio.gather(asking, return_exceptions=True)
    await database.close()
    return isinstance(outcome, asyncio.CancelledError)
