"""What can be asked for or go wrong is in the documentation, and nothing else."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import studium.modules
from studium.entrypoints.cli.app import app
from studium.entrypoints.inventory import data_table, event_table, route_table
from studium.kit.base.config import Settings
from studium.kit.base.problems import Problem

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "serve",
    "worker",
    "migrate",
    "move",
    "demo",
    "create-admin",
    "reset-mfa",
    "rotate-key",
    "import-course",
    "import-people",
    "export-course",
    "reconcile",
    "backup",
    "verify-backup",
    "restore",
    "jobs",
    "routes",
    "openapi",
    "events",
    "privacy",
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
    import_module("studium.web.csrf")
    assert set(re.findall(r"^## (\w+)$", text_of("docs/problems.md"), re.MULTILINE)) == set(problems())


def test_every_setting_is_explained_and_every_explained_one_exists() -> None:
    settings = sorted(f"STUDIUM_{name.upper()}" for name in Settings.model_fields)
    assert sorted(re.findall(r"^\| `(STUDIUM_\w+)`", text_of("docs/settings.md"), re.MULTILINE)) == settings


def test_every_command_is_in_the_readme() -> None:
    assert all(f"`studium {name}" in text_of("README.md") for name in COMMANDS)
    assert all(name in app for name in COMMANDS)


def test_every_command_has_a_paragraph_and_every_option_is_in_it() -> None:
    paragraphs = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text_of("docs/commands.md"), re.MULTILINE | re.DOTALL))
    assert set(paragraphs) == set(COMMANDS)
    for name, paragraph in paragraphs.items():
        options = {option for argument in app[name].assemble_argument_collection() for option in argument.names}
        assert {option for option in options if option.startswith("--")} == set(re.findall(r"--[a-z-]+", paragraph))


@pytest.mark.parametrize(("page", "table"), [("routes", route_table), ("events", event_table), ("privacy", data_table)])
def test_tables_are_what_the_commands_print(page: str, table: Callable[[], Iterator[str]]) -> None:
    """Write them anew with `studium routes --markdown`, `studium events --markdown`, `studium privacy --markdown`."""
    written = [line for line in text_of(f"docs/{page}.md").splitlines() if line.startswith("|")]
    assert written == list(table())


def test_links_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_explains_the_code_exists(page: str) -> None:
    names = re.findall(r"`(?:studium/)?([\w/]+\.py)`", text_of(page))
    paths = [path.as_posix() for folder in ("studium", "tests") for path in (ROOT / folder).rglob("*.py")]
    assert len(names) > 20
    assert [name for name in names if not any(path.endswith(f"/{name}") for path in paths)] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md"])
def test_every_name_that_explains_the_code_is_in_the_code(page: str) -> None:
    """Names that are marked as code and look like it: `CamelCase`, `snake_case`, `_CONSTANT`."""
    prose = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    code = [re.sub(r'"[^"]*"', "", span) for span in re.findall(r"`([^`\n]+)`", prose)]
    looks_like_code = re.compile(r"\b(?:[A-Z]\w*[a-z]\w*[A-Z]\w*|[a-z]+(?:_[a-z0-9]+)+|_[A-Z][A-Z_]+)\b")
    names = {name for span in code for name in looks_like_code.findall(span)}
    files = [*(ROOT / "studium").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    known = {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    known |= {path.stem for path in files}
    assert names
    assert names - known == set()


def test_every_place_in_the_tree_of_the_readme_exists() -> None:
    (tree,) = re.findall(r"^```\nstudium/\n(.*?)^```$", text_of("README.md"), re.MULTILINE | re.DOTALL)
    places = [name for line in tree.splitlines() for name in line.strip().split("  ")[0].split(", ")]
    assert len(places) > 5
    assert [name for name in places if not (ROOT / "studium" / name).exists()] == []


@pytest.mark.parametrize(
    "page", ["analytics", "architecture", "importing", "operations", "reliability", "security", "settings"]
)
def test_nothing_is_said_twice(page: str) -> None:
    """Two versions of a page that were put together leave lines and rows behind."""
    lines = [line for line in text_of(f"docs/{page}.md").splitlines() if len(line) > 60]
    begins = [line.split(" | ")[0] for line in lines if line.startswith("| ")]
    assert [line for line in lines if lines.count(line) > 1] == []
    assert [row for row in begins if begins.count(row) > 1] == []


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_every_proof_that_is_named_exists(page: str) -> None:
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text_of(f"docs/{page}"))
    assert len(proofs) > 10
    for path, name in proofs:
        assert re.search(rf"^(?:async )?def {name}\(" if name else "", text_of(path), re.MULTILINE), f"{path}::{name}"
