"""Two servers and two workers on one PostgreSQL and one Redis: nobody notices that processes die and come back."""

import importlib.util
import secrets
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from types import ModuleType

import httpx2
import pytest

from tests.processes.school import NO_CERTIFICATES, ROOT, School, school, stop, until
from tests.servers import PATIENCE_SECONDS, redis_server

PASSWORD = "violet kettle 41"
WALKERS = 3


def walk_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("walk", ROOT / "examples" / "walk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


walk = walk_module()


class AnswerLost(Exception):
    """The server died before it answered what cannot be repeated: an account made, a log-in."""


class Balancer(httpx2.BaseTransport):
    """What stands before a cluster: takes the servers in turn, and the next where one does not answer.

    What creates or acts carries an Idempotency-Key, so that it can be sent again by whoever missed the answer.
    """

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = cycle(addresses)
        self._inner = httpx2.HTTPTransport(verify=NO_CERTIFICATES)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        repeatable = "/auth/" not in request.url.path and request.url.path != "/api/v1/users"
        if request.method == "POST" and repeatable:
            request.headers["Idempotency-Key"] = secrets.token_hex(16)
        began = monotonic()
        while True:
            answer = self._try(request, repeatable=repeatable)
            if answer is not None:
                return answer
            assert monotonic() - began < PATIENCE_SECONDS, f"nobody answers {request.method} {request.url.path}"
            sleep(0.05)

    def close(self) -> None:
        self._inner.close()

    def _try(self, request: httpx2.Request, *, repeatable: bool) -> httpx2.Response | None:
        url = httpx2.URL(next(self._addresses)).join(request.url.raw_path.decode())
        again = httpx2.Request(request.method, url, headers=request.headers, content=request.read())
        try:
            answer = self._inner.handle_request(again)
            answer.read()
        except httpx2.ConnectError:
            return None
        except httpx2.TransportError:
            if repeatable:
                return None
            raise AnswerLost from None
        waits = "Retry-After" in answer.headers and answer.status_code in (409, 503)
        return None if waits else answer


@contextmanager
def cluster(folder: Path, database_url: str) -> Iterator[list[School]]:
    """Two schools that are one: the same folder, database and Redis, a port each."""
    with redis_server(folder) as redis:
        shared = {"database_url": database_url, "redis_url": f"redis://127.0.0.1:{redis.port}/0", "jobs": "external"}
        with school(folder, **shared) as one, school(folder, **shared) as other:
            admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
            one.run(*admin, typed=f"{PASSWORD}\n")
            yield [one, other]


def journey(addresses: list[str], done: Event) -> tuple[int, int]:
    """Walk from an empty course to a certificate again and again; how many walks were whole, how many began anew."""
    walked = anew = 0
    admin = Namespace(admin_email="root@school.example", admin_password=PASSWORD)
    with httpx2.Client(base_url=addresses[0], timeout=20, transport=Balancer(addresses)) as client:
        while not done.is_set():
            run = secrets.token_hex(4)
            try:
                instructor = walk.make_instructor(client, admin, run)
                course = walk.import_course(instructor, ROOT / "examples" / "bicycle-olx")
                student = walk.make_student(client, run)
            except AnswerLost:
                anew += 1
                continue
            walk.learn(student, course)
            walk.collect(student, None)
            assert len(student.send("GET", "/certificates/my-certificates")["items"]) == 1
            walked += 1
    return walked, anew


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.timeout(300)
def test_journeys_go_on_while_processes_die(database_url: str, tmp_path: Path, rounds: int) -> None:
    with cluster(tmp_path, database_url) as schools:
        servers = [one.serve() for one in schools]
        workers = [one.start("worker") for one in schools]
        done = Event()
        with ThreadPoolExecutor(WALKERS) as pool:
            addresses = [one.address for one in schools]
            walking = [pool.submit(journey, addresses, done) for _ in range(WALKERS)]
            try:
                for place in (round_ % 2 for round_ in range(rounds)):
                    for processes in (servers, workers):
                        processes[place].kill()
                        processes[place].wait()
                    sleep(0.5)
                    workers[place] = schools[place].start("worker")
                    servers[place] = schools[place].serve()
            finally:
                done.set()
            walks = [one.result() for one in walking]
        assert all(walked >= 1 for walked, _ in walks), walks
        until(schools[0].is_idle)
        check = subprocess.run(
            [sys.executable, "-m", "studium", "reconcile"],
            env=schools[0].environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert check.returncode == 0, check.stdout + check.stderr
        assert [stop(process) for process in (*servers, *workers)] == [0] * 4
