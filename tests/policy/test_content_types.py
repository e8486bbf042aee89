"""JSON is `application/json`, in UTF-8 if it says so: any other content type is 415, on every route with a body."""

import json
from typing import Any

import pytest

from studium.app import module_routes
from studium.kit.http.routing import Route
from tests.policy.test_fuzz import Maker
from tests.policy.test_hostile import real
from tests.world import World, open_attempt

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OTHERS = [
    "application/json-patch+json",
    "application/vnd.api+json",
    "application/merge-patch+json",
    "application/jsonx",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json; boundary=x",
    "application/json, text/plain",
    "text/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "nonsense",
    "",
]
TAKEN = ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
CALLERS = ("root", "sam", "ada")


def json_bodies(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, address and schema of each operation with a JSON body."""
    found = []
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                found.append((method.upper(), path, content["schema"]))
    return found


async def test_the_table_has_every_route_that_reads_json(world: World) -> None:
    reading = {
        (method, route.path)
        for route in module_routes()
        if isinstance(route, Route) and (route.plan is None or route.plan.reads_body) and route.body_field is not None
        for method in route.methods or ()
    }
    assert {(method, path) for method, path, _ in json_bodies(world)} == reading - {("POST", "/api/v1/auth/token")}
    assert len(reading) > 30


@pytest.mark.parametrize("kind", OTHERS)
async def test_another_content_type_is_415(world: World, kind: str) -> None:
    await open_attempt(world)
    maker = Maker(world.app.openapi(), [*map(str, world.ids.values())], 1)
    for method, path, schema in json_bodies(world):
        content = json.dumps(maker.value(schema)).encode()
        headers = {"Content-Type": kind} if kind else {}
        statuses = []
        for who in CALLERS:
            address = f"http://test{real(world, path)}"
            answer = await world.call(who, method, address, headers=headers, content=content)
            statuses.append(answer.status_code)
        # Who may not do it at all hears that; nobody is served, and nobody hears of the body's members.
        assert 415 in statuses, (method, path, kind, statuses)
        assert set(statuses) <= {415, 403, 404, 409, 429}, (method, path, kind, statuses)


@pytest.mark.parametrize("kind", TAKEN)
async def test_json_by_any_of_its_names_is_taken(world: World, kind: str) -> None:
    headers = {"Content-Type": kind}
    answer = await world.call("sam", "PATCH", "/users/me", headers=headers, content=b'{"full_name": "Sam Reader"}')
    assert answer.status_code == 200
    posted = await world.call("ada", "POST", "/courses", headers=headers, content=b"{}")
    assert posted.status_code == 422


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Idempotency-Key"])
async def test_what_may_be_said_once_is_400_when_said_twice(world: World, name: str) -> None:
    values = {
        "Authorization": (f"Bearer {world.tokens['sam']}", f"Bearer {world.tokens['root']}"),
        "Content-Type": ("application/json", "text/plain"),
        "Idempotency-Key": ("a", "b"),
    }[name]
    for pair in (values, values[::-1], (values[0], values[0])):
        answer = await world.client.patch("/users/me", headers=[(name, value) for value in pair], content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert (await world.client.get("http://test/livez", headers=[(name, value) for value in values])).status_code == 200
