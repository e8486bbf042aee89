"""The walk of the README over everything grown up: PostgreSQL, Redis, S3, SMTP, two servers' processes and a worker."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.postbox import Postbox
from tests.processes.school import ROOT, School, school, stop, until
from tests.servers import free_port, redis_server, s3_server

PASSWORD = "violet kettle 41"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    taken = Postbox()
    controller = Controller(taken, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield taken, controller.port
    controller.stop()


@pytest.fixture
def grown_up(database_url: str, tmp_path: Path, postbox: tuple[Postbox, int]) -> Iterator[School]:
    with redis_server(tmp_path) as redis, s3_server(tmp_path) as s3:
        keys = "access_key_id=test&secret_access_key=test"
        settings = {
            "database_url": database_url,
            "redis_url": f"redis://127.0.0.1:{redis.port}/0",
            "storage_url": f"s3://school/walk?endpoint=http://127.0.0.1:{s3.port}&{keys}",
            "mail_url": f"smtp://127.0.0.1:{postbox[1]}",
            "jobs": "external",
        }
        with school(tmp_path, **settings) as opened:
            admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
            opened.run(*admin, typed=f"{PASSWORD}\n")
            yield opened


def walk(grown_up: School) -> str:
    admin = ("--admin-email", "root@school.example", "--admin-password", PASSWORD)
    command = [sys.executable, str(ROOT / "examples" / "walk.py"), grown_up.address, *admin]
    walked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    return walked.stdout


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_walk(grown_up: School, postbox: tuple[Postbox, int], tmp_path: Path) -> None:
    server, worker = grown_up.serve("--workers", "2"), grown_up.start("worker")
    said = walk(grown_up)
    assert "anybody can verify it" in said
    until(lambda: any("certificate" in str(mail["Subject"]).lower() for mail in postbox[0].mails))
    assert not (tmp_path / "mail").exists()
    assert not list(tmp_path.rglob("*.pdf")), "blobs are in S3, not in the folder"
    assert [stop(process) for process in (server, worker)] == [0, 0]
