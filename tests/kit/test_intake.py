"""A request goes through a gate when its body is there; bodies that are awaited take bounded memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from studium.kit.base.problems import Overloaded
from studium.kit.http.bodies.intake import Intake
from studium.kit.http.limiters import ConcurrencyLimiter
from studium.kit.http.protocol import GuardedProtocol
from tests.kit.test_middleware import edge, settings_in
from tests.kit.test_protocol import HEAD, POST, serving, talk

pytestmark = pytest.mark.alone

CLOSE = b"Connection: close\r\n"
UPLOAD = (
    b"POST /api/v1/files/upload HTTP/1.1\r\nHost: studium.test\r\nConnection: close\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n"
)


class Held:
    def __init__(self) -> None:
        self.given_up = 0

    def give_up(self) -> None:
        self.given_up += 1


@asynccontextmanager
async def dripping(port: int, count: int, head: bytes) -> AsyncIterator[None]:
    """So many clients in the middle of a body that does not come."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in opened:
        writer.write(head + b"x")
    await asyncio.sleep(0.1)
    yield
    for _, writer in opened:
        writer.close()


async def test_bodies_that_drip_take_no_place(tmp_path: Path) -> None:
    async with serving(tmp_path, GuardedProtocol, requests_in_flight=2) as port, dripping(port, 100, POST % 500):
        came, seconds = await talk(port, HEAD + CLOSE + b"\r\n")
        assert came.endswith(b"hello")
        assert seconds < 1
        came, _ = await talk(port, (POST % 5).replace(b"Host", CLOSE + b"Host") + b"12345")
        assert came.endswith(b'{"size":5}')


async def test_nor_do_chunked_ones_and_uploads(tmp_path: Path) -> None:
    chunked = POST.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked") + b"5\r\n1234"
    uploads = (("/api/v1/files/upload", ConcurrencyLimiter("test_uploads", limit=2)),)
    async with (
        serving(tmp_path, GuardedProtocol, uploads, requests_in_flight=2) as port,
        dripping(port, 50, chunked),
        dripping(port, 50, UPLOAD % 500),
    ):
        assert (await talk(port, HEAD + CLOSE + b"\r\n"))[0].endswith(b"hello")
        came, seconds = await talk(port, UPLOAD % 5 + b"12345")
        assert came.endswith(b'{"size":5}')
        assert seconds < 1


async def test_an_answer_that_is_read_slowly_keeps_no_place(tmp_path: Path) -> None:
    async with serving(tmp_path, GuardedProtocol, requests_in_flight=1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(HEAD.replace(b"/hello", b"/large") + b"\r\n")
        assert await reader.read(9) == b"HTTP/1.1 "
        came, seconds = await talk(port, HEAD + CLOSE + b"\r\n")
        assert came.endswith(b"hello")
        assert seconds < 1
        writer.close()


async def test_too_much_of_waiting_bodies_gives_up_the_largest(tmp_path: Path) -> None:
    app = edge(settings_in(tmp_path, log_level="ERROR"))
    app.intake = Intake(room=300_000)
    sent: dict[str, list[int]] = {"large": [], "small": []}

    async def ask(name: str, parts: list[bytes], length: int) -> None:
        """Send the parts, and the rest when the other requests have had their turn."""
        rest = [*parts]

        async def receive() -> dict[str, object]:
            if rest:
                return {"type": "http.request", "body": rest.pop(0), "more_body": True}
            await asyncio.sleep(0.3)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                sent[name].append(int(str(message["status"])))

        headers = [(b"host", b"studium.test"), (b"content-length", str(length).encode())]
        scope = {"type": "http", "method": "POST", "path": "/echo", "headers": headers, "query_string": b""}
        await app({**scope, "scheme": "http", "client": None, "server": ("studium.test", 80)}, receive, send)  # type: ignore[arg-type]  # plain dictionaries.

    began = monotonic()
    large = [asyncio.create_task(ask("large", [bytes(200_000)], 200_000)) for _ in range(3)]
    small = [asyncio.create_task(ask("small", [b"x"], 1)) for _ in range(20)]
    await asyncio.gather(*large, *small)
    assert sorted(sent["large"]) == [200, 503, 503]
    assert sent["small"] == [200] * 20
    assert monotonic() - began < 2
    assert app.intake.used == 0


def test_the_largest_gives_way_and_it_may_be_oneself() -> None:
    intake, small, large = Intake(room=100), Held(), Held()
    intake.add(small, 10)
    intake.add(large, 80)
    intake.add(small, 20)
    assert (small.given_up, large.given_up, intake.used) == (0, 1, 30)
    with pytest.raises(Overloaded):
        intake.add(small, 80)
    assert intake.used == 0
    intake.release(large)
    assert intake.used == 0
