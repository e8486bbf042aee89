"""No input gives a 500: every route, as several callers, with what nobody honest sends (`hostile/`)."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from studium.app import module_routes
from tests.policy.test_fuzz import MARK, Maker
from tests.world import World, open_attempt

FOLDER = Path(__file__).parent / "hostile"
LARGE = (
    b"",
    b"[" * 5000,
    b"[" * 33 + b"]" * 33,
    b'{"limit": ' + b"9" * 5000 + b"}",
    b'{"points": 0.' + b"3" * 5000 + b"}",
    b'{"title": "' + b"x" * 1_000_000 + b'"}',
    b'{"answers": [' + b"{}," * 100_000 + b"{}]}",
    b"{" + b",".join(b'"%d": 0' % number for number in range(50_000)) + b"}",
)
SHORT = 5
"""How many of each kind a route gets in the short form, drawn anew for each route from the same seed."""

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
Sent = tuple[str, str, dict[bytes, bytes], bytes]


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def raw(line: str) -> bytes:
    return line.encode().decode("unicode_escape").encode("latin-1")


BODIES = [*map(raw, lines("bodies.txt")), *LARGE]
VALUES = lines("values.txt")
HEADERS = [(name, value.strip()) for name, _, value in (raw(line).partition(b":") for line in lines("headers.txt"))]


def real(world: World, template: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: str(world.ids.get(NAMES.get(found[1], ""), "nothing")), template)


def _with(template: str, segment: str) -> str:
    """The address with one piece in place of every id."""
    return re.sub(r"{\w+}", lambda _: segment, template)


def routes() -> list[APIRoute]:
    return [route for route in module_routes() if isinstance(route, APIRoute)]


def attacked() -> Iterator[tuple[str, str]]:
    """Method and address of every route but those that would end the caller's session or delete what others need."""
    for route in routes():
        method = next(iter(route.methods or {"GET"}))
        if not route.path.endswith("/logout") and method != "DELETE":
            yield method, route.path


class Attack:
    """Everything hostile there is for one route, or a draw of it."""

    def __init__(self, world: World, maker: Maker, most: int | None) -> None:
        self.world, self.maker, self.most = world, maker, most

    def drawn(self, found: list[Any]) -> list[Any]:
        return found if self.most is None else self.maker.dice.sample(found, min(self.most, len(found)))

    def on(self, method: str, template: str) -> Iterator[Sent]:
        path, json_type = real(self.world, template), {b"content-type": b"application/json"}
        if "{" in template:
            for segment in self.drawn(lines("segments.txt")):
                yield method, _with(template, segment), {}, b""
        for name, value in self.drawn(HEADERS):
            yield method, path, {**json_type, name.lower(): value}, b"{}" if method != "GET" else b""
        if method == "GET":
            for query in self.drawn(lines("queries.txt")):
                yield method, path + query, {}, b""
            return
        for body in self.drawn(BODIES):
            yield method, path, json_type, body
        for body in self.drawn(list(self.bodies(method, template))):
            yield method, path, json_type, body

    def bodies(self, method: str, template: str) -> Iterator[bytes]:
        """A body that would fit, with one hostile value in place of each member, and in place of all of them."""
        operation = self.maker.document["paths"].get(template, {}).get(method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        schema = content["schema"] if content else {}
        if "$ref" in schema:
            schema = self.maker.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        members = schema.get("properties", {})
        for value in VALUES if members else ():
            yield _body(dict.fromkeys(members, value))
            for attacked_member in members:
                fitting = {name: json.dumps(self.maker.value(inner)) for name, inner in members.items()}
                yield _body({**fitting, attacked_member: value})


def _body(members: dict[str, str]) -> bytes:
    """An object of members that are JSON already: what is hostile about them must not be lost on the way."""
    return ("{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in members.items()) + "}").encode()


async def attack(world: World, who: str | None, most: int | None) -> int:
    """Open an attempt and send it all; return how much it was."""
    await open_attempt(world)
    return await assault(world, who, most)


async def assault(world: World, who: str | None, most: int | None) -> int:
    """Send it all; return how much it was."""
    document = world.app.openapi()
    maker = Maker(document, list(map(str, world.ids.values())), seed=1 if most else random.randrange(10**9))
    token = {} if who is None else {b"authorization": f"Bearer {world.tokens[who]}".encode()}
    count = 0
    for method, template in attacked():
        for sent in Attack(world, maker, most).on(method, template):
            await send(world, token, *sent)
            count += 1
    return count


async def send(
    world: World, token: dict[bytes, bytes], method: str, path: str, headers: dict[bytes, bytes], body: bytes
) -> httpx2.Response:
    answer = await world.client.request(
        method, f"http://test{path}", headers={**token, **headers}, content=body, follow_redirects=False
    )
    said = (method, path, headers, body[:300], answer.status_code, answer.text[:500])
    assert answer.status_code < 500, said
    # A page for people; where its address is refused before it is found, the answer is one of the API.
    if path.startswith("/verify/") and answer.headers.get("content-type", "").startswith("text/html"):
        assert f"<script>{MARK}" not in answer.text, said
    elif answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", said
        assert MARK not in json.dumps({name: value for name, value in answer.json().items() if name != "instance"}), (
            said
        )
    assert all(MARK not in value for name, value in answer.headers.items() if name != "location"), said
    return answer


@pytest.mark.timeout(150)
@pytest.mark.parametrize("who", [None, "sam", "root"])
async def test_nothing_hostile_is_an_error_of_ours(world: World, who: str | None) -> None:
    assert await attack(world, who, SHORT) > 1000


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_all_that_is_hostile(world: World, who: str | None) -> None:
    assert await attack(world, who, None) > 5000
