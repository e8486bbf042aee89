"""Requests that schemathesis makes from the OpenAPI document, fitting and not, as each role: never an error of ours."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

import studium
from tests.world import World, open_attempt

SHORT, LONG = 1, 34
"""Examples of each operation in each mode; the long form is more than 5,000 requests for a role."""

SKIPPED = ("/api/v1/auth/logout", "/api/v1/files/upload")
ECHO_MIN = 8
SOURCE = Path(studium.__file__).parent
Case = Any
Operation = Any


def operations(document: dict[str, Any]) -> list[Operation]:
    results: Iterator[Any] = schemathesis.openapi.from_dict(document).get_all_operations()
    found = [result.ok() for result in results]
    return [operation for operation in found if operation.path not in SKIPPED]


def cases_of(operation: Operation, count: int, number: int) -> list[Case]:
    """So many cases that fit the document, and as many that do not."""
    return [
        case
        for mode in GenerationMode
        for case in drawn_from(operation.as_strategy(generation_mode=mode), count, number)
    ]


def drawn_from(strategy: Any, count: int, number: int) -> list[Case]:  # noqa: ANN401 -- schemathesis says no more.
    """So many examples; none where nothing can be of that mode."""
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(case: Case) -> None:
        found.append(case)

    with suppress(Unsatisfiable):
        draw()
    return found


def content_of(made: dict[str, Any]) -> bytes:
    if "json" in made:
        return json.dumps(made["json"]).encode()
    data = made.get("data", b"")
    if isinstance(data, dict):
        return urlencode(data, errors="replace").encode()
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data or b"")


async def send(
    world: World, who: str | None, case: Case, dice: random.Random
) -> tuple[httpx2.Response, dict[str, Any]]:
    """Send a case, mostly to something that exists."""
    for name in case.path_parameters or {}:
        if name.endswith("_id") and dice.random() < 0.7:
            case.path_parameters[name] = str(dice.choice(list(world.ids.values())))
    made = case.as_transport_kwargs(base_url="http://test")
    headers = {name: str(value).encode("latin-1", "replace") for name, value in made["headers"].items()}
    headers.pop("Authorization", None)
    if who is not None:
        headers["Authorization"] = f"Bearer {world.tokens[who]}".encode()
    query = {name: value for name, value in (made.get("params") or {}).items() if value is not None}
    answer = await world.client.request(
        case.method, made["url"], params=query, headers=headers, content=content_of(made), follow_redirects=False
    )
    return answer, made


def texts(value: object) -> Iterator[str]:
    """Every text inside, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def check(answer: httpx2.Response, made: dict[str, Any], known: str) -> None:
    said = (answer.request.method, made["url"], str(made)[:600], answer.status_code, answer.text[:600])
    assert answer.status_code < 500 or answer.status_code == 503, said
    if answer.status_code < 400 or answer.headers["content-type"].startswith("text/html"):
        return
    assert answer.headers["content-type"] == "application/problem+json", said
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= problem.keys(), said
    told = json.dumps({name: value for name, value in problem.items() if name != "instance"}, ensure_ascii=False)
    for text in texts([made.get("json"), made.get("params"), made.get("data")]):
        assert len(text) < ECHO_MIN or text in known or text not in told, said


async def fuzz(world: World, who: str | None, count: int, number: int) -> Counter[int]:
    """Send `count` cases of each mode to each operation; return how many got each status."""
    await open_attempt(world)
    document = world.app.openapi()
    # Hypothesis takes texts out of our own source too, and what we say by ourselves is no echo.
    ours = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    known, dice = json.dumps(document) + ours + " ".join(map(str, world.ids.values())), random.Random(number)
    found: Counter[int] = Counter()
    for operation in operations(document):
        for case in cases_of(operation, count, number):
            answer, made = await send(world, who, case, dice)
            check(answer, made, known)
            found[answer.status_code] += 1
    assert found[503] <= sum(found.values()) / 100, found
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["sam", "root"])
async def test_a_few_of_each_operation(world: World, who: str) -> None:
    found = await fuzz(world, who, SHORT, number=1)
    assert found[200] > 5
    assert found[422] > 5


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
async def test_thousands_of_each_role(world: World, who: str | None) -> None:
    found = await fuzz(world, who, LONG, number=random.randrange(10**9))
    assert sum(found.values()) >= 5000, found
