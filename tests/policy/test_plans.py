"""The quick way gives the answers of the whole way."""

import re
import shutil
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from typing import Any

import httpx2
import pytest

from studium.entrypoints.inventory import api_routes
from studium.kit.http.dispatch import Dispatch
from studium.kit.http.routing import Route
from studium.kit.http.signatures import functions_of
from tests.world import World, open_world

PATHS = [
    "/courses",
    "/courses?limit=2&sort=title&include_total=true",
    "/courses?limit=0",
    "/courses?unknown=1",
    "/courses?q=the",
    "/courses/{C1}",
    "/courses/{C0}",
    "/courses/nonsense",
    "/courses/{C1}/lessons",
    "/courses/{C1}/lessons/{L1}",
    "/courses/{C1}/lessons/{L2}",
    "/courses/{C1}/quizzes/{Q1}",
    "/courses/{C1}/quizzes/{Q1}/questions",
    "/courses/{C1}/reviews",
    "/enrollments/my-courses",
    "/enrollments/my-courses?status=active",
    "/enrollments/my-courses?status=odd",
    "/enrollments/{E1}",
    "/enrollments/{E1}/lessons",
    "/enrollments/courses/{C1}/stats",
    "/certificates/my-certificates",
    "/users/me",
    "/users",
    "/analytics/my-progress",
    "/audit-events",
    "/nothing/here",
]


@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_the_answers_are_the_same(world: World, who: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [await world.call(who, "GET", path) for path in PATHS]
    monkeypatch.setattr(Dispatch, "_find", lambda *_: None)
    whole = [await world.call(who, "GET", path) for path in PATHS]
    for path, one, other in zip(PATHS, quick, whole, strict=True):
        assert one.status_code == other.status_code, path
        assert clean(one.text) == clean(other.text), path
        assert clean(str(sorted(one.headers.items()))) == clean(str(sorted(other.headers.items()))), path


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/courses", {"title": "New"}),
    ("POST", "/courses", {"title": 7}),
    ("POST", "/courses", {"title": "New", "odd": 1}),
    ("POST", "/courses", None),
    ("POST", "/enrollments", {"course_id": "nonsense"}),
    ("POST", "/enrollments", {"course_id": "{C2}"}),
    ("POST", "/enrollments/{E1}/lessons/{L1}/complete", None),
    ("POST", "/enrollments/{E1}/lessons/nonsense/complete", None),
    ("PATCH", "/enrollments/{E1}/lessons/{L2}/progress", {"completion_percentage": 30}),
    ("PATCH", "/enrollments/{E1}/lessons/{L2}/progress", {"completion_percentage": 300}),
    ("PATCH", "/enrollments/{E1}", {"status": "completed"}),
    ("DELETE", "/courses/{C1}", None),
]
KEYED: list[tuple[str, Any]] = [
    ("/courses", {"title": "Once"}),
    ("/courses", {"title": "Once"}),
    ("/courses", {"title": "Another"}),
    ("/enrollments/{E1}/lessons/{L1}/complete", None),
]
"""Sent under one `Idempotency-Key`."""
TEXTS = [b"", b"{", b"[1]", b'{"title": "a", "title": "b"}', b'{"title": NaN}', b"\xff", b"[" * 2000, b'"x"', b"null"]


@pytest.mark.parametrize("who", [None, "mia", "sam", "ada"])
async def test_writes_are_answered_the_same(
    migrated_file: Path, tmp_path: Path, who: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[list[object]] = []
    for way in ("quick", "whole"):
        folder = tmp_path / way
        folder.mkdir()
        shutil.copy(migrated_file, folder / "studium.db")
        if way == "whole":
            monkeypatch.setattr(Dispatch, "_find", lambda *_: None)
        async with open_world(f"sqlite:///{folder}/studium.db", folder) as world:
            answers.append([await written(world, who, *write) for write in WRITES])
            headers = {"Content-Type": "application/json"}
            sent = [await world.call(who, "POST", "/courses", content=text, headers=headers) for text in TEXTS]
            sent.append(await world.call(who, "POST", "/courses", content=b'{"title": "x"}', headers={}))
            sent.append(await world.call(who, "POST", "/courses", content=b"x" * 2_000_000, headers=headers))
            key = {"Idempotency-Key": "k1"}
            sent += [await world.call(who, "POST", path, json=body, headers=key) for path, body in KEYED]
            answers[-1] += [(found.status_code, shape(found)) for found in sent]
    assert answers[0] == answers[1]


async def written(world: World, who: str | None, method: str, path: str, body: Any) -> object:  # noqa: ANN401 -- JSON.
    if isinstance(body, dict):
        body = {name: world.filled(value) if isinstance(value, str) else value for name, value in body.items()}
    found = await world.call(who, method, path, json=body)
    return path, found.status_code, shape(found)


def shape(answer: httpx2.Response) -> object:
    """What must be the same in two worlds: the names of the members, and what went wrong."""
    document = answer.json() if answer.content else None
    problem = document.get("errors", document.get("code")) if isinstance(document, dict) else None
    return sorted(document or {}), problem, sorted(set(answer.headers) - {"content-length"})


def clean(text: str) -> str:
    """The text without the request's own id, which is another one each time, and without the moment of a figure."""
    return re.sub(r"[0-9a-f]{32}|\"as_of\":\"[^\"]*\"", "", text)


def test_every_read_has_a_plan() -> None:
    reads = [route for route in api_routes() if isinstance(route, Route) and "GET" in (route.methods or ())]
    assert len(reads) > 30
    assert [route.path for route in reads if route.plan is None] == []


def test_no_dependency_takes_a_thread() -> None:
    """FastAPI runs plain functions in a pool of threads; ours are quick enough to be coroutines."""

    called = {
        call
        for route in api_routes()
        for call in functions_of(route.endpoint, frozenset(route.param_convertors))
        if not (iscoroutinefunction(call) or isasyncgenfunction(call))
    }
    assert called == set()
