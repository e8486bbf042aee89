"""No input gives a 500: every route, as several callers, with bodies and queries that nobody honest sends."""

import re

import pytest
from fastapi.routing import APIRoute

from studium.app import module_routes
from tests.world import World, open_attempt

BODIES: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"a": 1, "a": 2}',
    b'{"title": "\\u0000", "email": "\\ud800", "course_id": 7}',
    b'{"x": NaN}',
    b"[" * 5000,
    b"\xff\xfe",
    b'{"points": 1e999}',
    b'{"limit": ' + b"9" * 5000 + b"}",
    b'{"title": true, "lesson_ids": [null], "answers": [[]], "scores": {}, "rating": "5", "status": 3}',
]
QUERIES = ["?limit=0", "?limit=99999999999999999999", "?cursor=x.y", "?cursor=%00", "?q=%00", "?q=%25_%27", "?x=1&x=2"]
NAMES = {
    "course_id": "C1",
    "lesson_id": "L2",
    "quiz_id": "Q1",
    "question_id": "K1",
    "enrollment_id": "E1",
    "attempt_id": "T1",
    "certificate_id": "X3",
    "file_id": "F1",
    "user_id": "mia",
    "student_id": "sam",
    "instructor_id": "ada",
}


def paths(world: World, template: str) -> list[str]:
    """The address with real ids, with a NUL, and with something that is no id at all."""
    real = re.sub(r"{(\w+)}", lambda found: str(world.ids.get(NAMES.get(found[1], ""), "nothing")), template)
    return [real, re.sub(r"{\w+}", "%00", template), re.sub(r"{\w+}", "%F0%9F%8E%93", template)]


def routes() -> list[APIRoute]:
    return [route for route in module_routes() if isinstance(route, APIRoute)]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("who", [None, "sam", "root"])
async def test_nothing_hostile_is_an_error_of_ours(world: World, who: str | None) -> None:
    await open_attempt(world)
    token = {} if who is None else {"Authorization": f"Bearer {world.tokens[who]}"}
    for route in routes():
        method = next(iter(route.methods or {"GET"}))
        if route.path.endswith("/logout") or method == "DELETE":
            continue
        for path in paths(world, route.path):
            for query in QUERIES if method == "GET" else [""]:
                await send(world, method, path + query, token, b"")
        for body in BODIES if method != "GET" else []:
            await send(world, method, paths(world, route.path)[0], token, body)


async def send(world: World, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    kind = {"Content-Type": "application/json"} if body else {}
    answer = await world.client.request(method, f"http://test{path}", headers={**headers, **kind}, content=body)
    assert answer.status_code < 500, (method, path, body[:80], answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (method, path)
