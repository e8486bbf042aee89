"""Memory under fire: after everything hostile at once a process stays small, and a second time adds little."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from subprocess import Popen
from time import sleep

import httpx2
import pytest
from sqlalchemy import update

from studium.kit.base.memory import TIDY_SECONDS
from studium.models import Certificate
from tests.files.samples import MP4, picture
from tests.importing.studio import zipped
from tests.kit.test_protocol import HEAD, POST
from tests.policy.test_fuzz import storm
from tests.policy.test_hostile import assault
from tests.processes.school import School, school, until
from tests.processes.test_start import rest_mib
from tests.world import PASSWORD, World, open_attempt, open_world

MIB = 1 << 20
MOST_MIB, MOST_GROWTH_MIB = 300, 30
LISTS = (
    *("/courses", "/courses/{C1}/lessons", "/courses/{C1}/reviews", "/enrollments/my-courses", "/files/my-files"),
    *("/users", "/analytics/system/overview", "/analytics/courses/{C1}", "/auth/sessions"),
)
PAGES = ("/docs", "/openapi.json", "/verify/CERT-20260105-A1B2C3", "/metrics", "/readyz")


class Wire(httpx2.AsyncHTTPTransport):
    """Sends what is addressed to the application in this process to the real server instead."""

    def __init__(self, port: int) -> None:
        super().__init__(limits=httpx2.Limits(max_connections=200))
        self.port = port

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return await super().handle_async_request(request)


@asynccontextmanager
async def besieged(database_url: str, folder: Path) -> AsyncIterator[tuple[World, School, Popen[bytes]]]:
    """The school of named people behind a real server, which runs the jobs too."""
    async with open_world(database_url, folder) as world:
        await open_attempt(world)
        with school(folder, database_url=database_url, jobs="inline") as opened:
            opened.popen = Popen
            server = await asyncio.to_thread(opened.serve)
            async with httpx2.AsyncClient(
                transport=Wire(opened.port), base_url="http://test/api/v1", timeout=60
            ) as client:
                world.client = client
                yield world, opened, server


async def at_once(call: Callable[[int], Awaitable[object]], count: int, in_transaction: int) -> None:
    """Call so often, so many at the same time; a connection that the server closes is its good right."""
    turns = asyncio.Semaphore(in_transaction)

    async def one(number: int) -> None:
        async with turns:
            with suppress(httpx2.TransportError, OSError):
                await call(number)

    await asyncio.gather(*map(one, range(count)))


async def half_a_request(port: int, number: int) -> None:
    """Say something and wait; the server, or our patience, ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    beginnings = (
        HEAD + b"X: " + b"y" * 30_000,
        POST.replace(b"/size", b"/api/v1/auth/login") % 900_000 + b"{" * 500_000,
    )
    writer.write(beginnings[number % 2])
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(), 2)
    writer.close()


async def everything(world: World, opened: School, seed: int) -> None:
    """Crowds, floods, random requests, large bodies, uploads, log-ins, pages and imports."""
    call = world.call
    await at_once(partial(half_a_request, opened.port), 200, 200)
    entry = {"email": "mia@school.example", "password": PASSWORD}
    await at_once(lambda _: call(None, "POST", "/auth/login", json=entry), 60, 60)
    for who in (None, "sam", "ada", "root"):
        await storm(world, who, 250, seed)
    for who in (None, "sam", "root"):
        await assault(world, who, 6)
    large = (b'{"title": "' + b"x" * MIB, json.dumps({"answers": [{}] * 200_000}).encode(), b"[" * MIB, b"x" * 2 * MIB)
    kind = {"Content-Type": "application/json"}
    paths = ("/courses", "/auth/login", "/courses/{C1}/lessons", "/users/me")
    await at_once(lambda n: call("ada", "POST", paths[n % 4], content=large[n // 4 % 4], headers=kind), 64, 16)
    await uploads(world)
    await at_once(lambda n: call("root", "GET", LISTS[n % len(LISTS)]), 40 * len(LISTS), 20)
    await at_once(lambda n: call(None, "GET", f"http://test{PAGES[n % len(PAGES)]}"), 40 * len(PAGES), 20)
    await drawings(world)
    await imports(world)


async def uploads(world: World) -> None:
    """Films, pictures that must be decoded, what is not what it says, and what breaks off."""
    files = (
        *(("a.mp4", MP4 + b"\0" * 20 * MIB), ("a.png", picture("png", (2000, 1500))), ("b.jpg", picture("jpg"))),
        *(("c.pdf", b"no PDF" * 100_000), ("d.txt", b"text " * MIB)),
    )

    async def upload(number: int) -> None:
        answer = await world.call("ada", "POST", "/files/upload", files={"file": files[number % len(files)]})
        assert answer.status_code in (201, 415, 503), answer.text
        if answer.status_code == 201:
            await world.call("ada", "GET", f"/files/{answer.json()['id']}/download")
            await world.call("ada", "DELETE", f"/files/{answer.json()['id']}")

    await at_once(upload, 30, 10)


async def drawings(world: World) -> None:
    """Certificates that are drawn anew; those who attacked may have revoked this one before."""
    valid = {"is_revoked": False, "revoked_at": None, "revocation_reason": None}
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Certificate).values(valid))

    async def draw(number: int) -> None:
        await world.runtime.storage.delete("certificates/x3.pdf")
        answer = await world.call("sam", "GET", "/certificates/{X3}/download")
        assert answer.status_code == 200, answer.text

    await at_once(draw, 60, 20)


async def imports(world: World) -> None:
    """Courses of many lessons, archives of nothing, and questions by the thousand; then what came of it, given out."""
    lessons = {f"course/{number:03}.md": f"# Lesson {number}\n\n" + "Words. " * 2000 for number in range(200)}
    course = zipped({"course/course.yaml": "title: Much\n", **lessons})
    gift = "\n\n".join(f"::Q{number}:: 1 + {number}? {{={number + 1} ~0}}" for number in range(3000)).encode()
    sent = (
        ("course.zip", course),
        ("quiz.gift", gift),
        ("bad.zip", b"PK\x03\x04" + b"\0" * MIB),
        ("x.xml", b"<x" * MIB),
    )

    async def one(number: int) -> None:
        await world.call("ada", "POST", "/courses/import", files={"file": sent[number % len(sent)]})

    await at_once(one, 12, 4)
    await at_once(lambda _: world.call("ada", "GET", "/courses/{C1}/export"), 20, 5)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_memory_after_everything_hostile_twice(database_url: str, tmp_path: Path) -> None:
    async with besieged(database_url, tmp_path) as (world, opened, server):
        begun, found = rest_mib(server), []
        for round_ in range(2):
            await everything(world, opened, seed=round_)
            await asyncio.to_thread(until, opened.is_idle, 120)
            # Connections that were cut are closed for good, and the server has looked how large it is.
            await asyncio.to_thread(sleep, TIDY_SECONDS + 2)
            found.append(rest_mib(server))
            assert server.poll() is None
        print(f"MiB at rest {begun:.0f}, after once {found[0]:.0f}, after twice {found[1]:.0f}")  # noqa: T201 -- a figure.
        assert max(found) <= MOST_MIB, (begun, found)
        assert found[1] - found[0] < MOST_GROWTH_MIB, (begun, found)
