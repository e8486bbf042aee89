"""JSON of any shape and size to every route that takes a body, as each role: refused in order, never a defect."""

import json
import random
import re
from collections import Counter
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.policy.test_fuzz import MARK, operations
from tests.policy.test_hostile import real
from tests.policy.test_schema_fuzz import drawn_from
from tests.world import World, open_attempt

SHORT, LONG = 8, 120
"""Bodies for each route."""

REAL = 0.9
Json = Any
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text()
    | st.text(st.characters(), max_size=40).map(lambda text: f"{MARK} {text}")
    | st.uuids().map(str)
    | st.datetimes().map(lambda at: f"{at.isoformat()}Z")
)


def shapes(names: list[str]) -> st.SearchStrategy[Json]:
    """Any JSON at all, and objects that have some of the route's own members, whatever is in them."""
    keys = st.text(max_size=12) | st.just(f"<{MARK}>")
    anything = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=24,
    )
    near = st.dictionaries(st.sampled_from(names), anything, min_size=1) if names else anything
    return near | near | anything | anything.map(lambda value: {f"{MARK} {MARK}": value})


def large() -> list[Json]:
    """Deep, wide, long: up to a little more than may be."""
    return [
        *(_nested(depth) for depth in (31, 32, 33, 200)),
        *([MARK] * size for size in (101, 1_001, 60_000)),
        *({"title": "x" * size} for size in (256, 20_001, 200_001, 1_048_560, 1_100_000)),
        *({"metadata": {f"k{number}": MARK for number in range(size)}} for size in (65, 5_000)),
    ]


def _nested(depth: int) -> Json:
    value: Json = MARK
    for number in range(depth):
        value = [value] if number % 2 else {"metadata": value}
    return value


def members_of(document: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return sorted(schema.get("properties", {}))


async def flood(world: World, who: str | None, count: int, number: int) -> Counter[int]:
    """So many bodies for each route; how many answers there were of each status."""
    await open_attempt(world)
    document, dice = world.app.openapi(), random.Random(number)
    headers = {"Content-Type": "application/json"}
    if who is not None:
        headers["Authorization"] = f"Bearer {world.tokens[who]}"
    ids, larger = list(map(str, world.ids.values())), cycle(large())
    found: Counter[int] = Counter()
    for method, template, operation in operations(document):
        if method not in ("POST", "PATCH"):
            continue
        bodies = drawn_from(shapes(members_of(document, operation)), count, number)
        for body in [*bodies, *islice(larger, count // 4)]:
            # Mostly of what exists and belongs together, so that the body is what is wrong.
            path = real(world, template) if dice.random() < REAL else re.sub(r"{\w+}", dice.choice(ids), template)
            content = json.dumps(body, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
            answer = await world.client.request(method, f"http://test{path}", headers=headers, content=content)
            said = (method, path, content[:300], answer.status_code, answer.text[:500])
            found[answer.status_code] += 1
            assert answer.status_code < 500, said
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", said
                assert MARK not in answer.text, said
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["sam", "ada", "root"])
async def test_bodies_of_any_shape(world: World, who: str) -> None:
    found = await flood(world, who, SHORT, number=1)
    assert found[422] > 50, found
    assert found[413] > 0, found


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_thousands_of_bodies(world: World, who: str | None) -> None:
    found = await flood(world, who, LONG, number=random.randrange(10**9))
    assert sum(found.values()) > 5000, found
