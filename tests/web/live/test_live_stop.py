"""A server that is told to stop lets its listeners go, and does not wait for them."""

import signal
from pathlib import Path
from time import monotonic

import httpx2
import pytest

from tests.processes.school import school

PASSWORD = "a long walk by the sea"
ADMIN = "root@school.example"


@pytest.mark.slow
def test_a_stop_does_not_wait_for_who_listens(tmp_path: Path):
    with school(tmp_path, drain_seconds="0") as opened:
        opened.run("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin", typed=PASSWORD)
        process = opened.serve()
        with httpx2.Client(base_url=opened.address, headers={"sec-fetch-site": "same-origin"}, timeout=30) as browser:
            assert browser.post("/login", data={"email": ADMIN, "password": PASSWORD}).status_code == 303
            with browser.stream("GET", "/live/grading", headers={"accept": "text/event-stream"}) as events:
                lines = events.iter_lines()
                while next(lines) != "event: changed":
                    pass
                began = monotonic()
                process.send_signal(signal.SIGTERM)
                assert "event: end" not in list(lines), "the browser comes back to the next server"
                process.wait(timeout=15)
        assert monotonic() - began < 8
