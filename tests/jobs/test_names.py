"""Jobs wait under names of their own: a function may move, serve several events, or hear all of them."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.ids import new_id
from studium.kit.db.transaction import SessionTransaction
from studium.kit.jobs import events
from studium.kit.jobs import registry as jobs
from studium.kit.jobs.events import Event, handlers_of, on, on_every_event, publish
from studium.kit.jobs.registry import job, names_of, register_former_names, stored_names
from studium.kit.runtime import Runtime
from studium.models import ThrottleHit
from studium.modules.former_job_names import FORMER_JOB_NAMES
from studium.modules.registry import load_handlers
from tests.jobs import library


@dataclass(frozen=True)
class DoorOpened(Event):
    """Somebody came in."""

    door_id: UUID


@dataclass(frozen=True)
class DoorClosed(Event):
    """Somebody left."""

    door_id: UUID


@pytest.fixture(autouse=True)
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests register is forgotten after each."""
    load_handlers()
    monkeypatch.setattr(jobs, "_kinds", dict(jobs._kinds))
    monkeypatch.setattr(jobs, "_former_names", dict(jobs._former_names))
    monkeypatch.setattr(events, "_handlers", {key: list(value) for key, value in events._handlers.items()})
    monkeypatch.setattr(events, "_listeners", [])


async def test_a_job_that_was_stored_under_a_former_name_runs(runtime: Runtime) -> None:
    register_former_names({"library.old.stamp": "library.stamp"})
    async with runtime.database.write_session() as session:
        await runtime.jobs.put(SessionTransaction(session), ["library.old.stamp"], {"book": "Emma"})
        await runtime.jobs.put(SessionTransaction(session), ["library.stamp"], {"book": "Persuasion"})
    await runtime.jobs.drain()
    assert sorted(await library_stamps(runtime)) == ["Emma", "Persuasion"]
    assert await runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}


async def library_stamps(runtime: Runtime) -> list[str]:
    async with runtime.database.read_session() as session:
        return list((await session.execute(select(ThrottleHit.key).where(ThrottleHit.scope == "stamp"))).scalars())


def test_every_former_name_leads_to_a_job() -> None:
    load_handlers()
    assert FORMER_JOB_NAMES.keys() <= stored_names().keys()
    assert names_of(library.stamp)[0] == "library.stamp"


def test_two_functions_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match=r"library\.stamp"):

        @job("library.stamp")
        async def other(session: AsyncSession) -> None:
            del session


async def test_one_function_may_hear_two_events_and_another_all(runtime: Runtime) -> None:
    heard: list[str] = []
    everything: list[Event] = []

    @on(DoorOpened, "test.door_opened")
    @on(DoorClosed, "test.door_closed")
    async def note(session: AsyncSession, event: DoorOpened | DoorClosed) -> None:
        del session
        heard.append(type(event).__name__)

    @on_every_event("test.everything")
    async def listen(session: AsyncSession, event: Event) -> None:
        del session
        everything.append(event)

    assert [handlers_of(kind) for kind in (DoorOpened, DoorClosed)] == [[note, listen], [note, listen]]
    opened, closed = DoorOpened(door_id=new_id()), DoorClosed(door_id=new_id())
    async with runtime.database.write_session() as session:
        await publish(session, opened)
        await publish(session, closed)
    await runtime.jobs.drain()
    assert sorted(heard) == ["DoorClosed", "DoorOpened"]
    assert sorted(everything, key=repr) == sorted([opened, closed], key=repr)
