"""Uploads that wait to be imported: they count towards their owner's quota, and nobody waits for one for ever."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from studium.models import Course
from studium.modules.exchange import actions, handlers, jobs
from tests.answers import ok
from tests.importing.studio import BICYCLE, contents, zipped
from tests.world import World, open_world

MIB = 1 << 20


@pytest.fixture
async def small(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The school with room for two MiB each."""
    async with open_world(database_url, tmp_path, quota_mib=2) as opened:
        yield opened


async def send(world: World, who: str, data: bytes) -> httpx2.Response:
    answer: httpx2.Response = await world.call(who, "POST", "/courses/import", files={"file": ("a.zip", data)})
    return answer


async def test_what_waits_counts_towards_the_quota(small: World) -> None:
    for _ in range(2):
        assert (await send(small, "eve", os.urandom(900 * 1024))).status_code == 202
    refused = await send(small, "eve", os.urandom(900 * 1024))
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert refused.json()["used_bytes"] >= 2 * 900 * 1024
    file = {"file": ("a.txt", b"words " * (60 * 1024))}
    assert (await small.call("eve", "POST", "/files/upload", files=file)).status_code == 413, "files have the same room"
    assert (await send(small, "root", os.urandom(900 * 1024))).status_code == 202, "everyone has their own"
    await small.jobs()
    assert (await send(small, "eve", os.urandom(900 * 1024))).status_code == 202, "what was read makes room"
    assert len([path async for path in small.runtime.storage.list("imports")]) == 1


async def test_uploads_at_once_do_not_exceed_the_quota(small: World) -> None:
    answers = await asyncio.gather(*(send(small, "eve", os.urandom(600 * 1024)) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [413] * 3
    assert len([path async for path in small.runtime.storage.list("imports")]) == 3


async def test_a_course_may_be_as_large_as_the_quota_that_its_upload_fills(small: World) -> None:
    noise = {"bicycle-olx/static/noise.txt": os.urandom(600 * 1024).hex().encode()}
    course = {f"bicycle-olx/{name}": content for name, content in contents(BICYCLE).items()}
    course["bicycle-olx/html/pressure.html"] = b'<p><a href="/static/noise.txt">noise</a></p>'
    answer = await send(small, "eve", zipped(course | noise))
    await small.jobs()
    done = (await small.call("eve", "GET", f"/courses/imports/{answer.json()['id']}")).json()
    assert (done["status"], done["fault"]) == ("done", None)


async def state(world: World, answer: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = (await world.call("eve", "GET", f"/courses/imports/{answer.json()['id']}")).json()
    return found


async def test_an_import_whose_job_was_dropped_has_failed(world: World) -> None:
    answer = await send(world, "eve", b"PK\x03\x04")
    await jobs.fail_lost_imports(world.runtime)
    assert (await state(world, answer))["status"] == "queued", "its job waits"
    table = "jobs" if world.runtime.database.dialect == "sqlite" else "procrastinate_jobs"
    async with world.runtime.database.read_session() as session:
        name = "name" if table == "jobs" else "task_name"
        found = await session.scalar(text(f"SELECT id FROM {table} WHERE {name} LIKE '%run_import'"))  # noqa: S608 -- ours.
    assert await world.runtime.jobs.drop(str(found))
    await jobs.fail_lost_imports(world.runtime)
    done = await state(world, answer)
    assert (done["status"], done["fault"]["reason"]) == ("failed", handlers.LOST)


async def test_a_defect_of_ours_is_a_dead_letter_and_tells_the_teacher(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*values: object) -> None:
        del values
        raise ZeroDivisionError

    monkeypatch.setattr(actions, "import_course", broken)
    answer = await send(world, "eve", b"PK\x03\x04")
    await world.runtime.jobs.drain(raising=False)
    done = await state(world, answer)
    assert (done["status"], done["fault"]["reason"]) == ("failed", handlers.WENT_WRONG)
    assert [dead.name for dead in await world.runtime.jobs.dead_jobs()] == ["courses.run_import"]


async def test_questions_for_a_course_that_is_deleted_meanwhile_make_no_course_of_their_own(world: World) -> None:
    course = ok(await world.call("eve", "POST", "/courses", json={"title": "Short"}), 201)
    questions = {"file": ("a.gift", b"Is it so? {T}")}
    answer = await world.call("eve", "POST", "/courses/import", files=questions, data={"course_id": course["id"]})
    assert answer.status_code == 202
    assert (await world.call("eve", "DELETE", f"/courses/{course['id']}")).status_code == 204
    before = await world.count(Course)
    await world.jobs()
    done = await state(world, answer)
    assert (done["status"], done["fault"]["reason"]) == ("failed", handlers.NO_COURSE)
    assert await world.count(Course) == before
    assert [path async for path in world.runtime.storage.list("imports")] == []
