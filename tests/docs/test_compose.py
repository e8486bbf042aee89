"""`compose.yaml` is YAML, names only what exists, and its settings are ones that the server starts with."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from studium.cli import app
from studium.kit.config import JobsMode, Settings, load_settings

FILE = Path(__file__).parents[2] / "compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}")
GIVEN = {
    "STUDIUM_SECRET_KEY": "Zm9ydHktdHdvIHJhbmRvbSBjaGFyYWN0ZXJz0193",
    "POSTGRES_PASSWORD": "p4ss",
    "MINIO_ROOT_PASSWORD": "eightchars",
}


def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def ours() -> dict[str, dict[str, Any]]:
    return {name: service for name, service in document()["services"].items() if "build" in service}


def filled(value: str) -> str:
    """The value with its variables, as `docker compose` would fill them in."""
    return VARIABLE.sub(lambda found: GIVEN.get(found[1], found[2] or ""), value)


def test_every_service_runs_a_command_that_exists() -> None:
    assert set(ours()) == {"migrate", "api", "worker"}
    for service in ours().values():
        name, *options = service["command"]
        known = {option for argument in app[name].assemble_argument_collection() for option in argument.names}
        assert {option for option in options if option.startswith("--")} <= known


def test_every_setting_exists_and_the_server_takes_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {f"STUDIUM_{name.upper()}" for name in Settings.model_fields}
    for service in ours().values():
        settings = {name: filled(value) for name, value in service["environment"].items()}
        assert {name for name in settings if name.startswith("STUDIUM_")} <= known
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        loaded = load_settings(_env_file=None)
        assert loaded.is_production
        assert loaded.jobs is JobsMode.EXTERNAL
        assert loaded.database_url == "postgresql://studium:p4ss@postgres:5432/studium"


def test_whoever_is_waited_for_is_there() -> None:
    services = document()["services"]
    volumes = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert volumes == set(document()["volumes"])
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
    hosts = set(re.findall(r"(?://|@)(\w+):\d+", FILE.read_text(encoding="utf-8"))) - {"127"}
    assert hosts - {"mail"} <= set(services)


def test_nobody_is_given_a_password() -> None:
    """Secrets have no default: without them nothing starts."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if re.search(r"(PASSWORD|SECRET_KEY|SECRET_ACCESS_KEY):", line):
            assert ":?" in line, line
