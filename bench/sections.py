"""What is measured: each section prints a table, and the ratios that the goals are about."""

import asyncio
import json
import math
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.certificates import draw, work, work_embedded
from bench.contenders import NAMES, Contender, contender
from bench.load import press
from bench.scenarios import API, Scenario, bearer_of, request, scenarios
from bench.school import Size, database, embedded, forget, id_of, settle

WARM_UP_SECONDS = 0.5
_PAGE = 100
_DEEP_PAGE = 10_000
_STARTS = 5
_LEAD = ("course list", "my-courses", "complete a lesson")


@dataclass(frozen=True, slots=True)
class Wish:
    """How much to measure, and where."""

    server: str
    enrollments: int
    rounds: int
    seconds: float
    only: str

    @property
    def size(self) -> Size:
        """The big school."""
        return Size(self.enrollments)

    @property
    def small(self) -> Size:
        """The school that growth is measured from."""
        return Size(min(10_000, self.enrollments // 10))


def table(title: str, *columns: str) -> None:
    """Begin a table."""
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: object) -> None:
    """One line of a table; floats with two places."""
    print(
        "| " + " | ".join(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


def ratios(wish: Wish) -> None:
    """Floor, reference and Studium in turns, on PostgreSQL."""
    url = database(wish.server, wish.size)
    columns = ("floor µs", "reference µs", "Studium µs", "Studium ÷ floor", "floor /s", "reference /s", "Studium /s")
    table(f"Work per request, {wish.enrollments:,} enrollments", "", *columns, "Studium ÷ reference, /s", "p99 ms")
    for scenario in scenarios(wish.size):
        if wish.only in scenario.title:
            floor, reference, ours = in_turns(url, scenario, wish, NAMES)
            costs = [round(each.cost) for each in (floor, reference, ours)]
            rates = [round(each.rate) for each in (floor, reference, ours)]
            gain = ours.rate / reference.rate
            row(scenario.title, *costs, ours.cost / floor.cost, *rates, gain, ours.p99)


def in_turns(url: str, scenario: Scenario, wish: Wish, names: tuple[str, ...]) -> list[Contender]:
    """Fresh servers for each scenario, pressed one after the other in each round."""
    with ExitStack() as stack:
        contenders = [stack.enter_context(contender(name, url)) for name in names]
        for number in range(wish.rounds):
            for each in contenders:
                asyncio.run(_turn(url, scenario, each, wish.seconds, warm=number > 0))
        return contenders


async def _turn(url: str, scenario: Scenario, each: Contender, seconds: float, *, warm: bool) -> None:
    reset: Callable[[str], None] = forget if scenario.writes else _leave
    reset(url)
    await press(each.port, scenario.requests, seconds=0.1 if warm else WARM_UP_SECONDS)
    reset(url)
    await each.measure(scenario.requests, seconds)


def _leave(url: str) -> None:
    del url


def growth(wish: Wish) -> None:
    """The same requests in a school a hundred times as large, and the last of ten thousand pages."""
    table("Growth", "", f"µs at {wish.small.enrollments:,}", f"µs at {wish.enrollments:,}", "exponent")
    small, big = database(wish.server, wish.small), database(wish.server, wish.size)
    steps = math.log(wish.enrollments / wish.small.enrollments)
    for few, many in zip(scenarios(wish.small), scenarios(wish.size), strict=True):
        if wish.only in few.title:
            costs = [in_turns(*pair, wish, ("studium",))[0].cost for pair in ((small, few), (big, many))]
            row(few.title, *(round(cost) for cost in costs), math.log(costs[1] / costs[0]) / steps)
    with contender("studium", big) as ours:
        pages = min(_DEEP_PAGE, wish.enrollments // 100)
        first, deep = _roster(ours.port, pages)
        costs = [_alone(ours, [each], wish) for each in (first, deep)]
        exponent = math.log(costs[1] / costs[0]) / math.log(pages)
        row(f"roster, page 1 and {pages:,}", *(round(cost) for cost in costs), exponent)


def _alone(ours: Contender, requests: list[bytes], wish: Wish) -> float:
    ours.microseconds.clear()
    ours.slowest.clear()
    for _ in range(wish.rounds):
        asyncio.run(ours.measure(requests, wish.seconds, connections=1))
    return ours.cost


def _roster(port: int, pages: int) -> tuple[bytes, bytes]:
    """Requests for the first and a deep page of ten of the roster of the course that everybody takes."""
    path, bearer = f"/enrollments/courses/{id_of('course', 0)}?limit=", bearer_of("admin", 0)
    cursor = ""
    for _ in range(pages * 10 // _PAGE - 1):
        address = f"http://127.0.0.1:{port}{API}{path}{_PAGE}{cursor}"
        asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {bearer}"})
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 -- as above.
            cursor = f"&cursor={json.load(answer)['next_cursor']}"
    return request("GET", f"{path}10", bearer), request("GET", f"{path}10{cursor}", bearer)


def dashboards(wish: Wish) -> None:
    """Analytics, one request at a time."""
    table(f"Analytics, {wish.enrollments:,} enrollments", "", "µs", "p99 ms")
    student, admin = bearer_of("student", 1), bearer_of("admin", 0)
    asked = {
        "my-progress": ("/analytics/my-progress", student),
        "my-dashboard": ("/analytics/my-dashboard", student),
        f"course with {wish.size.students:,} learners": (f"/analytics/courses/{id_of('course', 0)}", admin),
        "the same by week over a year": (f"/analytics/courses/{id_of('course', 0)}?{_year()}&bucket=week", admin),
        "instructor": (f"/analytics/instructors/{id_of('teacher', 0)}/overview", admin),
        "system": ("/analytics/system/overview", admin),
        "system by week over a year": (f"/analytics/system/overview?{_year()}&bucket=week", admin),
        "course stats": (f"/enrollments/courses/{id_of('course', 0)}/stats", admin),
    }
    url = database(wish.server, wish.size)
    settle(url)
    with contender("studium", url) as ours:
        for title, (path, bearer) in asked.items():
            if wish.only in title:
                asyncio.run(press(ours.port, [request("GET", path, bearer)], seconds=WARM_UP_SECONDS, connections=1))
                row(title, round(_alone(ours, [request("GET", path, bearer)], wish)), ours.p99)


def _year() -> str:
    today = datetime.now(UTC).date()
    return f"from={today.replace(year=today.year - 1, day=1)}&to={today}"


def on_sqlite(wish: Wish) -> None:
    """The embedded default beside PostgreSQL, in the small school."""
    table(
        f"SQLite beside PostgreSQL, {wish.small.enrollments:,} enrollments", "", "PostgreSQL /s", "SQLite /s", "ratio"
    )
    with tempfile.TemporaryDirectory() as folder:
        urls = (database(wish.server, wish.small), embedded(Path(folder), wish.small))
        for scenario in scenarios(wish.small):
            if scenario.title in _LEAD and wish.only in scenario.title:
                rates = [in_turns(url, scenario, wish, ("studium",))[0].rate for url in urls]
                row(scenario.title, *(round(rate) for rate in rates), rates[1] / rates[0])


def starts(wish: Wish) -> None:
    """From the command to the first answer, on a migrated SQLite file, and the memory held then."""
    table("Process", "", "measured")
    with tempfile.TemporaryDirectory() as folder:
        url = embedded(Path(folder), Size(1_000))
        seconds, memory = zip(*(_start(url) for _ in range(_STARTS)), strict=True)
    row("start to ready, seconds (median)", sorted(seconds)[_STARTS // 2])
    row("memory at rest, MiB", max(memory))
    with contender("studium", database(wish.server, wish.small)) as ours:
        requests = scenarios(wish.small)[0].requests
        asyncio.run(press(ours.port, requests, seconds=max(1.0, wish.seconds)))
        row("memory under load on PostgreSQL, MiB", ours.rest_mib())


def _start(url: str) -> tuple[float, float]:
    began = time.perf_counter()
    with contender("studium", url) as ours:
        return time.perf_counter() - began, ours.rest_mib()


def certificates(wish: Wish) -> None:
    """Drawing certificates in one thread, and a whole worker process from completions to PDFs and mails."""
    took = draw(20 * wish.rounds)
    table("Certificates", "", "measured")
    row("drawn per second", len(took) / sum(took))
    row("each, ms (median)", took[len(took) // 2] * 1000)
    row("each, ms (p99)", took[min(len(took) - 1, len(took) * 99 // 100)] * 1000)
    many = max(100, 60 * wish.rounds)
    for name, worked in (("PostgreSQL", work(wish.server, many)), ("SQLite", work_embedded(many))):
        row(f"one worker on {name}: issued, drawn and mailed per second", worked.per_second)
        row(f"one worker on {name}: ms of its processor for each", worked.cpu_ms)


def heading(wish: Wish) -> Iterator[str]:
    """What the machine is, for the head of a report."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    python, revision = sys.version.split()[0], commit.stdout.strip() or "unknown"
    yield f"{datetime.now(UTC):%Y-%m-%d}, {_cores()} cores, Python {python}, commit {revision}"
    yield f"{wish.rounds} rounds of {wish.seconds} s, medians; PostgreSQL at {wish.server.rpartition('@')[2]}"


def _cores() -> int:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return text.count("processor\t")


SECTIONS: dict[str, Callable[[Wish], None]] = {
    "ratios": ratios,
    "growth": growth,
    "dashboards": dashboards,
    "sqlite": on_sqlite,
    "process": starts,
    "certificates": certificates,
}
