"""The lock files: whole, hashed, free of addresses, and the same releases in development as at run time."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"
LOCKS = (ROOT / "requirements-bootstrap.lock", RUNTIME, DEVELOPMENT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# One pinned release: its name, its version with any marker, and the hashes on the lines that follow.
PIN = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\\\n]+?) \\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+",
    re.MULTILINE,
)


def pins(lock: Path) -> set[tuple[str, str]]:
    return {(pin["name"], pin["version"]) for pin in PIN.finditer(lock.read_text(encoding="utf-8"))}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower().replace("_", "-") for text in requirements}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_pinned_and_hashed_releases_and_nothing_else(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert PIN.sub("", text).strip() == ""
    assert pins(lock)


def test_every_dependency_is_locked() -> None:
    assert names(PROJECT["project"]["dependencies"]) <= {name for name, _ in pins(RUNTIME)}
    assert names(PROJECT["dependency-groups"]["dev"]) <= {name for name, _ in pins(DEVELOPMENT)}


def test_the_tests_run_on_what_runs_in_earnest() -> None:
    assert pins(RUNTIME) <= pins(DEVELOPMENT)
