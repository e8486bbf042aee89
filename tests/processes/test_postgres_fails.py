"""PostgreSQL stopped, hung, or closing connections under a running school: 503 in time, and back by itself."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import httpx2
import psycopg
import pytest

from studium.kit.db import migrations as migrate
from tests.processes.school import NO_CERTIFICATES, School, school, stop, until
from tests.processes.test_start import rest_mib
from tests.servers import Postgres, postgres_server

PASSWORD = "violet kettle 41"
Opened = tuple[School, Postgres, str]
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'studium'"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """A school and a PostgreSQL for each test alone: what one of them broke must not meet the next."""
    with postgres_server() as postgres:
        migrate.upgrade(postgres.url)
        with school(tmp_path, database_url=postgres.url, jobs="external") as found:
            admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
            found.run(*admin, typed=f"{PASSWORD}\n")
            found.serve()
            body = {"email": "root@school.example", "password": PASSWORD}
            token = str(found.call("POST", "/auth/login", json=body).json()["access_token"])
            yield found, postgres, token


def ask(opened: Opened) -> tuple[int, float]:
    """A read, then a write: the worse status, and the longer time."""
    found, _, token = opened
    answers, times = [], []
    for method, path, content in (("GET", "/users/me", {}), ("PATCH", "/users/me", {"json": {"full_name": "Robin"}})):
        began = monotonic()
        answers.append(found.call(method, path, token, **content).status_code)
        times.append(monotonic() - began)
    return max(answers), max(times)


def health(opened: Opened, path: str) -> int:
    return httpx2.get(f"{opened[0].address}{path}", timeout=5, verify=NO_CERTIFICATES).status_code


def seconds_until_back(opened: Opened) -> float:
    began = monotonic()
    until(lambda: ask(opened)[0] == 200)
    return monotonic() - began


def test_killed_connections_are_replaced_and_nobody_notices(opened: Opened) -> None:
    for _ in range(3):
        assert ask(opened)[0] == 200
        with psycopg.connect(opened[1].url, autocommit=True) as other:
            other.execute(KILL)
        sleep(0.1)  # The server hears of it from its sockets.
        assert ask(opened)[0] == 200


def test_while_it_is_stopped_the_answer_is_503_at_once(opened: Opened) -> None:
    opened[1].stop()
    for _ in range(3):
        status, seconds = ask(opened)
        assert (status, seconds < 3) == (503, True)
    assert health(opened, "/livez") == 200
    assert health(opened, "/readyz") == 503
    opened[1].start()
    assert seconds_until_back(opened) < 5
    until(lambda: health(opened, "/readyz") == 200)


def hang(opened: Opened, seconds: float) -> None:
    """Callers all the time, while PostgreSQL hangs: each hears 503 within six seconds, in bounded memory."""
    (server,) = [process for process in opened[0].running if process.poll() is None]
    assert ask(opened)[0] == 200
    before, end = rest_mib(server), monotonic() + seconds

    def press(_: int) -> list[tuple[int, float]]:
        found = []
        while monotonic() < end:
            found.append(ask(opened))
            sleep(0.05)
        return found

    with ThreadPoolExecutor(24) as threads:
        with opened[1].hanging():
            outcomes = [outcome for found in threads.map(press, range(24)) for outcome in found]
            assert health(opened, "/livez") == 200
        back = seconds_until_back(opened)
    assert {status for status, _ in outcomes} == {503}
    assert max(took for _, took in outcomes) < 6
    assert back < 5
    assert rest_mib(server) - before < 40


def test_while_it_hangs_requests_fail_in_time(opened: Opened) -> None:
    hang(opened, 7)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_it_may_hang_for_half_a_minute(opened: Opened) -> None:
    hang(opened, 30)


def test_and_the_server_still_stops_in_order(opened: Opened) -> None:
    (server,) = [process for process in opened[0].running if process.poll() is None]
    assert stop(server) == 0
