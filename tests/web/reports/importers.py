"""Every text in the source of the importers, with a pair of braces for each value."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from studium.modules import exchange

ROOT = Path(exchange.__file__).parent
_FORMATTED = re.compile(r"\{(?::[^{}]*)?\}")
_WORDS = re.compile(r"[A-Za-z`}'\"),:;] [A-Za-z`{'\"(<=~]")


def texts(*more: ModuleType) -> Iterator[tuple[str, str]]:
    """Each text of more than one word with where it stands, no docstrings; of the importers, or of `more` alone."""
    files = [Path(str(each.__file__)) for each in more]
    for path in files or sorted(ROOT.rglob("*.py")):
        for node in _nodes(ast.parse(path.read_text(encoding="utf-8"))):
            text = _written(node).removeprefix("; ")
            if _WORDS.search(text):
                yield f"{path.relative_to(ROOT) if not more else path.name}:{node.lineno}", text


def items() -> Iterator[str]:
    """What a line of a report says that its item is or was, where that stands in the source."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ENTRIES:
                place = _ENTRIES[node.func.id]
                if len(node.args) > place and isinstance(node.args[place], ast.Constant | ast.JoinedStr):
                    yield _written(node.args[place])


_ENTRIES = {"ImportReportEntry": 3, "Refused": 2}


def _nodes(tree: ast.AST) -> Iterator[ast.expr]:
    """Whole texts: not those within others, and no docstrings."""
    apart = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            apart |= {id(each) for each in ast.walk(node) if each is not node and not isinstance(each, ast.IfExp)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in apart:
            yield node


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    value = node.value if isinstance(node, ast.Constant) else ""
    return _FORMATTED.sub("{}", value) if isinstance(value, str) else ""
