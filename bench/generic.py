"""What every request costs, whatever it asks for: where the processor time of a hot read goes."""

import asyncio
import json
import os
import signal
import tempfile
import time
from pathlib import Path

from bench.contenders import Contender, contender
from bench.load import press
from bench.report import Options
from bench.sampled import OTHER, PARTS
from bench.scenarios import scenarios
from bench.school import database

_PATIENCE_SECONDS = 10
_READS = ("enrollment detail", "course list")


def generic(options: Options) -> None:
    """A table of the parts, in microseconds for each request; the profiler's own work is in them."""
    url = database(options.server, options.small)
    wanted = [scenario for scenario in scenarios(options.small) if scenario.title in _READS]
    columns = [f"{scenario.title}, {unit}" for scenario in wanted for unit in ("µs", "%")]
    found = [_sampled(url, scenario.requests, max(2.0, options.seconds)) for scenario in wanted]
    options.report.table("The cost of a request by its parts", "", *columns)
    for part in (*(name for name, _ in PARTS), OTHER):
        shares = [counts.get(part, 0) / max(1, sum(counts.values())) for _, counts in found]
        pairs = zip(found, shares, strict=True)
        options.report.row(part, *(cell for (cost, _), share in pairs for cell in (round(cost * share), 100 * share)))
    options.report.row("in all", *(cell for cost, _ in found for cell in (round(cost), 100.0)))


def _sampled(url: str, requests: list[bytes], seconds: float) -> tuple[float, dict[str, int]]:
    """Microseconds for a request, and how many samples fell into each part."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.json"
        with contender("sampled", url, told={"BENCH_SAMPLES": str(path)}) as ours:
            asyncio.run(press(ours.port, requests, seconds=0.5))
            os.kill(ours.process.pid, signal.SIGUSR1)
            asyncio.run(ours.measure(requests, seconds))
            return ours.cost, _written(ours, path)


def _written(ours: Contender, path: Path) -> dict[str, int]:
    os.kill(ours.process.pid, signal.SIGUSR2)
    began = time.monotonic()
    while not path.exists():
        if time.monotonic() - began > _PATIENCE_SECONDS:
            message = "The profiler writes nothing."
            raise RuntimeError(message)
        time.sleep(0.05)
    counts: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return counts
