"""A server that is told to stop says so at once, and goes on serving until balancers have heard of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from time import monotonic

import httpx2
import pytest

from tests.processes.school import NO_CERTIFICATES, School, school, until

DRAIN_SECONDS = 3


@contextmanager
def served(folder: Path, database_url: str, workers: str, drain: str) -> Iterator[tuple[School, Popen[bytes]]]:
    with school(folder, database_url=database_url, jobs="external", drain_seconds=drain) as found:
        yield found, found.serve("--workers", workers)


@pytest.mark.parametrize(("database_url", "workers"), [("sqlite", "1"), ("postgresql", "2")], indirect=["database_url"])
def test_it_is_unready_at_once_and_serves_meanwhile(database_url: str, workers: str, tmp_path: Path) -> None:
    with served(tmp_path, database_url, workers, str(DRAIN_SECONDS)) as (found, process):
        with httpx2.Client(base_url=found.address, verify=NO_CERTIFICATES, timeout=5) as kept:
            assert kept.get("/readyz").status_code == 200
            began = monotonic()
            process.send_signal(signal.SIGTERM)
            # A supervisor looks for signals twice a second, and each of its processes is told then.
            until(lambda: kept.get("/readyz").status_code == 503, seconds=2)
            assert kept.get("/readyz").json() == {"status": "stopping", "checks": {}}
            answered = 0
            while monotonic() - began < DRAIN_SECONDS - 1:
                # Those who hold a connection and those who come anew are served alike.
                assert kept.get("/api/v1/courses").status_code == 200
                assert found.call("GET", "/courses").status_code == 200
                assert kept.get("/livez").status_code == 200
                answered += 1
            assert answered > 2
        assert process.wait(timeout=25) == 0
        assert DRAIN_SECONDS - 0.1 < monotonic() - began < DRAIN_SECONDS + 4
        with pytest.raises(httpx2.ConnectError):
            found.call("GET", "/courses")


@pytest.mark.alone
def test_asked_twice_it_waits_no_longer(tmp_path: Path) -> None:
    with served(tmp_path, "", "1", "15") as (found, process):
        began = monotonic()
        process.send_signal(signal.SIGTERM)
        until(lambda: not found.is_ready(), seconds=1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert monotonic() - began < 5


@pytest.mark.alone
def test_without_a_drain_it_stops_at_once(tmp_path: Path) -> None:
    with served(tmp_path, "", "1", "0") as (_, process):
        began = monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert monotonic() - began < 2
