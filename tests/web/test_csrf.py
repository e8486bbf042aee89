"""Forms are taken from our own pages alone: where they come from x method x cookie."""

import pytest

from studium.web.app import page_routes
from studium.web.routing import PageRoute
from tests.web.school import ORIGIN, tab
from tests.world import World

FORMS = sorted(
    {route.path for route in page_routes() if isinstance(route, PageRoute) and "POST" in (route.methods or ())}
)
SITES: dict[str, tuple[dict[str, str], bool]] = {
    "same origin": ({"sec-fetch-site": "same-origin"}, True),
    "typed": ({"sec-fetch-site": "none"}, True),
    "same site": ({"sec-fetch-site": "same-site", "origin": ORIGIN}, False),
    "cross site": ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, False),
    "unknown word": ({"sec-fetch-site": "trusted", "origin": ORIGIN}, False),
    "old browser, own origin": ({"origin": ORIGIN}, True),
    "old browser, other origin": ({"origin": "https://evil.example"}, False),
    "old browser, other scheme": ({"origin": "http://school.example"}, False),
    "old browser, other port": ({"origin": f"{ORIGIN}:8443"}, False),
    "old browser, no origin": ({"origin": "null"}, False),
    "neither": ({}, False),
}


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("who", [None, "sam"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_form_looks_where_it_comes_from(world: World, site: str, who: str | None):
    headers, is_own = SITES[site]
    typed = {"content-type": "application/x-www-form-urlencoded"}
    async with tab(world, who) as visitor:
        for path in FORMS:
            filled = path.replace("{session_id}", "00000000-0000-0000-0000-000000000000")
            filled = filled.replace("{slug}", "course-c1").replace("{lesson}", "lesson-l1")
            if path == "/logout" and is_own:
                continue
            answer = await visitor.client.post(filled, content="next=%2F", headers={**typed, **headers})
            refused = answer.status_code == 403 and "This form came from elsewhere" in answer.text
            assert refused is not is_own, (path, answer.status_code)


async def test_reading_needs_no_origin(world: World):
    async with tab(world, "sam") as sam:
        answer = await sam.get("/account", **{"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
        assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
async def test_a_form_is_a_form(world: World, kind: str):
    async with tab(world, "sam") as sam:
        headers = {"sec-fetch-site": "same-origin", "content-type": kind}
        answer = await sam.client.post("/account", content="{}", headers=headers)
        assert answer.status_code == 415
