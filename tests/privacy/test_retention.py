"""What goes by itself after some days: sources in the record, sessions, files and people; and what keeps them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from studium.kit.base.clock import now, shifted
from studium.kit.base.config import SettingsError, load_settings
from studium.models import AuditEvent, Course, Erasure, UploadedFile, User, UserSession
from studium.modules.auth.jobs import sweep_sessions
from studium.modules.privacy import retention
from studium.modules.privacy.jobs import apply_retention
from tests.files.helpers import Desk
from tests.world import World, open_world

DAYS = {
    "retention_addresses_days": 10,
    "retention_sessions_days": 20,
    "retention_deactivated_days": 30,
    "retention_files_days": 15,
}


@pytest.fixture
async def strict(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A school that keeps nothing for long."""
    async with open_world(database_url, tmp_path / "school", **DAYS) as world:
        yield world


async def apply(world: World, days: float) -> None:
    with shifted(timedelta(days=days)):
        await apply_retention(world.runtime)
        await world.jobs()


async def change(world: World, who: str, **values: object) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids[who]).values(**values))


async def pending(world: World) -> list[str]:
    """Who is to be erased."""
    names = {user_id: name for name, user_id in world.ids.items()}
    async with world.runtime.database.read_session() as session:
        waits = select(Erasure.user_id).where(Erasure.cancelled_at.is_(None), Erasure.requested_by.is_(None))
        return sorted(names[user_id] for user_id in (await session.execute(waits)).scalars())


async def test_sources_leave_the_record_after_their_days_in_bounded_parts(
    strict: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr("studium.modules.privacy.jobs.AT_ONCE", 2)
    events = [
        AuditEvent(action="auth.login", outcome="done", address="192.0.2.1", occurred_at=now() - timedelta(days=age))
        for age in (1, 11, 12, 13, 14, 15)
    ]
    await strict.add(*events)
    async with strict.runtime.database.write_session() as session:
        assert await retention.forget_addresses(session, 10) == 2
    await apply(strict, 0)
    async with strict.runtime.database.read_session() as session:
        kept = select(AuditEvent.id).where(AuditEvent.address == "192.0.2.1")
        assert (await session.execute(kept)).scalars().all() == [events[0].id]
        assert int(await session.scalar(select(func.count()).select_from(AuditEvent)) or 0) >= len(events)


async def test_sessions_go_after_their_days(strict: World) -> None:
    ends = 30
    for days, is_there in ((19, True), (21, False)):
        with shifted(timedelta(days=ends + days)):
            await sweep_sessions(strict.runtime)
        assert bool(await strict.count(UserSession)) is is_there


async def test_people_who_are_deactivated_for_long_are_erased(strict: World) -> None:
    assert (await strict.call("root", "DELETE", "/users/{mia}")).status_code == 204
    await change(strict, "dan", is_active=True)
    await apply(strict, 29)
    assert await pending(strict) == []
    await apply(strict, 31)
    assert await pending(strict) == ["mia"], "who is active, or was deactivated later, is not"
    await apply(strict, 32)
    assert await strict.count(Erasure) == 1, "once"
    assert (await strict.row(User, "mia")).email == "mia@school.example", "in 14 days, unless somebody cancels it"


async def test_days_count_from_the_deactivation_whatever_is_changed_later(strict: World) -> None:
    async with strict.runtime.database.write_session() as session:
        await session.execute(update(User).values(is_active=True, deactivated_at=None))
    assert (await strict.call("root", "DELETE", "/users/{mia}")).status_code == 204
    since = (await strict.row(User, "mia")).deactivated_at
    assert since is not None
    for later in ({"full_name": "Mia Other"}, {"is_active": False}):
        assert (await strict.call("root", "PATCH", "/users/{mia}", json=later)).status_code == 200
    await change(strict, "mia", updated_at=now() + timedelta(days=20))
    assert (await strict.row(User, "mia")).deactivated_at == since
    await apply(strict, 29)
    assert await pending(strict) == []
    await apply(strict, 31)
    assert await pending(strict) == ["mia"]


async def test_whoever_comes_back_counts_anew(strict: World) -> None:
    for is_active in (False, True):
        answer = await strict.call("root", "PATCH", "/users/{mia}", json={"is_active": is_active})
        assert answer.status_code == 200
        mia = await strict.row(User, "mia")
        assert (mia.deactivated_at is None) is is_active


@pytest.mark.parametrize("why", ["legal_hold", "owns_courses"])
async def test_what_keeps_somebody(strict: World, why: str) -> None:
    await change(strict, "dan", updated_at=now() - timedelta(days=31), is_active=True)
    await change(strict, "mia", updated_at=now() - timedelta(days=31), is_active=False)
    if why == "legal_hold":
        await change(strict, "mia", updated_at=now() - timedelta(days=31), legal_hold=True)
    else:
        async with strict.runtime.database.write_session() as session:
            course = update(Course).where(Course.id == strict.ids["C1"])
            await session.execute(course.values(instructor_id=strict.ids["mia"]))
    await apply(strict, 0)
    assert await pending(strict) == []


async def test_a_cancelled_erasure_keeps_somebody_for_as_long_again(strict: World) -> None:
    await change(strict, "dan", is_active=True)
    await change(strict, "mia", updated_at=now() - timedelta(days=31), is_active=False)
    await apply(strict, 0)
    assert await pending(strict) == ["mia"]
    assert (await strict.call("root", "DELETE", "/users/{mia}/erasure")).status_code == 204
    await apply(strict, 29)
    assert await pending(strict) == []
    await apply(strict, 31)
    assert await pending(strict) == ["mia"]


async def test_files_of_the_deactivated_go_before_but_for_what_courses_show(strict: World) -> None:
    await Desk(strict).take("mia", "note.txt", b"My note.")
    await Desk(strict).take("sam", "note.txt", b"Another note.")
    await change(strict, "mia", is_active=False)
    (mine,) = [row for row in await Desk(strict).rows() if row.uploader_id == strict.ids["mia"]]
    await apply(strict, 14)
    assert len(await Desk(strict).blobs()) == 2
    await apply(strict, 16)
    assert mine.id not in [row.id for row in await Desk(strict).rows()]
    assert len(await Desk(strict).blobs()) == 1


async def test_by_default_people_and_files_stay(world: World) -> None:
    await change(world, "mia", updated_at=now() - timedelta(days=10_000), is_active=False)
    files = await world.count(UploadedFile)
    await apply(world, 0)
    assert await world.count(Erasure) == 0
    assert await world.count(UploadedFile) == files


@pytest.mark.parametrize("value", [-1, 36_501, "soon"])
def test_days_are_days(value: object) -> None:
    with pytest.raises(SettingsError, match="STUDIUM_RETENTION_ADDRESSES_DAYS"):
        load_settings(_env_file=None, retention_addresses_days=value)
