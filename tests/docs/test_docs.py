"""What can be asked for or go wrong is in the documentation, and nothing else."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import studium.modules
from studium.cli import app
from studium.inventory import event_table, route_table
from studium.kit.config import Settings
from studium.kit.problems import Problem

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "serve",
    "worker",
    "migrate",
    "demo",
    "create-admin",
    "import-course",
    "export-course",
    "reconcile",
    "backup",
    "restore",
    "jobs",
    "routes",
    "events",
)


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


def test_every_command_has_a_paragraph_and_every_option_is_in_it() -> None:
    paragraphs = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text_of("docs/commands.md"), re.MULTILINE | re.DOTALL))
    assert set(paragraphs) == set(COMMANDS)
    for name, paragraph in paragraphs.items():
        options = {option for argument in app[name].assemble_argument_collection() for option in argument.names}
        assert {option for option in options if option.startswith("--")} == set(re.findall(r"--[a-z-]+", paragraph))


@pytest.mark.parametrize(("page", "table"), [("routes", route_table), ("events", event_table)])
def test_tables_are_what_the_commands_print(page: str, table: Callable[[], Iterator[str]]) -> None:
    """Write them anew with `studium routes --markdown` and `studium events --markdown`."""
    written = [line for line in text_of(f"docs/{page}.md").splitlines() if line.startswith("|")]
    assert written == list(table())


def test_links_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_every_proof_that_is_named_exists(page: str) -> None:
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text_of(f"docs/{page}"))
    assert len(proofs) > 10
    for path, name in proofs:
        assert re.search(rf"^(?:async )?def {name}\(" if name else "", text_of(path), re.MULTILINE), f"{path}::{name}"
