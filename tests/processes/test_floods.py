"""Crowds at a real server: slow ones, log-ins all at once, a stop in the middle. Honest callers hardly notice."""

import asyncio
import signal
import statistics
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import httpx2
import pytest

from tests.kit.test_protocol import HEAD, POST
from tests.processes.school import NO_CERTIFICATES, School, school, stop
from tests.world import open_world

PASSWORD = "violet kettle 41"
ADMIN = "root@school.example"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[School]:
    with school(tmp_path) as found:
        admin = ("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin")
        found.run(*admin, typed=f"{PASSWORD}\n")
        yield found


def log_in(at: School) -> httpx2.Response:
    return at.call("POST", "/auth/login", json={"email": ADMIN, "password": PASSWORD})


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def honest(at: School, until: asyncio.Event) -> list[float]:
    """What somebody waits for a list, again and again."""
    times = []
    async with httpx2.AsyncClient(verify=NO_CERTIFICATES) as client:
        while not until.is_set():
            began = monotonic()
            answer = await client.get(f"{at.address}/api/v1/courses", timeout=10)
            assert answer.status_code == 200
            times.append(monotonic() - began)
            await asyncio.sleep(0.02)
    return times


async def drip(port: int, beginning: bytes, patience: float) -> float:
    """Send a byte now and then; the seconds until the server has had enough."""
    began = monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(beginning)
    reading = asyncio.create_task(reader.read())
    while not reading.done():
        assert monotonic() - began < patience, "it is still open"
        writer.write(b"X")
        await asyncio.wait([reading], timeout=1)
    writer.close()
    return monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_two_hundred_slow_connections(opened: School) -> None:
    opened.serve()
    done = asyncio.Event()
    caller = asyncio.create_task(honest(opened, done))
    heads = [drip(opened.port, HEAD + b"X: ", 12) for _ in range(150)]
    bodies = [drip(opened.port, POST.replace(b"/size", b"/api/v1/auth/login") % 500, 33) for _ in range(50)]
    ended = await asyncio.gather(*heads, *bodies)
    done.set()
    assert max(ended[:150]) < 12
    assert max(ended[150:]) < 33
    times = await caller
    assert p99(times) < 0.5, sorted(times)[-10:]


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_sixty_log_ins_at_once_starve_nobody(opened: School) -> None:
    opened.serve()
    done = asyncio.Event()
    caller = asyncio.create_task(honest(opened, done))
    with ThreadPoolExecutor(60) as threads:
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(loop.run_in_executor(threads, log_in, opened) for _ in range(60)))
    done.set()
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {200, 503}
    assert statuses[200] >= 30
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 503)
    times = await caller
    assert p99(times) < 1, sorted(times)[-10:]


def slow_upload(at: School, token: str) -> bytes:
    """An upload that takes two seconds, during which somebody stops the server."""

    async def send() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
        head = (
            f"POST /api/v1/files/upload HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode())
        await asyncio.sleep(0.5)
        for process in at.running:
            process.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        writer.write(body)
        answer = await reader.read()
        writer.close()
        return answer

    return asyncio.run(send())


@pytest.mark.parametrize(("database_url", "workers"), [("sqlite", "1"), ("postgresql", "2")], indirect=["database_url"])
def test_a_stop_lets_requests_in_flight_finish(database_url: str, workers: str, tmp_path: Path) -> None:
    async def token_of_sam() -> str:
        async with open_world(database_url, tmp_path) as world:
            return world.tokens["sam"]

    token = asyncio.run(token_of_sam())
    with school(tmp_path, database_url=database_url, jobs="external") as found:
        process = found.serve("--workers", workers)
        began = monotonic()
        answer = slow_upload(found, token)
        assert answer.startswith(b"HTTP/1.1 201"), answer
        assert b"connection: close" in answer
        assert process.wait(timeout=30) == 0
        assert monotonic() - began < 25
        assert not found.is_ready()


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_a_stop_does_not_wait_for_ever(opened: School) -> None:
    process = opened.serve()
    reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
    writer.write(POST.replace(b"/size", b"/api/v1/auth/login") % 500)
    await asyncio.sleep(0.3)
    began = monotonic()
    assert await asyncio.to_thread(stop, process) == 0
    assert monotonic() - began < 25
    writer.close()
    assert await reader.read() is not None
