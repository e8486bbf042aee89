"""HEAD is answered like GET, without the body: by the same rules, with the same headers."""

import pytest

from tests.world import World

ASKED = {
    ("sam", "/users/me"): 200,
    ("sam", "/courses/{C1}"): 200,
    ("sam", "/courses?limit=1"): 200,
    ("sam", "/files/{F1}/download"): 200,
    ("sam", "/enrollments/{E1}"): 200,
    ("mia", "/enrollments/{E1}"): 404,
    ("mia", "/files/{F1}"): 404,
    ("sam", "/users"): 403,
    (None, "/users/me"): 401,
    (None, "/courses?x=1"): 422,
}
CHANGING = {"x-request-id", "date"}


@pytest.mark.anyio
async def test_it_has_the_status_and_the_headers_of_get_alone(world: World) -> None:
    for (who, path), status in ASKED.items():
        whole, head = await world.call(who, "GET", path), await world.call(who, "HEAD", path)
        assert (head.status_code, head.content) == (status, b""), path
        assert {*whole.headers.items()} ^ {*head.headers.items()} == {
            (name, each.headers[name]) for each in (whole, head) for name in CHANGING & {*each.headers}
        }, path


@pytest.mark.anyio
async def test_what_cannot_be_read_cannot_be_asked_for_so(world: World) -> None:
    assert (await world.call("sam", "HEAD", "/enrollments")).status_code == 405
