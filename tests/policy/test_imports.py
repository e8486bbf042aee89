"""What the code may say where: web framework, commits, lazy relationships, print, size of files."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import studium

PACKAGE = Path(studium.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400

# Files that know that there is HTTP; everything else must work from a job or a terminal too.
WEB_FILES = (
    "app.py",
    "entrypoints/inventory.py",
    "entrypoints/reference/*.py",
    "entrypoints/server.py",
    "modules/*/routes*.py",
    "modules/*/*/routes*.py",
    "modules/*/deps.py",
    "access/actor.py",
    "access/permissions.py",
    "access/idempotency.py",
    "access/refusals.py",
    "kit/http/api_docs/__init__.py",
    "kit/http/dependencies.py",
    "kit/http/dispatch.py",
    "kit/health.py",
    "kit/http/idempotency.py",
    "kit/http/middleware.py",
    "kit/http/pagination.py",
    "kit/http/plans.py",
    "kit/http/problem_response.py",
    "kit/http/protocol.py",
    "kit/http/routing.py",
    "kit/http/signatures.py",
    "kit/http/streams.py",
    "kit/http/json_text.py",
    "kit/http/bodies/strict_request.py",
    "web/*.py",
    "web/*/*.py",
)
WEB_PACKAGES = {"fastapi", "starlette"}
TERMINAL_FILES = ("entrypoints/cli/*.py", "entrypoints/server.py")
TRANSACTION_FILES = ("kit/*.py", "kit/*/*.py", "migrations/*.py")
TRANSACTION_ENDS = {"commit", "rollback"}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_one_of(path: Path, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(relative(path), pattern) for pattern in patterns)


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))


def imported_packages(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {name.name.partition(".")[0] for name in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module.partition(".")[0]}
    return set()


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def is_method(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute)


def is_lazy_raise(call: ast.Call) -> bool:
    return any(
        keyword.arg == "lazy" and isinstance(keyword.value, ast.Constant) and keyword.value.value == "raise"
        for keyword in call.keywords
    )


def places(allowed: tuple[str, ...], wrong: Callable[[ast.Call], bool]) -> list[str]:
    """Where a call is that only the allowed files may make, as `file:line`."""
    others = [path for path in FILES if not is_one_of(path, allowed)]
    return [f"studium/{relative(path)}:{call.lineno}" for path in others for call in calls(path) if wrong(call)]


def test_the_package_is_found() -> None:
    assert {"app.py", "kit/db/database.py", "access/rules.py", "models/user.py"} <= {relative(path) for path in FILES}


def test_only_the_edge_knows_the_web_framework() -> None:
    inner = [path for path in FILES if not is_one_of(path, WEB_FILES)]
    found = {relative(path): set().union(*map(imported_packages, nodes(path))) & WEB_PACKAGES for path in inner}
    assert {name: packages for name, packages in found.items() if packages} == {}


def test_only_the_kit_ends_transactions() -> None:
    assert places(TRANSACTION_FILES, lambda call: is_method(call) and name_of(call) in TRANSACTION_ENDS) == []


def test_only_the_command_line_prints() -> None:
    assert places(TERMINAL_FILES, lambda call: not is_method(call) and name_of(call) == "print") == []


def test_every_relationship_raises_instead_of_loading_one_row_at_a_time() -> None:
    every = [(path, call) for path in FILES for call in calls(path) if name_of(call) == "relationship"]
    assert every, "no relationship was found, so this test proves nothing"
    assert [f"{relative(path)}:{call.lineno}" for path, call in every if not is_lazy_raise(call)] == []


def test_no_file_is_too_long() -> None:
    lengths = {relative(path): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_nothing_postpones_annotations() -> None:
    postponed = [
        relative(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert postponed == []


def test_every_module_is_in_the_contracts_of_imports() -> None:
    """A contract is silent about a module that it does not name."""
    modules = {path.parent.name for path in (PACKAGE / "modules").glob("*/__init__.py")}
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}
    layers = [name.strip() for layer in contracts["exchange"]["layers"] for name in re.split("[:|]", layer)]
    apart = [name.rpartition(".")[2] for name in contracts["modules"]["modules"]]
    assert sorted(layers) == sorted(modules)
    assert sorted(apart) == sorted(modules - {"exchange", "privacy", "trash"})
