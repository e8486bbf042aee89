"""What tests start does not outlive them."""

import os
import sys
from pathlib import Path

from tests.forks import Forked
from tests.processes.school import until


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_ends_when_nobody_can_wait_for_it_any_more(tmp_path: Path) -> None:
    """As when the tests were killed: the socket to its keeper is closed."""
    program = tmp_path / "sleeper.py"
    program.write_text("import time\n\ntime.sleep(600)\n")
    process = Forked[bytes]([sys.executable, str(program)])
    assert lives(process.pid)
    process._keeper.close()
    until(lambda: not lives(process.pid))
    process.returncode = 0  # Nobody need wait.
