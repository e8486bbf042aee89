"""What stops a start: one sentence on standard error, exit code 1, no traceback."""

import os
import socket
import sqlite3
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from studium.entrypoints.server import require_safe
from studium.kit.base.config import load_settings
from studium.kit.base.secret_strength import weakness_of
from studium.kit.db import migrations as migrate
from tests import forks


def run(folder: Path, *arguments: str, **settings: str) -> CompletedProcess[str]:
    environment = {**os.environ, "STUDIUM_DATA_DIR": str(folder / "data"), **settings}
    return forks.run([sys.executable, "-m", "studium", *arguments], env=environment, cwd=folder)


def refused(done: CompletedProcess[str], *words: str) -> None:
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


EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing listens.
SAFE = {"STUDIUM_MODE": "production", "STUDIUM_SECRET_KEY": "k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya"}
GUESSED = "our-school-our-school-our-school"


@pytest.mark.parametrize("secret", ["", GUESSED, "0123456789abcdef" * 4])
def test_production_wants_a_secret_and_offers_one(tmp_path: Path, secret: str) -> None:
    done = run(tmp_path, "serve", STUDIUM_MODE="production", STUDIUM_SECRET_KEY=secret)
    refused(done, "STUDIUM_SECRET_KEY")
    offered = done.stderr.split()[-1]
    assert weakness_of(offered) is None
    refused(run(tmp_path, "serve", STUDIUM_MODE="production", STUDIUM_SECRET_KEY=offered), "STUDIUM_TRUSTED_PROXIES")


@pytest.mark.parametrize(
    ("host", "settings", "named"),
    [
        ("127.0.0.1", {}, "STUDIUM_TRUSTED_PROXIES"),
        ("127.0.0.1", {"STUDIUM_TRUSTED_PROXIES": ""}, "STUDIUM_TRUSTED_PROXIES"),
        ("127.0.0.1", {"STUDIUM_TRUSTED_PROXIES": "nobody"}, "STUDIUM_TRUSTED_PROXIES"),
        (EVERYWHERE, {"STUDIUM_TRUSTED_PROXIES": "none"}, "STUDIUM_PUBLIC_BASE_URL"),
        ("::", {"STUDIUM_TRUSTED_PROXIES": "10.0.0.0/8"}, "STUDIUM_PUBLIC_BASE_URL"),
        (
            "127.0.0.1",
            {"STUDIUM_TRUSTED_PROXIES": "none", "STUDIUM_SECRET_KEY_PREVIOUS": GUESSED},
            "STUDIUM_SECRET_KEY_PREVIOUS",
        ),
    ],
)
def test_production_wants_to_be_safe(tmp_path: Path, host: str, settings: dict[str, str], named: str) -> None:
    refused(run(tmp_path, "serve", "--host", host, **SAFE, **settings), named)


@pytest.mark.parametrize(
    ("host", "settings"),
    [
        ("127.0.0.1", {"trusted_proxies": "none"}),
        ("::1", {"trusted_proxies": "10.0.0.0/8, 2001:db8::/32"}),
        ("localhost", {"trusted_proxies": "none", "secret_key_previous": "Zm9ydHktdHdvIHJhbmRvbSBjaGFyYWN0ZXJz0193"}),
        (EVERYWHERE, {"trusted_proxies": "NONE", "public_base_url": "https://school.example"}),
    ],
)
def test_production_starts_when_it_is(tmp_path: Path, host: str, settings: dict[str, str]) -> None:
    fixed = {"mode": "production", "secret_key": SAFE["STUDIUM_SECRET_KEY"], "data_dir": tmp_path}
    require_safe(load_settings(_env_file=None, **fixed, **settings), host)


def test_development_starts_as_it_is(tmp_path: Path) -> None:
    require_safe(load_settings(_env_file=None, data_dir=tmp_path), EVERYWHERE)


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
