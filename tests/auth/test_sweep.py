"""Sweeping: what ended long ago goes, what an owner may still need stays."""

from datetime import timedelta

from sqlalchemy import func, select

from studium.kit.base import clock
from studium.models import OneTimeToken, RefreshToken, UserSession
from studium.modules.auth.jobs import sweep_sessions
from tests.auth.helpers import Door


async def counts(door: Door) -> list[int]:
    async with door.database.read_session() as session:
        tables = (UserSession, RefreshToken, OneTimeToken)
        return [int(await session.scalar(select(func.count()).select_from(table)) or 0) for table in tables]


async def test_sessions_go_three_months_after_their_end_and_tokens_a_day(door: Door):
    await door.person("sam@school.example")
    await door.log_in("sam@school.example")
    await door.call("POST", "/auth/forgot-password", json={"email": "sam@school.example"})
    await door.runtime.jobs.drain()
    assert await counts(door) == [1, 1, 1]
    for days, left in ((0.9, [1, 1, 1]), (2, [1, 1, 0]), (96, [1, 1, 0]), (98, [0, 0, 0])):
        with clock.shifted(timedelta(days=days)):
            await sweep_sessions(door.runtime)
            assert await counts(door) == left, days
