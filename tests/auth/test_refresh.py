"""Rotation: one live refresh token for a session; whoever presents an older one ends it."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from studium.kit.base import clock
from studium.models import RefreshToken, UserSession
from tests.auth.helpers import Door, code_of, text_of


async def refresh(door: Door, token: str):
    return await door.call("POST", "/auth/refresh", json={"refresh_token": token})


async def test_rotation_keeps_the_session(door: Door):
    await door.person("sam@school.example")
    first = await door.log_in("sam@school.example")
    answer = await refresh(door, first["refresh_token"])
    assert answer.status_code == 200
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert await door.works(second["access_token"])
    sessions = (await door.call("GET", "/auth/sessions", second["access_token"])).json()["items"]
    assert len(sessions) == 1


async def test_a_token_that_comes_twice_ends_its_session_and_its_owner_hears_of_it(door: Door):
    await door.person("sam@school.example")
    other = await door.log_in("sam@school.example")
    first = await door.log_in("sam@school.example")
    second = (await refresh(door, first["refresh_token"])).json()
    again = await refresh(door, first["refresh_token"])
    assert (again.status_code, code_of(again)) == (401, "refresh_token_reused")
    assert not await door.works(second["access_token"])
    dead = await refresh(door, second["refresh_token"])
    assert (dead.status_code, code_of(dead)) == (401, "invalid_refresh_token")
    assert await door.works(other["access_token"])
    (mail,) = await door.mails("sam@school.example")
    assert "used twice" in text_of(mail)
    assert ("auth.refresh", "refused") in await door.audit()


async def test_twenty_at_once_with_one_token(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    answers = await asyncio.gather(*(refresh(door, tokens["refresh_token"]) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 19}
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert not await door.works(winner["access_token"])
    assert (await refresh(door, winner["refresh_token"])).status_code == 401
    async with door.database.read_session() as session:
        live = await session.scalar(select(func.count(RefreshToken.id)).where(RefreshToken.revoked_at.is_(None)))
    assert live == 0


async def test_a_week_of_silence_ends_a_session(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    with clock.shifted(timedelta(days=7, seconds=1)):
        assert (await refresh(door, tokens["refresh_token"])).status_code == 401


async def test_thirty_days_end_a_session_however_busy(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    for day in range(6, 30, 6):
        with clock.shifted(timedelta(days=day)):
            answer = await refresh(door, tokens["refresh_token"])
            assert answer.status_code == 200
            tokens = answer.json()
    with clock.shifted(timedelta(days=29, hours=23)):
        tokens = (await refresh(door, tokens["refresh_token"])).json()
    with clock.shifted(timedelta(days=30, seconds=1)):
        assert (await refresh(door, tokens["refresh_token"])).status_code == 401
        assert not await door.works(tokens["access_token"])


async def test_the_database_has_one_live_token_for_a_session_and_none_for_an_ended_one(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    for _ in range(3):
        tokens = (await refresh(door, tokens["refresh_token"])).json()
    await door.call("POST", "/auth/logout", tokens["access_token"])
    await door.log_in("sam@school.example")
    live = select(UserSession.revoked_at.is_(None), func.count(RefreshToken.id)).join(RefreshToken)
    async with door.database.read_session() as session:
        rows = (await session.execute(live.where(RefreshToken.revoked_at.is_(None)).group_by(UserSession.id))).all()
    assert [tuple(row) for row in rows] == [(True, 1)]


async def test_a_body_is_needed(door: Door):
    assert (await door.call("POST", "/auth/refresh")).status_code == 422
    assert (await door.call("POST", "/auth/refresh", json={})).status_code == 422
