"""A move that is killed: the target has everything or nothing, and the next one ends what it began."""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studium.entrypoints.operations.moving.marker import NotHere, refuse_while_moving
from studium.entrypoints.operations.moving.move import differences
from tests.forks import run
from tests.moving.conftest import Old, rows_in
from tests.moving.dying_mover import AFTER_COMMIT, BEFORE_COMMIT
from tests.moving.test_move import digest_of
from tests.processes.school import ROOT

if TYPE_CHECKING:
    import subprocess

MOVER = str(Path(__file__).with_name("dying_mover.py"))


def dies(old: Old, target: str, point: str) -> "subprocess.CompletedProcess[str]":
    """Move in a process of its own, which dies at this point."""
    mine = {"STUDIUM_DATA_DIR": str(old.settings.data_dir), "DIES_AT": point, "MOVES_TO": target}
    done = run([sys.executable, MOVER], env={**os.environ, **mine, "PYTHONPATH": str(ROOT)}, cwd=old.settings.data_dir)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done


@pytest.mark.parametrize("point", BEFORE_COMMIT)
async def test_before_its_commit_the_target_stays_empty_and_the_source_whole(old: Old, target: str, point: str) -> None:
    kept = digest_of(old.path)
    dies(old, target, point)
    assert rows_in(target) == 0
    with closing(sqlite3.connect(old.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert digest_of(old.path) == kept
    assert old.marker.exists()
    refuse_while_moving(old.settings)
    assert not old.marker.exists()


async def test_the_next_one_begins_anew(old: Old, target: str) -> None:
    dies(old, target, "half filled")
    assert old.move(target).renamed is not None
    assert await differences(old.settings, target) == []


@pytest.mark.parametrize("point", AFTER_COMMIT)
async def test_after_its_commit_the_next_one_ends_it(old: Old, target: str, point: str) -> None:
    dies(old, target, point)
    there = rows_in(target)
    assert there > 0
    assert old.path.exists()
    if point == "marked":
        with pytest.raises(NotHere, match="was moved to"):
            refuse_while_moving(old.settings)
    report = old.move(target)
    assert report.renamed is not None
    assert not old.path.exists()
    assert rows_in(target) == there
    assert await differences(old.settings, target) == []
