"""What `tests/alone.py` promises, in a run of its own with three workers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
Span = tuple[str, float, float]
PROGRAM = """
import time
from pathlib import Path
import pytest

def note(name):
    began = time.monotonic()
    time.sleep(0.1)
    with Path({log!r}).open("a") as log:
        log.write(f"{{name}} {{began}} {{time.monotonic()}}\\n")

@pytest.mark.parametrize("number", range(18))
def test_ordinary(number):
    note("ordinary")

@pytest.mark.alone
@pytest.mark.parametrize("number", range(3))
def test_alone(number):
    note("alone")
"""


@pytest.mark.timeout(240)  # Three workers start.
def test_nothing_runs_beside_a_test_that_is_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "test_inner.py").write_text(PROGRAM.format(log=str(log)))
    run = [sys.executable, "-m", "pytest", "-q", "-n", "3", "-p", "tests.alone", "-o", "markers=alone"]
    place = ["--rootdir", str(tmp_path), "-c", "/dev/null", f"--basetemp={tmp_path / 'inner'}", str(tmp_path)]
    done = subprocess.run([*run, *place], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    spans = [(name, float(began), float(ended)) for name, began, ended in map(str.split, log.read_text().splitlines())]
    assert [name for name, *_ in spans].count("alone") == 3
    assert max(neighbours(spans, "alone")) == 0
    assert max(neighbours(spans, "ordinary")) > 0, "the others do run side by side, else this shows nothing"


def neighbours(spans: list[Span], wanted: str) -> list[int]:
    """For each test of this name: how many others ran at the same time."""
    return [
        sum(began < until and ended > since for _, began, ended in spans) - 1
        for name, since, until in spans
        if name == wanted
    ]
