"""`compose.yaml` is YAML, names only what exists, and its settings are ones that the server starts with."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from studium.entrypoints.cli.app import app
from studium.entrypoints.server import require_safe
from studium.kit.base.config import JobsMode, Settings, load_settings
from tests.servers import lacking, postgres_server

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing listens.
GIVEN = {
    "STUDIUM_SECRET_KEY": "Zm9ydHktdHdvIHJhbmRvbSBjaGFyYWN0ZXJz0193",
    "STUDIUM_DOMAIN": "school.example",
    "STUDIUM_DATABASE_PASSWORD": "p4ss",
    "STUDIUM_MAIL_URL": "smtp://school:p4ss@mail.example:587",
    "POSTGRES_PASSWORD": "an0ther",
    "GARAGE_RPC_SECRET": "0123456789abcdef" * 4,
    "GARAGE_ACCESS_KEY": f"GK{'0123456789abcdef' * 2}",
    "GARAGE_SECRET_KEY": "fedcba9876543210" * 4,
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
        require_safe(loaded, EVERYWHERE)
        assert loaded.jobs is JobsMode.EXTERNAL
        assert loaded.database_url == "postgresql://studium:p4ss@postgres:5432/studium"


def test_whoever_is_waited_for_is_there() -> None:
    services = document()["services"]
    mounted = [volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    assert {name for name in mounted if not name.startswith(".")} == set(document()["volumes"])
    assert all((ROOT / name).is_file() for name in mounted if name.startswith("."))
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
    texts = [FILE.read_text(encoding="utf-8"), (ROOT / "ops/compose/Caddyfile").read_text(encoding="utf-8")]
    hosts = {host for text in texts for host in re.findall(r"(?://|@|reverse_proxy |@reading )([a-z]+):\d+", text)}
    # `host` stands for the mail server in a message.
    assert hosts - {"host"} == {"postgres", "redis", "garage", "api"}


def test_who_talks_to_whom_shares_a_network() -> None:
    services, networks = document()["services"], document()["networks"]
    shared = {frozenset(name for name, service in services.items() if each in service["networks"]) for each in networks}
    for one, other in (
        ("api", "postgres"),
        ("worker", "redis"),
        ("api", "garage"),
        ("caddy", "api"),
        ("caddy", "garage"),
    ):
        assert any({one, other} <= group for group in shared), (one, other)
    # Whoever is reached from outside cannot reach the database, and the stores reach nobody outside.
    assert not any({"caddy", "postgres"} <= group or {"caddy", "redis"} <= group for group in shared)
    for name in ("postgres", "redis", "garage", "migrate"):
        assert all(networks[each]["internal"] for each in services[name]["networks"])
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]


def test_proxies_are_trusted_in_their_own_network_alone() -> None:
    services = document()["services"]
    trusted = ours()["api"]["environment"]["STUDIUM_TRUSTED_PROXIES"]
    assert trusted == document()["networks"]["edge"]["ipam"]["config"][0]["subnet"]
    assert {name for name, service in services.items() if "edge" in service["networks"]} == {"api", "caddy"}


def test_every_image_is_pinned_and_may_do_little() -> None:
    for name, service in document()["services"].items():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), name
        assert "no-new-privileges:true" in service["security_opt"], name
        # PostgreSQL's image begins as root, to give its folder to the account under which it goes on.
        assert name == "postgres" or (service["cap_drop"], service["read_only"]) == (["ALL"], True), name
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        assert not line.startswith("FROM") or re.search(r"python:\d+\.\d+\.\d+-", line), line


def test_pre_signed_links_lead_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = {name: filled(value) for name, value in ours()["api"]["environment"].items()}
    assert settings["STUDIUM_PUBLIC_BASE_URL"] == "https://school.example"
    assert "&public_endpoint=https://files.school.example&" in settings["STUDIUM_STORAGE_URL"]
    caddyfile = (ROOT / "ops/compose/Caddyfile").read_text(encoding="utf-8")
    assert re.findall(r"^(\S+) \{$", caddyfile, re.MULTILINE) == ["{$STUDIUM_DOMAIN}", "files.{$STUDIUM_DOMAIN}"]
    with (ROOT / "ops/compose/garage.toml").open("rb") as file:
        garage = tomllib.load(file)
    region = garage["s3_api"]["s3_region"]
    assert f"region={region}" in settings["STUDIUM_STORAGE_URL"]
    # Garage's own protocol, whose secret opens everything, is heard in its container alone.
    assert garage["rpc_bind_addr"].startswith("127.0.0.1:")


def test_nobody_is_given_a_password() -> None:
    """Secrets have no default: without them nothing starts."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if re.search(r"(PASSWORD|SECRET|_KEY|_KEY_ID|_URL): \$", line):
            assert ":?" in line, line


def test_the_example_names_every_variable() -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8")))
    told = set(re.findall(r"^(\w+)=", (ROOT / "docs/scaling.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked == set(GIVEN) == told


def test_the_image_holds_the_program_and_nothing_else(tmp_path: Path) -> None:
    """What `.dockerignore` lets in is enough to build the package without a network, as the Dockerfile does."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(name for line in copied for name in line.split()) == sorted(let_in)
    for name in let_in:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    install = ["uv", "pip", "install", "--offline", "--no-deps", "--target", str(tmp_path / "out"), "."]
    uv = [str(ROOT / ".venv" / "bin" / install[0]), *install[1:], "--python", sys.executable, "--no-cache", "--quiet"]
    subprocess.run(uv, cwd=tmp_path, check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "out"), "STUDIUM_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "elsewhere").mkdir()
    command = [
        sys.executable,
        "-c",
        "import studium; from studium.__main__ import main; print(studium.__file__); main()",
    ]
    ran = subprocess.run(
        [*command, "migrate"], cwd=tmp_path / "elsewhere", env=environment, check=True, capture_output=True, text=True
    )
    assert ran.stdout.startswith(str(tmp_path / "out"))
    assert (tmp_path / "data" / "studium.db").is_file()


def test_the_role_of_the_database_owns_it_and_nothing_else(tmp_path: Path) -> None:
    """The script of the image, run on a PostgreSQL; then a school is migrated under the role that it made."""
    psql = next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))), None) or shutil.which(
        "psql"
    )
    if psql is None:
        lacking("psql is not installed")
    with postgres_server() as server:
        given = {"POSTGRES_USER": "postgres", "STUDIUM_DATABASE_PASSWORD": "it's; $HOME"}
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PATH": f"{Path(psql).parent}:{os.environ['PATH']}"}
        script = ["sh", str(ROOT / "ops/compose/database.sh")]
        subprocess.run(script, env={**os.environ, **where, **given}, check=True, capture_output=True)
        url = f"postgresql://studium@127.0.0.1:{server.port}/studium"
        settings = {"STUDIUM_DATABASE_URL": url, "STUDIUM_DATA_DIR": str(tmp_path)}
        migrate = [sys.executable, "-m", "studium", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env={**os.environ, **settings}, check=True, capture_output=True)
        with psycopg.connect(url) as connection:
            rights = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
            assert connection.execute(rights + " WHERE rolname = 'studium'").fetchone() == (False,) * 5
            assert connection.execute("SELECT count(*) FROM courses").fetchone() == (0,)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(f"{url.rpartition('/')[0]}/postgres")
