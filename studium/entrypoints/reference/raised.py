"""Which problems a function can raise, read from the source: its own `raise`s, and those of whatever it calls.

A call is followed where its name says what it is: a function, a class, or a method of something whose type stands in an
annotation or follows from the call that made it. What the kit raises for the whole machine (a lost database, a full
disk) is not followed: that holds for every route, and `answers.py` says so.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from studium.kit.base.problems import Problem

Problems = frozenset[type[Problem]]
_NOT_FOLLOWED = tuple(
    f"studium.kit.{room}" for room in ("backups", "cache", "db", "jobs", "mail", "runtime", "storage")
)
_LOOKS = {"isinstance", "issubclass"}
_NOTHING: Problems = frozenset()
_found: dict[FunctionType, Problems] = {}


def raised_by(function: Callable[..., Any]) -> Problems:
    """Every problem that a call of this function can end in."""
    return _raised(inspect.unwrap(function))


def _raised(function: object) -> Problems:
    if isinstance(function, type):
        return _raised(function.__dict__.get("__init__")) | _raised(function.__dict__.get("__post_init__"))
    unwrapped = inspect.unwrap(getattr(function, "__func__", function)) if callable(function) else None
    if not isinstance(unwrapped, FunctionType) or not _is_followed(unwrapped.__module__):
        return _NOTHING
    if unwrapped not in _found:
        _found[unwrapped] = _NOTHING  # A function that calls itself raises nothing more by that.
        node = _definitions(unwrapped.__module__).get(unwrapped.__qualname__)
        if node is not None:
            _found[unwrapped] = _Body(unwrapped, node).raised_in(node.body)
    return _found[unwrapped]


def _is_followed(module: str) -> bool:
    return module.startswith("studium.") and not module.startswith(_NOT_FOLLOWED)


@cache
def _definitions(module: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module by its qualified name."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}

    def enter(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found[prefix + child.name] = child
                enter(child, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                enter(child, f"{prefix}{child.name}.")
            else:
                enter(child, prefix)

    enter(ast.parse(inspect.getsource(sys.modules[module])), "")
    return found


class _Body:
    """A function's body, with what is known of its names."""

    def __init__(self, function: FunctionType, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names = function.__globals__
        self.kinds: dict[str, type] = {}
        owner = function.__qualname__.rpartition(".")[0]
        if owner and "<locals>" not in owner and isinstance(self.names.get(owner), type):
            self.kinds["self"] = self.names[owner]
        for name, hint in _hints(function).items():
            self._note(name, hint)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and len(inner.targets) == 1:
                self._note_made(inner.targets[0], inner.value)
            elif isinstance(inner, ast.withitem) and inner.optional_vars is not None:
                self._note_made(inner.optional_vars, inner.context_expr)

    def _note(self, name: str, hint: object) -> None:
        kinds = [kind for kind in _types(hint) if kind.__module__.startswith("studium.")]
        if len(kinds) == 1:
            self.kinds[name] = kinds[0]

    def _note_made(self, target: ast.expr, value: ast.expr) -> None:
        value = value.value if isinstance(value, ast.Await) else value
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Call):
            return
        maker = self.object(value.func)
        if isinstance(maker, type):
            self.kinds.setdefault(target.id, maker)
        elif callable(maker):
            self._note(target.id, _hints(inspect.unwrap(maker)).get("return"))

    def object(self, node: ast.expr) -> Any:  # noqa: ANN401 -- whatever a name stands for.
        """What a name or an attribute stands for, as far as it is known before the call."""
        if isinstance(node, ast.Name):
            return self.kinds.get(node.id) or self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            return getattr(self.object(node.value), node.attr, None)
        return None

    def raised_in(self, nodes: list[Any]) -> Problems:
        """The problems of these nodes, less those that are caught on the way."""
        return frozenset().union(*map(self.raised, nodes))

    def raised(self, node: ast.AST) -> Problems:
        """The problems of one node."""
        if isinstance(node, ast.Try):
            return self._tried(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LOOKS:
            return _NOTHING
        if isinstance(node, ast.Name | ast.Attribute):
            found = self.object(node)
            if isinstance(found, type) and issubclass(found, Problem):
                return frozenset([found])
            inner = self.raised(node.value) if isinstance(node, ast.Attribute) else _NOTHING
            return inner | (_NOTHING if isinstance(node, ast.Name) and node.id in self.kinds else _raised(found))
        return self.raised_in(list(_executed(node)))

    def _tried(self, node: ast.Try) -> Problems:
        body = self.raised_in(node.body)
        for handler in node.handlers:
            kinds = self._caught(handler)
            raises = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(handler))
            if not raises:
                body = frozenset(kind for kind in body if not issubclass(kind, kinds))
        handled = [each for handler in node.handlers for each in handler.body]
        return body | self.raised_in([*handled, *node.orelse, *node.finalbody])

    def _caught(self, handler: ast.ExceptHandler) -> tuple[type, ...]:
        listed = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return tuple(kind for each in listed if each is not None and isinstance(kind := self.object(each), type))


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that run: no annotations."""
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns"}:
            yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST))


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except (NameError, TypeError):
        return {}


def _types(hint: Any) -> Iterator[type]:  # noqa: ANN401 -- an annotation.
    """The classes that an annotation names, at any depth: `AsyncIterator[Upload]` names `Upload`."""
    if get_origin(hint) is Annotated:
        yield from _types(get_args(hint)[0])
    elif get_args(hint):
        for inner in get_args(hint):
            yield from _types(inner)
    elif isinstance(hint, type):
        yield hint
