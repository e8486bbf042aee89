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
from datetime import UTC, datetime
from pathlib import Path

from bench.certificates import draw, work, work_embedded
from bench.contenders import NAMES, Contender, contender, environment
from bench.generic import generic
from bench.load import collect, press
from bench.pages import pages
from bench.papers import id_of
from bench.report import Options, Report
from bench.scenarios import API, Scenario, bearer_of, request, scenarios
from bench.school import Size, database, embedded, forget, settle

WARM_UP_SECONDS = 0.5
_WARM_UP_REQUESTS = 50
_PAGE = 100
_DEEP_PAGE = 10_000
_STARTS = 5
_IMPORTS = 3
_LEAD = ("course list", "my-courses", "complete a lesson")


def ratios(options: Options) -> None:
    """Both floors, the usual style and Studium in turns, on PostgreSQL."""
    url = database(options.server, options.size)
    columns = ("floor µs", "strict floor µs", "usual style µs", "Studium µs", "÷ floor", "÷ strict floor")
    rates = ("floor /s", "strict floor /s", "usual style /s", "Studium /s", "÷ usual style, /s", "p99 ms")
    options.report.table(f"Work per request, {options.enrollments:,} enrollments", "", *columns, *rates)
    for scenario in scenarios(options.size):
        if options.only in scenario.title:
            found = in_turns(url, scenario, options, scenario.by)
            _ratio_row(options.report, scenario, {each.name: each for each in found})


def _ratio_row(report: Report, scenario: Scenario, found: dict[str, Contender]) -> None:
    ours = found["studium"]
    floors = [found[name].cost if name in found else None for name in NAMES[:2]]
    usual = found.get("reference")
    report.row(
        scenario.title,
        *(round(found[name].cost) if name in found else None for name in NAMES),
        *(ours.cost / floor if floor else None for floor in floors),
        *(round(found[name].rate) if name in found else None for name in NAMES),
        ours.rate / usual.rate if usual else None,
        ours.p99,
    )


def in_turns(url: str, scenario: Scenario, options: Options, names: tuple[str, ...]) -> list[Contender]:
    """Fresh servers for each scenario, pressed one after the other in each round."""
    with ExitStack() as stack:
        contenders = [stack.enter_context(contender(name, url)) for name in names]
        for number in range(options.rounds):
            for each in contenders:
                asyncio.run(_turn(url, scenario, each, options.seconds, warm=number > 0))
        return contenders


async def _turn(url: str, scenario: Scenario, each: Contender, seconds: float, *, warm: bool) -> None:
    reset: Callable[[str], None] = forget if scenario.writes else _leave
    reset(url)
    requests = scenario.requests
    if scenario.follow is None:
        await press(each.port, requests, seconds=0.1 if warm else WARM_UP_SECONDS)
        reset(url)
    else:
        requests = scenario.follow(await collect(each.port, requests))
        await press(each.port, requests[:_WARM_UP_REQUESTS], seconds=seconds, once=True)
        requests = requests[_WARM_UP_REQUESTS:]
    await each.measure(requests, seconds, once=scenario.writes and not scenario.repeats)


def _leave(url: str) -> None:
    del url


def growth(options: Options) -> None:
    """The same requests in a school a hundred times as large, and the last of ten thousand pages."""
    options.report.table(
        "Growth", "", f"µs at {options.small.enrollments:,}", f"µs at {options.enrollments:,}", "exponent"
    )
    small, big = database(options.server, options.small), database(options.server, options.size)
    steps = math.log(options.enrollments / options.small.enrollments)
    for few, many in zip(scenarios(options.small), scenarios(options.size), strict=True):
        if options.only in few.title:
            costs = [in_turns(*pair, options, ("studium",))[0].cost for pair in ((small, few), (big, many))]
            options.report.row(few.title, *(round(cost) for cost in costs), math.log(costs[1] / costs[0]) / steps)
    with contender("studium", big) as ours:
        pages = min(_DEEP_PAGE, options.enrollments // 100)
        first, deep = _roster(ours.port, pages)
        costs = [_alone(ours, [each], options) for each in (first, deep)]
        exponent = math.log(costs[1] / costs[0]) / math.log(pages)
        options.report.row(f"roster, page 1 and {pages:,}", *(round(cost) for cost in costs), exponent)


def _alone(ours: Contender, requests: list[bytes], options: Options) -> float:
    ours.microseconds.clear()
    ours.slowest.clear()
    for _ in range(options.rounds):
        asyncio.run(ours.measure(requests, options.seconds, connections=1))
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


def dashboards(options: Options) -> None:
    """Analytics, one request at a time."""
    options.report.table(f"Analytics, {options.enrollments:,} enrollments", "", "µs", "p99 ms")
    student, admin = bearer_of("student", 1), bearer_of("admin", 0)
    asked = {
        "my-progress": ("/analytics/my-progress", student),
        "my-dashboard": ("/analytics/my-dashboard", student),
        f"course with {options.size.students:,} learners": (f"/analytics/courses/{id_of('course', 0)}", admin),
        "the same by week over a year": (f"/analytics/courses/{id_of('course', 0)}?{_year()}&bucket=week", admin),
        "instructor": (f"/analytics/instructors/{id_of('teacher', 0)}/overview", admin),
        "system": ("/analytics/system/overview", admin),
        "system by week over a year": (f"/analytics/system/overview?{_year()}&bucket=week", admin),
        "course stats": (f"/enrollments/courses/{id_of('course', 0)}/stats", admin),
    }
    url = database(options.server, options.size)
    settle(url)
    with contender("studium", url) as ours:
        for title, (path, bearer) in asked.items():
            if options.only in title:
                asyncio.run(press(ours.port, [request("GET", path, bearer)], seconds=WARM_UP_SECONDS, connections=1))
                options.report.row(title, round(_alone(ours, [request("GET", path, bearer)], options)), ours.p99)


def _year() -> str:
    today = datetime.now(UTC).date()
    return f"from={today.replace(year=today.year - 1, day=1)}&to={today}"


def on_sqlite(options: Options) -> None:
    """The embedded default beside PostgreSQL, in the small school."""
    options.report.table(
        f"SQLite beside PostgreSQL, {options.small.enrollments:,} enrollments",
        "",
        "PostgreSQL /s",
        "SQLite /s",
        "ratio",
    )
    with tempfile.TemporaryDirectory() as folder:
        urls = (database(options.server, options.small), embedded(Path(folder), options.small))
        for scenario in scenarios(options.small):
            if scenario.title in _LEAD and options.only in scenario.title:
                rates = [in_turns(url, scenario, options, ("studium",))[0].rate for url in urls]
                options.report.row(scenario.title, *(round(rate) for rate in rates), rates[1] / rates[0])


def starts(options: Options) -> None:
    """From the command to the first answer, on a migrated SQLite file, and the memory held then."""
    options.report.table("Process", "", "measured")
    with tempfile.TemporaryDirectory() as folder:
        url = embedded(Path(folder), Size(1_000))
        seconds, memory = zip(*(_start(url) for _ in range(_STARTS)), strict=True)
    options.report.row("start to ready, seconds (median)", sorted(seconds)[_STARTS // 2])
    options.report.row("memory at rest, MiB", max(memory))
    with contender("studium", database(options.server, options.small)) as ours:
        requests = scenarios(options.small)[0].requests
        asyncio.run(press(ours.port, requests, seconds=max(1.0, options.seconds)))
        options.report.row("memory under load on PostgreSQL, MiB", ours.rest_mib())


def _start(url: str) -> tuple[float, float]:
    began = time.perf_counter()
    with contender("studium", url) as ours:
        return time.perf_counter() - began, ours.rest_mib()


def certificates(options: Options) -> None:
    """Drawing certificates in one thread, and a whole worker process from completions to PDFs and mails."""
    took = draw(20 * options.rounds)
    options.report.table("Certificates", "", "measured")
    options.report.row("drawn per second", len(took) / sum(took))
    options.report.row("each, ms (median)", took[len(took) // 2] * 1000)
    options.report.row("each, ms (p99)", took[min(len(took) - 1, len(took) * 99 // 100)] * 1000)
    many = max(100, 60 * options.rounds)
    for name, worked in (("PostgreSQL", work(options.server, many)), ("SQLite", work_embedded(many))):
        options.report.row(f"one worker on {name}: issued, drawn and mailed per second", worked.per_second)
        options.report.row(f"one worker on {name}: ms of its processor for each", worked.cpu_ms)


def imports(options: Options) -> None:
    """The whole command that imports a course from a folder or an archive, in a new school."""
    if options.course is None:
        return
    options.report.table("Import of a course, the whole command", "", "seconds (median)", "seconds (worst)")
    with tempfile.TemporaryDirectory() as folder:
        took = [_import(embedded(Path(made), Size(1_000)), made, options.course) for made in _folders(folder, _IMPORTS)]
    options.report.row(f"{options.course.name} on SQLite", sorted(took)[_IMPORTS // 2], max(took))


def _folders(parent: str, many: int) -> Iterator[str]:
    for number in range(many):
        made = Path(parent) / str(number)
        made.mkdir()
        yield str(made)


def _import(url: str, folder: str, course: Path) -> float:
    command = [sys.executable, "-m", "studium", "import-course", str(course), "--owner", "teacher0@bench.example"]
    began = time.perf_counter()
    subprocess.run(command, env=environment(url, folder), check=True, capture_output=True)  # noqa: S603 -- our own command.
    return time.perf_counter() - began


SECTIONS: dict[str, Callable[[Options], None]] = {
    "ratios": ratios,
    "growth": growth,
    "dashboards": dashboards,
    "sqlite": on_sqlite,
    "process": starts,
    "certificates": certificates,
    "import": imports,
    "generic": generic,
    "pages": pages,
}
