"""Several processes behind one port: a supervisor that is killed leaves nobody behind who keeps the port."""

from pathlib import Path

import pytest

from tests.processes.school import school, until
from tests.servers import listens


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_killed_supervisor_gives_the_port_free(database_url: str, tmp_path: Path) -> None:
    with school(tmp_path, database_url=database_url) as opened:
        supervisor = opened.serve("--workers", "2")
        supervisor.kill()
        supervisor.wait()
        until(lambda: not listens(opened.port), 2)
        opened.serve("--workers", "2")
