"""Pages that go on by themselves: who hears what, until when, and what that holds meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from starlette.types import Message

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import Overloaded
from studium.kit.http import live as kit
from studium.kit.http.live import LISTENERS, LISTENERS_EACH, Live, Topic
from studium.models import (
    AttemptStatus,
    Course,
    CourseImport,
    ImportStatus,
    PeopleImport,
    QuizAttempt,
    Regrade,
    Role,
    User,
    UserSession,
)
from studium.modules import live
from studium.web.visitor import session_cookie
from tests.web.attempts import take_quizzes
from tests.web.school import cookie_of
from tests.world import World

PATIENCE_SECONDS = 10
CHANGED, END = "changed", "end"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "LOOK_SECONDS", 0.02)


class Ear:
    """A browser that listens at an address."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self.status = 0
        self.headers: dict[bytes, bytes] = {}

    async def next(self) -> str | None:
        """The next event, or None at the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.messages.get()
                if message is None:
                    return None
                said = message.get("body", b"").decode()
                if said.startswith("event: "):
                    return str(said.splitlines()[0].removeprefix("event: "))


@asynccontextmanager
async def listening(world: World, who: str, path: str) -> AsyncIterator[Ear]:
    """Somebody who listens, until the end of the block."""
    ear, gone = Ear(), asyncio.Event()
    cookie = f"{session_cookie(world.runtime.settings)}={await cookie_of(world, who)}"
    headers = {"host": "school.example", "accept": "text/event-stream", "cookie": cookie}
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "root_path": "",
        "query_string": b"",
        "client": ("1.2.3.4", 1),
        "server": ("school.example", 443),
        "asgi": {"version": "3.0"},
        "path": (place := world.filled(path)),
        "raw_path": place.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            ear.status, ear.headers = message["status"], dict(message["headers"])
            started.set()
        ear.messages.put_nowait(message)

    started = asyncio.Event()
    running = asyncio.create_task(world.app(scope, receive, send))
    running.add_done_callback(lambda _: ear.messages.put_nowait(None))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await started.wait()
    try:
        yield ear
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(asyncio.CancelledError):
                await running


async def _people_import(world: World) -> UUID:
    row = PeopleImport(id=new_id(), owner_id=world.ids["root"], original_filename="a.csv", file_size=1)
    row.created_at = now()
    await world.add(row)
    world.ids["I1"] = row.id
    return row.id


async def _set(world: World, table: Any, id_: UUID, **values: object) -> None:  # noqa: ANN401 -- any table.
    async with world.runtime.database.write_session() as session:
        await session.execute(update(table).where(table.id == id_).values(**values))


async def test_a_change_is_heard_and_nothing_is_held_meanwhile(world: World):
    import_id = await _people_import(world)
    async with listening(world, "root", "/live/people-imports/{I1}") as ear:
        assert ear.status == 200
        assert ear.headers[b"content-type"].startswith(b"text/event-stream")
        assert ear.headers[b"cache-control"] == b"no-store"
        assert await ear.next() == CHANGED
        for done in (1, 2):
            await _set(world, PeopleImport, import_id, progress_total=2, progress_done=done)
            assert await ear.next() == CHANGED
        pool: Any = world.runtime.database.engine.pool
        async with asyncio.timeout(PATIENCE_SECONDS):
            while pool.checkedout() or world.runtime.database.reads.busy:
                await asyncio.sleep(0)
    assert len(world.app.state.live._listeners) == 0


async def test_one_watcher_asks_once_for_all(world: World):
    await _people_import(world)
    async with (
        listening(world, "root", "/live/people-imports/{I1}") as one,
        listening(world, "root", "/live/people-imports/{I1}") as other,
        listening(world, "ada", "/live/grading") as third,
    ):
        for ear in (one, other, third):
            assert await ear.next() == CHANGED
        topics = {each.topic for each in world.app.state.live._listeners}
    await world.app.state.live.close()
    async with world.counting() as statements:
        await live.look(world.runtime.database, topics)
    assert len(statements) == 1


@pytest.mark.parametrize("ending", ["session", "role", "active"])
async def test_who_lost_the_session_or_the_right_hears_no_more(world: World, ending: str):
    await _people_import(world)
    async with listening(world, "root", "/live/people-imports/{I1}") as ear:
        assert await ear.next() == CHANGED
        if ending == "session":
            async with world.runtime.database.write_session() as session:
                await session.execute(
                    update(UserSession).where(UserSession.user_id == world.ids["root"]).values(revoked_at=now())
                )
        else:
            await _set(
                world,
                User,
                world.ids["root"],
                **({"role": Role.INSTRUCTOR} if ending == "role" else {"is_active": False}),
            )
        assert await ear.next() == END
        assert await ear.next() is None


async def test_a_server_that_stops_lets_listeners_go_and_takes_no_more(world: World):
    await _people_import(world)
    async with listening(world, "root", "/live/people-imports/{I1}") as ear:
        assert await ear.next() == CHANGED
        world.app.state.stopping = True
        assert await ear.next() is None
    async with listening(world, "root", "/live/people-imports/{I1}") as late:
        assert (late.status, late.headers[b"retry-after"]) == (503, b"20")
    world.app.state.stopping = False


async def test_nobody_has_more_listeners_than_a_few(world: World):
    await _people_import(world)
    opened = [listening(world, "root", "/live/people-imports/{I1}") for _ in range(LISTENERS_EACH)]
    for each in opened:
        assert await (await each.__aenter__()).next() == CHANGED
    async with listening(world, "root", "/live/people-imports/{I1}") as refused:
        assert refused.status == 503
    for each in opened:
        await each.__aexit__(None, None, None)
    async with listening(world, "root", "/live/people-imports/{I1}") as again:
        assert again.status == 200


async def test_a_process_has_no_more_listeners_than_its_bound():
    async def look(_: object, topics: Collection[Topic]) -> dict[Topic, str]:
        return dict.fromkeys(topics, "1")

    hub, database, topic = Live(look, lambda: False), Any, Topic("thing", new_id())
    said = [hub.listen(database, topic, new_id(), {}) for _ in range(LISTENERS)]  # type: ignore[arg-type]  # nobody looks.
    for each in said:
        await anext(each)
    with pytest.raises(Overloaded) as found:
        hub.listen(database, topic, new_id(), {})  # type: ignore[arg-type]  # as above.
    assert found.value.headers == {"Retry-After": "20"}
    await said[0].aclose()
    late = hub.listen(database, topic, new_id(), {})  # type: ignore[arg-type]  # as above.
    assert await anext(late) == b"retry: 3000\n\n"
    for each in (*said, late):
        await each.aclose()
    await hub.close()


async def test_marks_are_of_what_may_be_seen_and_change_with_it(world: World):
    await take_quizzes(world)
    database = world.runtime.database
    ada, eve, root = (Actor(world.ids[name], role, new_id()) for name, role in _TEACHERS)
    brought = CourseImport(id=new_id(), owner_id=ada.id, original_filename="a.zip", file_size=1, created_at=now())
    regrade = Regrade(
        id=new_id(),
        quiz_id=world.ids["Q1"],
        requested_by=ada.id,
        created_at=now(),
        key=[],
        dry_run=False,
        never_lower=True,
        attempts_total=5,
    )
    await world.add(brought, regrade)
    seen = {
        "import": live.topic_of_import(ada, brought.id),
        "regrade": live.topic_of_regrade(ada, regrade.id),
        "regrade of an admin": live.topic_of_regrade(root, regrade.id),
        "grading": live.topic_of_grading(ada),
        "grading of an admin": live.topic_of_grading(root),
    }
    others = [live.topic_of_import(eve, brought.id), live.topic_of_regrade(eve, regrade.id)]

    async def marks() -> dict[str, str | None]:
        found = await live.look(database, [*seen.values(), *others])
        assert not found.keys() & {*others}
        return {name: found[topic] for name, topic in seen.items()}

    before = await marks()

    async def changed(*names: str) -> None:
        after = await marks()
        assert {name for name in seen if after[name] != before[name]} == {*names}
        before.update(after)

    await changed()
    await _set(world, CourseImport, brought.id, status=ImportStatus.RUNNING)
    await changed("import")
    await _set(world, Regrade, regrade.id, attempts_done=3)
    await changed("regrade", "regrade of an admin")
    await _set(world, QuizAttempt, world.ids["T1"], status=AttemptStatus.SUBMITTED, submitted_at=now(), results=[])
    await changed("grading", "grading of an admin")
    await _set(world, Course, world.ids["C1"], instructor_id=eve.id)
    found = await live.look(database, [*seen.values(), *others])
    assert seen["regrade"] not in found
    assert others[1] in found


_TEACHERS = (("ada", Role.INSTRUCTOR), ("eve", Role.INSTRUCTOR), ("root", Role.ADMIN))
