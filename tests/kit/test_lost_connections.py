"""PostgreSQL's connections die under a write: it is done again where it certainly was not done, and never otherwise."""

from collections.abc import Callable
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import event

from studium.kit.db import database as db
from studium.kit.db import prepared_postgres as reads_postgres
from studium.kit.db import repeats
from studium.models import Course, Enrollment, Lesson, LessonProgress, UploadedFile, User
from tests.world import PASSWORD, World, add_students

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'studium'"
)
STATEMENTS = 14
"""More than any of these writes sends."""

Write = Callable[[int], tuple[str | None, str, str, dict[str, Any]]]
WRITES: dict[str, tuple[Write, type[Any], int]] = {
    "patch": (lambda n: ("sam", "PATCH", "/users/me", {"json": {"full_name": f"Sam {n}"}}), User, 0),
    "session": (lambda n: ("ada", "POST", "/courses", {"json": {"title": f"Course {n}"}}), Course, 1),
    "key": (
        lambda n: (
            *("ada", "POST", "/courses/{C1}/lessons"),
            {
                "json": {"title": f"Lesson {n}", "lesson_type": "text", "content": "*text*"},
                "headers": {"Idempotency-Key": f"k{n}"},
            },
        ),
        Lesson,
        1,
    ),
    "after the session": (
        lambda n: ("ada", "PATCH", "/courses/{C1}/lessons/{L2}", {"json": {"title": f"L {n}"}}),
        Lesson,
        0,
    ),
    "steps": (lambda n: (f"pupil{n}", "POST", "/enrollments", {"json": {"course_id": "C2"}}), Enrollment, 1),
    "upload": (
        lambda n: ("ada", "POST", "/files/upload", {"files": {"file": (f"{n}.txt", f"text {n}".encode())}}),
        UploadedFile,
        1,
    ),
    "form": (
        lambda _: (None, "POST", "/auth/token", {"data": {"username": "mia@school.example", "password": PASSWORD}}),
        User,
        0,
    ),
}


class Killer:
    """Kills the application's connections at its nth statement, once."""

    def __init__(self, world: World, database_url: str) -> None:
        self.world, self.url = world, database_url
        self.left = -1
        self.texts: list[str] = []

    def kill(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute(KILL)

    def see(self, text: str) -> None:
        self.texts.append(text)
        if self.left == 0:
            self.kill()
        self.left -= 1

    def note(self, *event: object) -> None:
        self.see(str(event[2]))

    async def count(self, table: type[Any]) -> int:
        """How many rows there are; the connection may have been killed, and the driver not have noticed yet."""
        return await repeats.repeated(lambda: self.world.count(table))

    async def send(self, write: Write, number: int) -> httpx2.Response:
        who, method, path, content = write(number)
        if content.get("json", {}).get("course_id") == "C2":
            content["json"]["course_id"] = str(self.world.ids["C2"])
        self.texts.clear()
        return await self.world.call(who, method, path, **content)


@pytest.fixture
async def killer(world: World, database_url: str) -> Any:  # noqa: ANN401 -- an asynchronous fixture.
    found, engine = Killer(world, database_url), world.runtime.database.engine.sync_engine
    await add_students(world, *(f"pupil{n}" for n in range(40)))
    event.listen(engine, "before_cursor_execute", found.note)
    world.runtime.database.reads.watch = found.see
    yield found
    event.remove(engine, "before_cursor_execute", found.note)
    world.runtime.database.reads.watch = None


@pytest.mark.parametrize("name", WRITES)
async def test_a_connection_lost_before_commit_is_nobodys_loss(killer: Killer, name: str) -> None:
    """Whichever statement meets it, the write is done, and once."""
    write, table, added = WRITES[name]
    before, kills = await killer.count(table), 0
    for number in range(STATEMENTS):
        killer.left = number
        answer = await killer.send(write, number)
        assert answer.is_success, (number, answer.text, killer.texts[-3:])
        kills += killer.left < 0
    killer.left = -1
    assert kills > 2
    assert await killer.count(table) == before + added * STATEMENTS


@pytest.mark.parametrize("name", WRITES)
async def test_once_commit_is_sent_nothing_is_tried_again(
    killer: Killer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, table, added = WRITES[name]
    for number in (19, 20):
        assert (await killer.send(write, number)).is_success
    usual, before = len(killer.texts), await killer.count(table)

    def committing() -> None:
        real()
        killer.kill()

    real = repeats.committing
    for module in (db, reads_postgres):
        monkeypatch.setattr(module, "committing", committing)
    answer = await killer.send(write, 21)
    sent = len(killer.texts)
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency_down")
    assert sent <= usual, "it was begun anew"
    # PostgreSQL had not heard of the COMMIT here, which the application cannot know.
    assert await killer.count(table) == before
    assert (await killer.send(write, 21)).is_success
    assert await killer.count(table) == before + added


async def test_reads_in_a_session_are_tried_again_too(killer: Killer) -> None:
    for path in ("/users/me", "/courses/{C1}/lessons", "/files/my-files", "/enrollments/{E1}"):
        for number in range(4):
            killer.left = number
            assert (await killer.world.call("sam", "GET", path)).status_code == 200


async def test_what_fails_again_and_again_is_503(killer: Killer) -> None:
    progress = await killer.count(LessonProgress)

    def see(text: str) -> None:
        killer.texts.append(text)
        killer.kill()

    def note(*event: object) -> None:
        see(str(event[2]))

    engine = killer.world.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    killer.world.runtime.database.reads.watch = see
    answer = await killer.world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete")
    event.remove(engine, "before_cursor_execute", note)
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency_down")
    killer.world.runtime.database.reads.watch = None
    assert await killer.count(LessonProgress) == progress
