"""Requests made at random from the OpenAPI document: nearly right ones, as each role. None is an error of ours."""

import json
import random
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.world import World, open_attempt

MARK = "zqx7markqz"
SHORT, LONG = 250, 5_000
TEXTS = (
    "",
    MARK,
    f"<script>{MARK}</script>",
    f"' OR 1=1 -- {MARK}",
    "\x00",
    "\ud800",
    "عمر الخيّام",
    "🎓" * 40,
    "a" * 300,
    "x" * 30_000,
    "\u202e",
    "ß\u0301",
    "../../etc/passwd",
    f"https://{MARK}.example/x",
    f"javascript:{MARK}",
    "2026-02-30T25:61:00Z",
    "2026-01-05T10:00:00+00:00",
)
NUMBERS = (0, 1, -1, 2**31, 2**63, 2**64, 10**400, 0.1, -0.0, 1e308, 100, 100.001, 33.333333333)
ODD: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": None}, [None] * 50)
SKIPPED = ("/api/v1/auth/logout", "/api/v1/files/upload")


class Maker:
    """Makes values for a schema: mostly fitting, sometimes off by a little, sometimes of another kind altogether."""

    def __init__(self, document: dict[str, Any], ids: list[str], seed: int) -> None:
        self.document, self.ids, self.dice = document, ids, random.Random(seed)

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 -- JSON.
        if self.dice.random() < 0.06 or depth > 6:
            return self.dice.choice([*TEXTS, *NUMBERS, *ODD])
        if "$ref" in schema:
            return self.value(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.value(self.dice.choice(schema[key]), depth + 1)
        if "enum" in schema:
            return self.dice.choice(schema["enum"])
        return self.plain(schema, schema.get("type"), depth)

    def plain(self, schema: dict[str, Any], kind: str | None, depth: int) -> Any:  # noqa: ANN401 -- JSON.
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.dice.choice([0, 1, 2, 2, 5]))]
        return self.scalar(schema, kind)

    def object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed, found = set(schema.get("required", ())), {}
        for name, inner in schema.get("properties", {}).items():
            if self.dice.random() < (0.97 if name in needed else 0.5):
                found[name] = self.value(inner, depth + 1)
        if self.dice.random() < 0.04:
            found[self.dice.choice([f"<b>{MARK}", f"{MARK} {MARK}", "role", "id", "is_admin", "__proto__"])] = (
                self.dice.choice(TEXTS)
            )
        return found

    def scalar(self, schema: dict[str, Any], kind: str | None) -> Any:  # noqa: ANN401 -- JSON.
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 100)
            return self.dice.choice([low, high, low - 1, high + 1, self.dice.randint(0, 50), self.dice.choice(NUMBERS)])
        if kind == "boolean":
            return self.dice.random() < 0.5
        if kind == "null":
            return None
        if schema.get("format") == "uuid":
            return self.dice.choice(self.ids)
        plain = f"Word {self.dice.randint(0, 9999)}"
        return self.dice.choice([plain, plain, plain, f"p{self.dice.randint(0, 99)}@school.example", *TEXTS[:3]])


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path not in SKIPPED
    ]


async def fuzz(world: World, who: str | None, count: int, seed: int) -> dict[int, int]:
    """Open an attempt and send so many requests; return how many got each status."""
    await open_attempt(world)
    return await storm(world, who, count, seed)


async def storm(world: World, who: str | None, count: int, seed: int) -> dict[int, int]:
    """Send so many requests; return how many got each status."""
    document = (await world.client.get("http://test/openapi.json")).json()
    maker = Maker(document, [*map(str, world.ids.values()), "nonsense", "00000000-0000-0000-0000-000000000000"], seed)
    found: dict[int, int] = {}
    for _ in range(count):
        answer = await send(world, who, maker, *maker.dice.choice(operations(document)))
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
    return found


async def send(
    world: World, who: str | None, maker: Maker, method: str, path: str, operation: dict[str, Any]
) -> httpx2.Response:
    query = {}
    for parameter in operation.get("parameters", []):
        value = maker.value(parameter["schema"])
        text = value if isinstance(value, str) else json.dumps(value)
        text = text.encode("utf-8", "replace").decode()
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(text[:200], safe="") or "x")
        elif parameter["in"] == "query" and maker.dice.random() < 0.4:
            query[parameter["name"]] = text[:500]
    headers = {"Authorization": f"Bearer {world.tokens[who]}"} if who else {}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    content = b""
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(maker.value(body["schema"])).encode()
    if maker.dice.random() < 0.05:
        headers["Idempotency-Key"] = maker.dice.choice(["k" * 16, "", "x" * 300])
    if maker.dice.random() < 0.1:
        headers["If-Match"] = maker.dice.choice(['"v1"', "*", "nonsense", '"v99"'])
    answer = await world.client.request(
        method, f"http://test{path}", params=query, headers=headers, content=content, follow_redirects=False
    )
    check(answer, method, path, content)
    return answer


def check(answer: httpx2.Response, method: str, path: str, content: bytes) -> None:
    said = (method, path, content[:300], answer.status_code, answer.text[:500])
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert answer.headers["content-type"].startswith(("application/problem+json", "text/html")), said
        if "json" in answer.headers["content-type"]:
            told = {name: value for name, value in answer.json().items() if name != "instance"}
            assert MARK not in json.dumps(told), said


@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_a_few_at_random(world: World, who: str | None) -> None:
    found = await fuzz(world, who, SHORT, seed=1)
    assert len(found) > 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_many_at_random(world: World, who: str | None) -> None:
    found = await fuzz(world, who, LONG, seed=random.randrange(10**9))
    assert len(found) > 4
