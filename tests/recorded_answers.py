"""Every answer that the tests get is held against the API document: operation, status, and `code` of a refusal.

An answer that the document does not name fails the run. So does, when the whole suite has run (`whole_run.py`), each
refusal in the document that no test has met, unless `api_document/unseen.csv` says why.
"""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from studium.app import document_bytes
from studium.kit.http.middleware import EdgeMiddleware
from tests.whole_run import lacking_here, narrowed

UNSEEN = Path(__file__).parent / "api_document" / "unseen.csv"
DEFAULT = "default"
Answer = tuple[str, str, str]
seen: set[Answer] = set()
"""Operation, status, and `code`; the code is empty where the answer is no problem."""
_reports: list[tuple[bool, Sequence[str]]] = []
"""From each worker: whether it was given less than the whole suite, and what its machine lacks."""


@pytest.fixture(autouse=True, scope="session")
def answers() -> Iterator[None]:
    """Note every answer of every application in this process."""
    own = EdgeMiddleware.__call__

    async def call(self: EdgeMiddleware, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- ASGI.
        status, parts = 0, []

        async def noted(message: Any) -> None:  # noqa: ANN401 -- ASGI.
            nonlocal status
            status = message.get("status", status)
            if status >= 400 and "body" in message:
                parts.append(message["body"])
            await send(message)

        try:
            await own(self, scope, receive, noted if scope["type"] == "http" else send)
        finally:
            route = scope.get("route")
            # Another method than the operation's own is no answer of the operation.
            if status and isinstance(route, APIRoute) and _is_answered(route, scope["method"]):
                seen.add((route.operation_id or route.unique_id, str(status), _code(b"".join(parts))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EdgeMiddleware, "__call__", call)
        yield


def _is_answered(route: APIRoute, method: str) -> bool:
    return route.include_in_schema and method in (route.methods or ())


def _code(body: bytes) -> str:
    try:
        return str(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def documented() -> set[Answer]:
    """Every answer that the document names; refusals of any request under `default`."""
    found: set[Answer] = set()
    document = json.loads(document_bytes())
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]  # noqa: PLW2901 -- the same answer.
            examples = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
            codes = {document["components"]["examples"][name]["value"]["code"] for name in examples} or {""}
            found |= {(operation["operationId"], status, code) for code in codes}
    return found


def unnamed(answered: set[Answer]) -> list[Answer]:
    """Answers that the document does not name."""
    known = documented()
    anywhere = {(name, code) for name, status, code in known if status == DEFAULT}
    return sorted(each for each in answered if each not in known and (each[0], each[2]) not in anywhere)


def unseen(answered: set[Answer]) -> list[Answer]:
    """Refusals that the document names and nobody has met, without those that have a reason."""
    missing = {each for each in documented() - answered if each[1] != DEFAULT and each[2]}
    return sorted(each for each in missing if not any(fits(each, reason) for reason in reasons()))


def reasons() -> dict[Answer, str]:
    """Why no test needs to meet some answers, by what may hold `*`."""
    with UNSEEN.open(encoding="utf-8") as file:
        return {(row["operation"], row["status"], row["code"]): row["reason"] for row in csv.DictReader(file)}


def fits(answer: Answer, reason: Answer) -> bool:
    return all(fnmatchcase(*pair) for pair in zip(answer, reason, strict=True))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 -- xdist's worker.
    """Take over what a worker has seen."""
    output = getattr(node, "workeroutput", {})
    seen.update(map(tuple, output.get("answers", ())))
    _reports.append((output.get("narrowed", True), output.get("lacking", ())))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the answers to the controller, or judge them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output |= {
            "answers": sorted(seen),
            "narrowed": narrowed(session.config),
            "lacking": lacking_here(),
        }
        return
    kept = os.environ.get("STUDIUM_TEST_ANSWERS")
    if kept:
        with Path(kept).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(sorted(seen))
    errors = [f"not in the API document: {' '.join(each)}" for each in unnamed(seen)]
    reports = _reports or [(narrowed(session.config), lacking_here())]
    is_whole = not session.testsfailed and session.exitstatus == pytest.ExitCode.OK and not any(n for n, _ in reports)
    lacking = sorted({what for _, found in reports for what in found})
    if is_whole and not lacking:
        errors += [f"in the API document, and never seen: {' '.join(each)}" for each in unseen(seen)]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and is_whole and lacking:
        reporter.write_line(f"\nWhether tests see all that the API document names was not asked: {'; '.join(lacking)}")
    if errors:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if reporter is not None:
            reporter.write_line("")
            for error in errors:
                reporter.write_line(error, red=True)
