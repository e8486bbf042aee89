"""Piled marks, texts that grow when they are folded, and the longest body, at every text of the OpenAPI document.

Whatever a text is, the process goes on answering others: `/livez` within 100 ms. What other processes of the machine
cost is taken off: see `Stretch`.
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from tests.processes.crowd import Stretch
from tests.processes.hostile_texts import EVERYWHERE, PIECES, Place, Requests
from tests.processes.school import NO_CERTIFICATES, School, school
from tests.world import World, open_attempt, open_world

LIVE_SECONDS = 0.1
TRIES = 4
"""How often a request may be slow before it counts: a crowded machine is slow now and then, a frozen process always."""


class Watch:
    """Asks `/livez` all the time; `worst` is the longest wait since it was last set."""

    def __init__(self, port: int) -> None:
        self.port, self.worst, self.is_over = port, 0.0, False

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_over:
            began = monotonic()
            connection.request("GET", "/livez")
            assert connection.getresponse().read() is not None
            self.worst = max(self.worst, monotonic() - began)
            sleep(0.003)
        connection.close()


@contextmanager
def watching(port: int) -> Iterator[Watch]:
    watch = Watch(port)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.is_over = True
        thread.join()


def slow(client: httpx2.Client, watch: Watch, request: dict[str, Any], pid: int) -> float:
    """The least of the longest waits beside this request; asserts that it is no error of ours."""
    least = float("inf")
    for _ in range(TRIES):
        watch.worst, stretch = 0.0, Stretch(pid)
        answer = client.request(**request)
        sleep(0.004)
        assert answer.status_code < 500 or answer.status_code == 503, (request["url"], answer.text[:300])
        least = min(least, watch.worst / stretch.factor())
        if least <= LIVE_SECONDS:
            break
    return least


def attack(
    served: School, requests: Requests, sent: Iterator[tuple[Place, str]], pid: int
) -> tuple[int, list[tuple[str, float]]]:
    """Send them all; how many they were, and those beside which others waited."""
    count, found = 0, []
    with (
        watching(served.port) as watch,
        httpx2.Client(base_url=served.address, timeout=60, verify=NO_CERTIFICATES) as client,
    ):
        for place, text in sent:
            waited = slow(client, watch, requests.request(place, text), pid)
            count += 1
            if waited > LIVE_SECONDS:
                found.append((f"{place}: {text[:4]!a} x {len(text)}", round(waited, 3)))
    return count, found


async def hostile(database_url: str, folder: Path) -> World:
    """The school of named people with an open attempt; its application is closed again, for a process to serve it."""
    async with open_world(database_url, folder) as world:
        await open_attempt(world)
    return world


def short_form(requests: Requests) -> Iterator[tuple[Place, str]]:
    """Each place once at its bound with one piece in turn; each text of a body also as long as a body may be."""
    found = requests.places()
    everywhere = [place for place in found if place.path[0] in EVERYWHERE]
    for place in (place for place in found if place not in everywhere[: -len(everywhere) // 10]):
        yield place, requests.text(place, next(requests.pieces), longest=False)
        if place.where == "body":
            yield place, requests.text(place, next(requests.pieces), longest=True)


def long_form(requests: Requests) -> Iterator[tuple[Place, str]]:
    for place in requests.places():
        for piece in PIECES.values():
            yield place, requests.text(place, piece, longest=False)
            if place.where == "body":
                yield place, requests.text(place, piece, longest=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_text_holds_the_others_up(database_url: str, tmp_path: Path) -> None:
    requests = Requests(await hostile(database_url, tmp_path))
    with school(tmp_path, database_url=database_url) as served:
        pid = served.serve().pid
        count, found = attack(served, requests, short_form(requests), pid)
    assert count > 400
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_no_text_of_any_kind_holds_the_others_up(database_url: str, tmp_path: Path) -> None:
    requests = Requests(await hostile(database_url, tmp_path))
    with school(tmp_path, database_url=database_url) as served:
        pid = served.serve().pid
        count, found = attack(served, requests, long_form(requests), pid)
    assert count > 5_000
    assert found == []
