"""Whether a run was of the whole suite: only then can it be held against a test that something was never met.

A run is whole when every test file took part, nothing but slow tests was left out, nothing was skipped because the
machine lacks a server, and all passed. How it was narrowed (`-k`, a path, `--lf`, `--ignore`) does not matter.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.servers import lacked

ROOT = Path(__file__).parent
_files: set[Path] = set()
_left_out: set[str] = set()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note what is left out; slow tests have runs of their own."""
    _files.update(item.path for item in items)
    _left_out.update(item.nodeid for item in items if item.get_closest_marker("slow") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which files took part."""
    _files.update(item.path for item in session.items)


def narrowed(config: pytest.Config) -> bool:
    """Whether this process collected less than the whole suite."""
    chosen = any("::" in str(arg) for arg in config.args)
    runs_nothing = any(config.getoption(name) for name in ("collectonly", "setuponly", "setupplan"))
    return runs_nothing or chosen or bool(_left_out) or not set(ROOT.rglob("test_*.py")) <= _files


def lacking_here() -> list[str]:
    """What the machine lacks, as the tests of this process found out."""
    return sorted(lacked)
