"""What can be asked for or go wrong is in the documentation, and nothing else."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import studium.modules
from studium.cli import app
from studium.inventory import event_types
from studium.kit.config import Settings
from studium.kit.problems import Problem

ROOT = Path(__file__).parents[2]
COMMANDS = ("serve", "worker", "migrate", "demo", "create-admin", "reconcile", "routes", "events")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def problems(base: type[Problem] = Problem) -> Iterator[str]:
    for found in base.__subclasses__():
        if found.__module__.startswith("studium") and not found.__name__.startswith("_"):
            yield found.code()
        yield from problems(found)


def test_every_problem_has_a_paragraph_and_every_paragraph_a_problem() -> None:
    for found in walk_packages(studium.modules.__path__, "studium.modules."):
        import_module(found.name)
    import_module("studium.access.idempotency")
    assert set(re.findall(r"^## (\w+)$", text_of("docs/problems.md"), re.MULTILINE)) == set(problems())


def test_every_setting_is_explained_and_every_explained_one_exists() -> None:
    settings = {f"STUDIUM_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"^\| `(STUDIUM_\w+)`", text_of("docs/settings.md"), re.MULTILINE)) == settings


def test_every_command_is_in_the_readme() -> None:
    assert all(f"`studium {name}" in text_of("README.md") for name in COMMANDS)
    assert all(name in app for name in COMMANDS)


def test_every_event_says_what_happened() -> None:
    assert all(event.__doc__ for event in event_types())


def test_links_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
