"""Crowds against a server of their own, and what came of them as tables."""

import asyncio
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.certificates import worker
from bench.contenders import Contender, contender
from bench.crowds import CROWDS
from bench.kept import count_lost
from bench.load import collect
from bench.report import Options, Report
from bench.school import COURSES_EACH, Size, embedded, passing

_LOOKS, _LOOK_SECONDS = 60, 0.5
_REST = 0.1
"""The share of a processor below which processes have nothing to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a crowd saw, and what the server and the generator took for it. Times are seconds."""

    requests: dict[str, dict[str, Any]]
    statuses: Counter[int]
    seconds: float
    server_cpu: float
    server_mib: float
    generator_cpu: float
    lateness: dict[str, float]
    busy: float
    acknowledged: int
    lost: int

    @property
    def refused(self) -> int:
        """Answers but for those of success, and none at all."""
        return sum(many for status, many in self.statuses.items() if status // 100 != 2)  # noqa: PLR2004 -- success.


def crowds(options: Options) -> None:
    """Every crowd that is asked for, on every database that is asked for."""
    for name in options.scenarios:
        for database in options.databases:
            learners = math.ceil((options.learners or CROWDS[name].learners) * options.scale)
            outcome = meet(options, name, database, learners)
            processes = f"{options.workers} processes and a worker" if options.workers > 1 else "one process"
            seconds = round(outcome.seconds)
            title = f"{name}: {learners:,} learners in {seconds} s, {database}, {processes}"
            _print(options.report, title, outcome)


def meet(options: Options, name: str, database: str, learners: int) -> Outcome:
    """A crowd against a new school."""
    size = Size(learners * COURSES_EACH, logged_in=learners)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(_school(options.server, database, folder, size))
        more = ("--workers", str(options.workers)) if options.workers > 1 else ()
        server = stack.enter_context(contender("studium", url, *more))
        started = [server, *([stack.enter_context(worker(url, folder))] if more else [])]
        asyncio.run(collect(server.port, [b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"]))
        _await_rest(started)
        busy_before, cpu_before = _machine(), server.cpu_seconds()
        plan = {"name": name, "port": server.port, "learners": learners}
        told = _generate({**plan, "scale": options.scale, "steady": options.steady})
        cpu, busy = server.cpu_seconds() - cpu_before, _share(busy_before, _machine())
        acknowledged, lost = asyncio.run(count_lost(url, name, told["kept"]))
        statuses: Counter[int] = Counter()
        for each in told["requests"].values():
            statuses.update({int(status): many for status, many in each["statuses"].items()})
        return Outcome(
            requests=told["requests"],
            statuses=statuses,
            seconds=told["seconds"],
            server_cpu=cpu,
            server_mib=server.peak_mib(),
            generator_cpu=told["cpu_seconds"],
            lateness=told["lateness"],
            busy=busy,
            acknowledged=acknowledged,
            lost=lost,
        )


def _await_rest(started: Sequence[Contender]) -> None:
    """Wait until every process has started: one of several listens, and is ready, before the others."""
    for _ in range(_LOOKS):
        before = sum(each.cpu_seconds() for each in started)
        time.sleep(_LOOK_SECONDS)
        if sum(each.cpu_seconds() for each in started) - before < _REST * _LOOK_SECONDS:
            return


@contextmanager
def _school(server: str, database: str, folder: str, size: Size) -> Iterator[str]:
    if database == "sqlite":
        yield embedded(Path(folder), size)
    else:
        with passing(server, size) as url:
            yield url


def _generate(plan: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.crowds", json.dumps(plan)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 -- our own command.
    return told


def _machine() -> tuple[int, int]:
    """What all processors have done since the start of the machine: idle, and in all."""
    ticks = [int(tick) for tick in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _share(before: tuple[int, int], after: tuple[int, int]) -> float:
    idle, whole = after[0] - before[0], after[1] - before[1]
    return 100 * (1 - idle / max(1, whole))


def _print(report: Report, title: str, outcome: Outcome) -> None:
    report.table(title, "", "asked", "p50 ms", "p99 ms", "worst ms", "refused")
    for kind, told in outcome.requests.items():
        refused = sum(many for status, many in told["statuses"].items() if not status.startswith("2"))
        report.row(kind, told["asked"], *(told[name] * 1000 for name in ("p50", "p99", "worst")), refused)
    report.table(f"{title}: in all", "", "measured")
    asked = sum(told["asked"] for told in outcome.requests.values())
    report.row("lost answers, of those acknowledged", f"{outcome.lost} of {outcome.acknowledged}")
    report.row("refused", outcome.refused)
    report.row("requests a second", asked / outcome.seconds)
    report.row("processor time of the server, s", outcome.server_cpu)
    report.row("the same for a request, µs", round(outcome.server_cpu / asked * 1e6))
    report.row("memory of the server's process at its most, MiB", outcome.server_mib)
    report.row("processor time of the generator, s", outcome.generator_cpu)
    report.row("the generator was late by, ms (p99, worst)", _pair(outcome.lateness))
    report.row("all processors of the machine busy, %", outcome.busy)


def _pair(lateness: dict[str, float]) -> str:
    return f"{lateness['p99'] * 1000:.1f}, {lateness['worst'] * 1000:.1f}"
