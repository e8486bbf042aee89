"""What stops a start: one sentence on standard error, exit code 1, no traceback."""

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from studium.kit import migrate


def run(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "STUDIUM_DATA_DIR": str(folder / "data"), **settings}
    command = [sys.executable, "-m", "studium", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=40, check=False)


def refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert all(word in done.stderr for word in words)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDIUM_SWEEP_SECONDS", "often"),
        ("STUDIUM_DATABASE_URL", "mysql://host/name"),
        ("STUDIUM_SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    refused(run(tmp_path, "serve", **{name: value}), name)
    assert not (tmp_path / "data" / "studium.db").exists()


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    refused(run(tmp_path, "jobs", STUDIUM_DATABSE_URL="x"), "STUDIUM_DATABSE_URL", "STUDIUM_DATABASE_URL?")
    (tmp_path / ".env").write_text("STUDIUM_MAIL=x\n")
    refused(run(tmp_path, "jobs"), "STUDIUM_MAIL:")
    assert not (tmp_path / "data").exists()


def test_production_wants_a_secret(tmp_path: Path) -> None:
    refused(run(tmp_path, "serve", STUDIUM_MODE="production"), "STUDIUM_SECRET_KEY")


def test_an_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://someone:hidden@127.0.0.1:1/school"
    done = run(tmp_path, "serve", STUDIUM_DATABASE_URL=url)
    refused(done, "127.0.0.1:1", "cannot be reached")
    assert "hidden" not in done.stderr


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data" / "studium.db"
    migrate.upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    refused(run(tmp_path, "serve"), "9999")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(run(tmp_path, "serve", "--port", str(port)), str(port))
