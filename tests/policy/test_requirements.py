"""Nothing is installed for nothing, and nothing old without a reason."""

import ast
import csv
import re
import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD = timedelta(days=2 * 365)
BY_NAME = {
    "fastapi-offline": "kit/http/api_docs serves the files in it",
    "httptools": "uvicorn's protocol, on which kit/http/protocol.py stands, is written on it",
    "aiosqlite": "SQLAlchemy's driver for SQLite, named in kit/db/database.py",
    "tzdata": "data, which zoneinfo reads",
    "pytest-cov": "a plugin of pytest",
    "pytest-timeout": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "anyio": "its plugin of pytest runs coroutines",
    "moto": "started as `python -m moto.server` by tests/servers.py",
    "import-linter": "a command of `make check`",
    "mypy": "a command of `make check`",
    "ruff": "a command of `make check`",
    "types-pyyaml": "types that mypy reads",
    "types-lxml": "types that mypy reads",
}
"""What is used without being imported, and how."""


def plain(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(group: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    texts = project["project"]["dependencies"] if group == "run" else project["dependency-groups"][group]
    return {plain(re.split(r"[\[<>=~! ;]", text, maxsplit=1)[0]) for text in texts}


def locked(name: str) -> set[tuple[str, str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {(plain(one), version) for one, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE)}


@cache
def imported(*folders: str) -> frozenset[str]:
    """The distributions of what the code in these folders imports, at the top of a file or anywhere in it."""
    names: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.partition(".")[0])
    owners = packages_distributions()
    return frozenset(plain(owner) for name in names for owner in owners.get(name, []))


def test_whatever_studium_asks_for_it_imports() -> None:
    assert asked_for("run") - imported("studium") - set(BY_NAME) == set()


def test_whatever_development_asks_for_it_imports() -> None:
    assert asked_for("dev") - imported("studium", "tests", "bench", "examples", ".ci") - set(BY_NAME) == set()


def test_what_is_used_by_name_is_asked_for_and_never_imported() -> None:
    assert set(BY_NAME) <= asked_for("run") | asked_for("dev")
    assert imported("studium") & set(BY_NAME) == set()


def releases() -> list[dict[str, str]]:
    with (ROOT / "requirements-released.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_release_that_is_locked_has_its_day() -> None:
    """`make lock` writes the table anew."""
    known = {(plain(row["name"]), row["version"]) for row in releases()}
    development = {pin for pin in locked("requirements-dev.lock") if pin[0] in asked_for("dev")}
    assert known == locked("requirements.lock") | development


@pytest.mark.parametrize("row", releases(), ids=lambda row: str(row["name"]))
def test_nothing_is_older_than_two_years_without_a_reason(row: dict[str, str]) -> None:
    """Seen from the day of the newest release: that of the lock, so that the test says the same every day."""
    newest = max(date.fromisoformat(each["released"]) for each in releases())
    is_old = newest - date.fromisoformat(row["released"]) > OLD
    assert bool(row["reason"]) is is_old
