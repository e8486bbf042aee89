"""HEAD on every address that answers GET: the same status and headers, and never a body."""

import re
from http import HTTPStatus

import pytest
from fastapi.routing import APIRoute

from studium.app import module_routes
from tests.policy.test_hostile import NAMES
from tests.world import World

OF_THE_MOMENT = {"x-request-id", "ratelimit", "ratelimit-policy"}


def addresses(world: World) -> list[str]:
    templates = [
        route.path for route in module_routes() if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    ]
    filled = [
        re.sub(r"{(\w+)}", lambda name: str(world.ids.get(NAMES.get(name[1], ""), "x")), one) for one in templates
    ]
    return [*filled, "/livez", "/readyz", "/openapi.json", "/docs", "/nothing/here"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", [None, "sam", "root"])
async def test_head_is_get_without_the_body(world: World, who: str | None) -> None:
    headers = {} if who is None else {"Authorization": f"Bearer {world.tokens[who]}"}
    seen = set()
    for path in addresses(world):
        got = await world.client.get(f"http://test{path}", headers=headers)
        had = await world.client.head(f"http://test{path}", headers=headers)
        assert (had.status_code, had.content) == (got.status_code, b""), path
        theirs, ours = (
            {name: value for name, value in answer.headers.items() if name not in OF_THE_MOMENT}
            for answer in (got, had)
        )
        if had.status_code < HTTPStatus.BAD_REQUEST and "no-store" not in ours.get("cache-control", ""):
            assert ours == theirs, path
        assert ours.keys() == theirs.keys(), path
        seen.add(had.status_code)
    assert HTTPStatus.OK in seen


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_head_does_nothing_where_only_others_answer(world: World) -> None:
    had = await world.call("sam", "HEAD", "/auth/logout")
    assert (had.status_code, had.content) == (405, b"")
    assert (await world.call("sam", "GET", "/users/me")).status_code == 200
