"""What a start costs: from an empty folder, from a migrated one, and at rest."""

import os
import subprocess
import sys
from compileall import compile_dir
from pathlib import Path
from statistics import median
from subprocess import Popen
from time import monotonic

import pytest

from tests.processes.school import ROOT, School, school, stop

_LIBRARIES = "import fastapi, sqlalchemy.ext.asyncio, sqlalchemy.orm"
"""What takes longest to load of all that a start needs. What a start takes is measured against it, so that a slow
machine, or one with other work, changes little."""
READY_CPU = 3.5
"""Processor time of a start, as a multiple of what those libraries take; 2.7 before the pages of quizzes, 2.95 before
passkeys, imports of people, the grading desk and erasures."""
FIRST_CPU = 4.5
"""As READY_CPU, from an empty folder: Alembic is loaded, and each migration runs; 3.4 with sixteen of them."""
ROUNDS = 3
REST_MIB = 152
"""149 with pages, which take four or five of them; see docs/performance.md."""
NOT_NEEDED = {"alembic", "asyncpg", "lxml", "mako", "PIL", "procrastinate", "psycopg", "redis", "typst"}
"""What takes long to load and has no part in serving a migrated school on the embedded default."""

LOADED = """
import asyncio, sys
from studium.app import create_app
from studium.entrypoints.cli.ready import ready_settings
from studium.kit.health import check

async def serve(app):
    async with app.router.lifespan_context(app):
        print(await check(app.state.runtime))

asyncio.run(serve(create_app(ready_settings())))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def cpu_seconds(process: Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rest_mib(process: Popen[bytes]) -> float:
    (line,) = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line]
    return int(line.split()[1]) / 1024


def loading_seconds(environment: dict[str, str]) -> float:
    """Processor time that loading the libraries takes now."""
    before = os.times()
    subprocess.run([sys.executable, "-c", _LIBRARIES], env=environment, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def start(opened: School) -> tuple[float, float, float]:
    """Seconds, seconds of CPU, and MiB that a start took until it was ready."""
    opened.popen = Popen
    began = monotonic()
    process = opened.serve()
    seconds = monotonic() - began
    found = seconds, cpu_seconds(process), rest_mib(process)
    assert stop(process) == 0
    return found


@pytest.mark.alone
@pytest.mark.timeout(240)  # Six starts, beside other work.
def test_start_to_ready(tmp_path: Path) -> None:
    """Each start is compared with the load of the libraries right before it, and the middle of the rounds counts."""
    compile_dir(ROOT / "studium", quiet=1)
    firsts: list[float] = []
    starts: list[float] = []
    sizes: list[float] = []
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        with school(folder) as opened:
            loading = loading_seconds(opened.environment)
            firsts.append(start(opened)[1] / loading)
            loading = loading_seconds(opened.environment)
            _, cpu, mib = start(opened)
            starts.append(cpu / loading)
            sizes.append(mib)
    assert median(starts) < READY_CPU, starts
    assert median(firsts) < FIRST_CPU, firsts
    assert max(sizes) < REST_MIB, sizes


def test_a_start_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    with school(tmp_path) as opened:
        opened.run("migrate")
        program = [sys.executable, "-c", LOADED]
        said = subprocess.run(program, env=opened.environment, cwd=ROOT, capture_output=True, check=True, text=True)
    health, loaded = said.stdout.splitlines()
    assert "failing" not in health
    assert "sqlalchemy" in loaded.split()
    assert NOT_NEEDED.isdisjoint(loaded.split())
