"""The floor and Studium side by side on one PostgreSQL database, in turns: work of the server per request, and ratios.

    .venv/bin/python -m bench [--enrollments 10000] [--rounds 5] [--seconds 2] [--only complete]

It makes a database `studium_bench_<enrollments>` on the server and keeps it for the next run.
"""

import argparse
import asyncio
import base64
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg

from bench.load import press
from bench.school import COURSES_EACH, LESSONS_EACH, LOGGED_IN, Size, course_of, fill, forget_progress, id_of
from studium.kit import migrate
from studium.kit.tokens import Keys

SECRET = "0123456789abcdef" * 4
WARM_UP_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
_API = "/api/v1"
Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Contender:
    """A running server, and what it cost in each round."""

    port: int
    process: Process
    microseconds: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """What the process has used so far, in user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def measure(self, requests: list[bytes], seconds: float) -> None:
        """Press for a while and note the cost; a refusal ends the benchmark, because refusing is cheap."""
        before = self.cpu_seconds()
        outcome = await press(self.port, requests, seconds=seconds)
        if outcome.refused:
            sys.exit(f"{outcome.refused} of {outcome.requests} requests were refused on port {self.port}.")
        self.microseconds.append((self.cpu_seconds() - before) / outcome.requests * 1e6)
        self.per_second.append(outcome.requests / outcome.seconds)
        self.slowest.append(outcome.percentile(99) * 1000)


def _request(method: str, path: str, bearer: str) -> bytes:
    head = f"{method} {_API}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n"
    return f"{head}Content-Length: 0\r\n\r\n".encode() if method == "POST" else f"{head}\r\n".encode()


def _scenarios(size: Size, keys: Keys) -> dict[str, list[bytes]]:
    """Requests by the title of what they do, spread over everybody who is logged in."""
    found: dict[str, list[bytes]] = {
        name: [] for name in ("course list", "my-courses", "lesson read", "enrollment detail", "complete a lesson")
    }
    for student in range(LOGGED_IN):
        claims = {"sub": str(id_of("student", student)), "sid": str(id_of("session", student))}
        bearer = keys.sign("access", claims, lifetime=timedelta(hours=12))
        place = student % COURSES_EACH
        course, enrollment = course_of(size, student, place), id_of("enrollment", student * COURSES_EACH + place)
        lesson = id_of("lesson", course * LESSONS_EACH + student % LESSONS_EACH)
        found["course list"].append(_request("GET", "/courses?limit=20", bearer))
        found["my-courses"].append(_request("GET", "/enrollments/my-courses", bearer))
        found["lesson read"].append(_request("GET", f"/courses/{id_of('course', course)}/lessons/{lesson}", bearer))
        found["enrollment detail"].append(_request("GET", f"/enrollments/{enrollment}", bearer))
    for number in range(LOGGED_IN * COURSES_EACH * (LESSONS_EACH - 1)):
        student, rest = number % LOGGED_IN, number // LOGGED_IN
        place, step = rest % COURSES_EACH, rest // COURSES_EACH
        enrollment = id_of("enrollment", student * COURSES_EACH + place)
        lesson = id_of("lesson", course_of(size, student, place) * LESSONS_EACH + step)
        bearer = found["my-courses"][student].partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
        path = f"/enrollments/{enrollment}/lessons/{lesson}/complete"
        found["complete a lesson"].append(_request("POST", path, bearer))
    return found


@contextmanager
def _serving(command: list[str], port: int, environment: dict[str, str]) -> Iterator[Contender]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 -- our own command.
        try:
            _await(port, process)
            yield Contender(port, process)
        finally:
            process.terminate()
            process.wait()


def _await(port: int, process: Process) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"Nothing answers on port {port}.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _database(server: str, size: Size) -> str:
    """The address of a filled database; one that is there from before is used again."""
    name = f"studium_bench_{size.enrollments}"
    url = f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            admin.execute(f"CREATE DATABASE {name}")
    migrate.upgrade(url)
    if known is None:
        fill(url, size)
    return url


async def _compare(
    floor: Contender, studium: Contender, requests: list[bytes], args: argparse.Namespace, reset: Callable[[], None]
) -> None:
    for number in range(args.rounds):
        for contender in (floor, studium):
            reset()
            await press(contender.port, requests, seconds=WARM_UP_SECONDS if number == 0 else 0.1)
            reset()
            await contender.measure(requests, args.seconds)


def _row(title: str, floor: Contender, studium: Contender) -> str:
    ours, least = (statistics.median(each.microseconds) for each in (studium, floor))
    rate, most = (statistics.median(each.per_second) for each in (studium, floor))
    slowest = statistics.median(studium.slowest)
    return f"| {title} | {least:.0f} | {ours:.0f} | {ours / least:.2f} | {most:.0f} | {rate:.0f} | {slowest:.1f} |"


def main() -> None:
    """Run every scenario and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--enrollments", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    size, keys = Size(args.enrollments), Keys(SECRET.encode())
    url = _database(args.server, size)
    print(f"{size.enrollments} enrollments, {size.courses} courses; {args.rounds} rounds of {args.seconds} s, medians")
    print("| | floor, µs | Studium, µs | ratio | floor, /s | Studium, /s | Studium p99, ms |")
    print("|---|---|---|---|---|---|---|")
    key = base64.b64encode(keys._key("sign", "access")).decode()  # noqa: SLF001 -- the floor checks the same signature.
    for title, requests in _scenarios(size, keys).items():
        if args.only in title:
            _run(title, requests, url, key, args)


def _run(title: str, requests: list[bytes], url: str, key: str, args: argparse.Namespace) -> None:
    """Fresh servers for each scenario, so that none inherits the other's warmth."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "STUDIUM_DATABASE_URL": url,
            "STUDIUM_DATA_DIR": folder,
            "STUDIUM_SECRET_KEY": SECRET,
            "STUDIUM_MODE": "production",
            "STUDIUM_PUBLIC_BASE_URL": "https://bench.example",
        }
        ports = _free_port(), _free_port()
        bare = [sys.executable, "-m", "uvicorn", "bench.floor:app", "--port", str(ports[0]), "--log-level", "warning"]
        bare += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        ours = [sys.executable, "-m", "studium", "serve", "--port", str(ports[1])]
        environment = {**os.environ, "BENCH_DATABASE": url, "BENCH_KEY": key}

        def reset() -> None:
            if "complete" in title:
                forget_progress(url)

        with (
            _serving(bare, ports[0], environment) as floor,
            _serving(ours, ports[1], {**environment, **settings}) as studium,
        ):
            asyncio.run(_compare(floor, studium, requests, args, reset))
            print(_row(title, floor, studium), flush=True)


if __name__ == "__main__":
    main()
