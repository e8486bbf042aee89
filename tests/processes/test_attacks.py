"""Every attack that we know, one after another, at a real server: `/livez` answers, honest callers are served.

`ATTACKS` is the table: a name, and a coroutine function that attacks until it is told to stop. Add yours there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from subprocess import Popen

import pytest

from studium.kit.http.answer_headers import FIXED
from studium.models import LessonType
from tests.kit.test_protocol import POST
from tests.processes.crowd import Stretch, Times, again_and_again, exchange, request
from tests.processes.school import School, school, until
from tests.processes.test_memory import MOST_MIB
from tests.processes.test_start import rest_mib
from tests.world import PASSWORD, World, add_students, lesson, open_world

SHORT_SECONDS, LONG_SECONDS = 1.5, 20
TRIES = 3
LESSONS, CONTENT = 40, 150_000
CLASS = [f"pupil{number}" for number in range(32)]
OUTLINE = "/api/v1/courses/{C2}/lessons"
FORM = "multipart/form-data; boundary=x"


@dataclass
class Siege:
    """A school under attack. An attack puts into `wrong` what it was answered and should not have been."""

    world: World
    port: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    wrong: list[bytes] = field(default_factory=list)

    def path(self, template: str) -> str:
        return self.world.filled(template)

    async def crowd(self, sent: list[bytes], in_transaction: int, expected: set[int]) -> None:
        """So many clients send these requests in turn until it is enough; other answers than expected are wrong."""
        turns = cycle(sent)

        async def one() -> None:
            while not self.done.is_set():
                came = await exchange(self.port, next(turns))
                if came and int(came.split(b" ", 2)[1]) not in expected:
                    self.wrong.append(came[:300])

        await asyncio.gather(*(one() for _ in range(in_transaction)))

    async def hold(self, sent: list[bytes], count: int) -> None:
        """So many clients begin a request, and send a byte of the rest now and then."""
        opened = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(count)]
        for (_, writer), beginning in zip(opened, cycle(sent), strict=False):
            writer.write(beginning)
        while not self.done.is_set():
            for _, writer in opened:
                writer.write(b"x")
            await asyncio.sleep(0.5)
        for _, writer in opened:
            writer.close()


async def readers_of_a_large_outline(siege: Siege) -> None:
    """Twelve strangers read forty lessons of 150 KB, as text and as HTML."""
    outline = siege.path(OUTLINE)
    pages = [outline, f"{outline}?include=content_html", f"{outline}?include=content_html&limit=3"]
    await siege.crowd([request(path) for path in pages], 12, {200, 503})


async def spellings_of_metrics(siege: Siege) -> None:
    """Addresses that a proxy's rule would not know."""
    paths = (
        "/metrics%0A",
        "/%6Detrics",
        "/%2Fmetrics",
        "/metrics%00",
        "/api%2Fv1/users",
        "/api/v1%5Cusers",
        "/metrics%0d",
    )
    await siege.crowd([request(path) for path in paths], 8, {404})


async def bodies_that_drip(siege: Siege) -> None:
    """A hundred clients in the middle of bodies, chunks and uploads."""
    post = POST % 900_000
    login = post.replace(b"/size", b"/api/v1/auth/login").replace(b"Host", b"Content-Type: application/json\r\nHost")
    chunked = login.replace(b"Content-Length: 900000", b"Transfer-Encoding: chunked") + b"ffff\r\n"
    bearer = f"Authorization: Bearer {siege.world.tokens['ada']}\r\nContent-Type: {FORM}\r\nHost".encode()
    upload = post.replace(b"/size", b"/api/v1/files/upload").replace(b"Host", bearer)
    await siege.hold([login, chunked, upload, login + b"{" * 300_000], 100)


async def a_class_at_its_dashboards(siege: Siege) -> None:
    """Thirty-two learners ask for their dashboards, all the time."""
    tokens = [siege.world.tokens[name] for name in CLASS]
    await siege.crowd([request("/api/v1/analytics/my-dashboard", token=token) for token in tokens], 32, {200, 503})


async def odd_heads(siege: Siege) -> None:
    """Long addresses, two callers in one request, bodies of other types, no HTTP."""
    sam, root = siege.world.tokens["sam"], siege.world.tokens["root"]
    patch = request("/api/v1/users/me", method="PATCH", token=sam, body={"full_name": "Sam"})
    sent = [
        request("/" + "a" * 9_000),
        request("/api/v1/users/me", token=sam, more=f"Authorization: Bearer {root}"),
        patch.replace(b"application/json", b"application/json-patch+json"),
        b"nonsense\r\n\r\n",
        request("/livez", more="X: " + "y" * 40_000),
    ]
    for each in sent:
        came = await exchange(siege.port, each)
        if not all(b"%b: %b" % header in came for header in FIXED):
            siege.wrong.append(came[:300])
    await siege.crowd(sent, 16, {400, 414, 415, 431})


ATTACKS: dict[str, Callable[[Siege], Coroutine[None, None, None]]] = {
    "readers of a large outline": readers_of_a_large_outline,
    "spellings of metrics": spellings_of_metrics,
    "bodies that drip": bodies_that_drip,
    "a class at its dashboards": a_class_at_its_dashboards,
    "odd heads": odd_heads,
}


@asynccontextmanager
async def besieged(database_url: str, folder: Path) -> AsyncIterator[tuple[World, School, Popen[bytes]]]:
    async with open_world(database_url, folder) as world:
        await add_students(world, *CLASS)
        text = "# Chapter\n\n" + "A sentence with *some* words in it. " * (CONTENT // 36)
        await world.add(
            *(
                lesson(world, f"B{n}", "C2", 10 + n, LessonType.TEXT, content=f"{text}{n}", is_preview=True)
                for n in range(LESSONS)
            )
        )
        with school(folder, database_url=database_url, jobs="external") as opened:
            yield world, opened, await asyncio.to_thread(opened.serve)


@dataclass
class Outcome:
    """What `/livez`, log-ins and lessons were answered during an attack; `stretch` as in `Stretch`."""

    livez: Times
    log_ins: Times
    lessons: Times
    wrong: list[bytes]
    stretch: float

    def is_good(self) -> bool:
        statuses = {*self.livez.statuses, *self.log_ins.statuses, *self.lessons.statuses}
        return statuses == {200} and not self.wrong and self.livez.worst <= 0.1 * self.stretch

    def __str__(self) -> str:
        return (
            f"stretched {self.stretch:.1f} times: livez {self.livez}; log-ins {self.log_ins}; lessons {self.lessons}; "
            f"wrong {len(self.wrong)} {self.wrong[:1]}"
        )


async def attack(name: str, world: World, opened: School, server: Popen[bytes], seconds: float) -> Outcome:
    """Attack for so long, and see what the others notice."""
    siege, livez, log_ins, lessons = Siege(world, opened.port), Times(), Times(), Times()
    entry = {"email": "sam@school.example", "password": PASSWORD}
    reading = request(world.filled("/api/v1/courses/{C1}/lessons/{L2}"), token=world.tokens["sam"])
    attacking = asyncio.create_task(ATTACKS[name](siege))
    await asyncio.sleep(0.3)
    stretch = Stretch(server.pid)
    watching = [
        again_and_again(opened.port, request("/livez"), livez, 0.03, siege.done),
        again_and_again(
            opened.port, request("/api/v1/auth/login", method="POST", body=entry), log_ins, 0.4, siege.done
        ),
        again_and_again(opened.port, reading, lessons, 0.1, siege.done),
    ]
    asyncio.get_running_loop().call_later(seconds, siege.done.set)
    await asyncio.gather(*watching)
    factor = stretch.factor()
    await attacking
    return Outcome(livez, log_ins, lessons, siege.wrong, factor)


async def every_attack(database_url: str, folder: Path, seconds: float) -> dict[str, str]:
    """Each in turn, up to three times beside the machine's other work; what was seen of those that were not good."""
    failed = {}
    async with besieged(database_url, folder) as (world, opened, server):
        for name in ATTACKS:
            seen: list[Outcome] = []
            while len(seen) < TRIES and not (seen and seen[-1].is_good()):
                seen.append(await attack(name, world, opened, server, seconds))
            if not seen[-1].is_good():
                failed[name] = "\n".join(map(str, seen))
        # Memory that is free goes back to the system now and then, see `kit/base/memory.py`.
        await asyncio.to_thread(until, lambda: rest_mib(server) <= MOST_MIB)
    return failed


@pytest.mark.alone
@pytest.mark.timeout(240)
async def test_every_attack_in_turn(database_url: str, tmp_path: Path) -> None:
    assert await every_attack(database_url, tmp_path, SHORT_SECONDS) == {}


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_every_attack_for_long(database_url: str, tmp_path: Path) -> None:
    assert await every_attack(database_url, tmp_path, LONG_SECONDS) == {}


def test_the_watch_notices_what_it_should() -> None:
    """A server that is hung for a moment, a refusal, and a wrong answer are not good."""
    slow, fine = Times([200, 200], [0.01, 0.3]), Times([200, 200], [0.01, 0.01])
    refused = Times([200, 503], [0.01, 0.01])
    assert Outcome(fine, fine, fine, [], 1.0).is_good()
    assert not Outcome(slow, fine, fine, [], 1.0).is_good()
    assert not Outcome(fine, refused, fine, [], 1.0).is_good()
    assert not Outcome(fine, fine, fine, [b"HTTP/1.1 200"], 1.0).is_good()
