"""The help tells each role what it does first, and where."""

import pytest

from studium.web.render import mailbox
from tests.web.school import tab, tree
from tests.world import World

SECTIONS = {None: 3, "sam": 3, "ada": 4, "root": 5}
FIRST = {
    None: {"/join", "/reset"},
    "sam": {"/join", "/reset", "/account/security"},
    "ada": {"/teach", "/teach/courses/new", "/teach/import", "/teach/grading", "/reset", "/account/security"},
}
FIRST["root"] = FIRST["ada"] | {
    "/admin/people",
    "/admin/people/new",
    "/admin/people/import",
    "/admin/audit",
    "/admin/system",
}


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("who", SECTIONS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_help_is_that_of_the_role_and_leads_there(world: World, who: str | None, language: str) -> None:
    async with tab(world, who, **{"accept-language": language}) as visitor:
        page = tree(await visitor.get("/help"))
        assert len(page.xpath("//main//h2")) == SECTIONS[who]
        links = {str(path) for path in page.xpath("//main//a/@href")}
        assert links == FIRST[who]
        for path in links:
            answer = await visitor.client.get(path, follow_redirects=True)
            assert answer.status_code == 200, path


def test_an_address_of_mail_breaks_between_its_parts() -> None:
    assert mailbox("a.b@c.example") == "a<wbr>.b@<wbr>c<wbr>.example"
    assert mailbox("<i>@x") == "&lt;i&gt;@<wbr>x"
