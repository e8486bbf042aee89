"""Forms: what is typed comes back escaped, what is refused changes nothing, what is hostile is no error of ours."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.problems import ChangedMeanwhile
from studium.models import User
from studium.modules.users import actions as users
from tests.web.hostile_texts import FOREIGN_SCRIPTS
from tests.web.school import tab, text, tree
from tests.world import PASSWORD, World

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s %s %n",
    "\u202eevil\u202c",
    "مرحبا <b>x</b>",
    "\x00\x01\x7f",
    "a" * 5000,
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\r\nSet-Cookie: a=b",
]
FORMS = {
    "/login": ("email", "password", "next"),
    "/login/code": ("code",),
    "/register": ("full_name", "email", "password"),
    "/reset": ("email",),
    "/confirm-email": ("token",),
    "/confirm-address": ("token",),
    "/reset-password": ("token", "new_password"),
    "/set-password": ("token", "new_password"),
    "/language": ("language", "next"),
    "/account": ("full_name", "language", "timezone"),
    "/account/password": ("current_password", "password"),
    "/login/passkey": ("challenge_token", "credential", "next"),
    "/account/passkeys": ("challenge_token", "credential", "name"),
    "/account/prove": ("password", "code", "next"),
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_hostile_is_markup_or_an_error_of_ours(world: World, path: str):
    async with tab(world, "sam") as sam:
        for hostile in HOSTILE:
            for member in FORMS[path]:
                fields = dict.fromkeys(FORMS[path], "x") | {member: hostile}
                answer = await sam.post(path, fields)
                assert answer.status_code < 500, (path, member, hostile)
                assert "\n" not in answer.headers.get("location", "")
                if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
                    page = tree(answer)
                    assert page.xpath(f"{FOREIGN_SCRIPTS} | //img | //*[@onerror or @onfocus]") == [], (path, member)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a" * 70_000, b"&".join(b"a=b" for _ in range(200)), b"%ff=%fe", b""])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_form_is_refused(world: World, body: bytes):
    async with tab(world) as nobody:
        headers = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
        answer = await nobody.client.post("/login", content=body, headers=headers)
        assert answer.status_code in {400, 422}


async def test_a_registration_is_taken_once_and_mails_a_link_that_works(world: World):
    typed = {"full_name": "Nora New", "email": "nora@school.example", "password": "marble saddle 77"}
    async with tab(world, **{"accept-language": "ar"}) as nora:
        before = await world.count(User)
        weak = await nora.post("/register", {**typed, "password": "password"})
        assert weak.status_code == 422
        page = tree(weak)
        assert page.xpath("//input[@id='full_name']/@value") == ["Nora New"]
        assert page.xpath("//div[@role='alert']//a/@href") == ["#password"]
        assert page.xpath("//input[@id='password']/@aria-describedby") == ["password-hint password-error"]
        assert await world.count(User) == before
        answer = await nora.post("/register", typed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert (await nora.post("/register", typed)).status_code == 409
        assert await world.count(User) == before + 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"full_name": "N"}, {"full_name": "This is too short."}),
        ({"password": "short"}, {"password": "Use at least 8 characters."}),
        (
            {"full_name": "N" * 300, "password": "p" * 200},
            {
                "full_name": "This is too long.",
                "password": "Use at most 128 characters.",
            },
        ),
    ],
    ids=["name", "password", "long"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_field_hears_what_it_needs_itself(world: World, typed: dict[str, str], said: dict[str, str]):
    """The same codes are said of a name and of a password, which has bounds of its own."""
    good = {"full_name": "Nora New", "email": "nora@school.example", "password": "marble saddle 77"}
    async with tab(world) as nora:
        page = tree(await nora.post("/register", {**good, **typed}))
    shown = page.xpath("//span[@class='error']")
    assert {one.get("id").removesuffix("-error"): one.text_content() for one in shown} == said


async def test_a_name_is_escaped_wherever_it_stands(world: World):
    name = "<script>alert('x')</script>"
    async with tab(world, "sam") as sam:
        assert (await sam.post("/account", {"full_name": name, "language": "en"})).status_code == 303
        for path in ("/account", "/account/security", "/courses"):
            answer = await sam.get(path)
            assert tree(answer).xpath(FOREIGN_SCRIPTS) == []
        assert name in text(await sam.get("/account"))


async def test_a_password_that_is_refused_changes_nothing(world: World):
    async with tab(world, "sam") as sam:
        wrong = await sam.post("/account/password", {"current_password": "no", "password": "marble saddle 77"})
        assert (wrong.status_code, "The present password is wrong." in text(wrong)) == (403, True)
        weak = await sam.post("/account/password", {"current_password": PASSWORD, "password": "short"})
        assert weak.status_code == 422
        none = await sam.post("/account/password", {})
        assert none.status_code == 422
        login = {"email": "sam@school.example", "password": PASSWORD}
        assert (await world.client.post("/auth/login", json=login)).status_code == 200


async def test_what_is_refused_is_undone_before_the_form_is_shown_again(world: World, monkeypatch: pytest.MonkeyPatch):
    async def half_done(session: AsyncSession, actor: Actor, *_: object) -> None:
        (await session.get_one(User, actor.id)).full_name = "Half Done"
        await session.flush()
        raise ChangedMeanwhile

    monkeypatch.setattr(users, "update_me", half_done)
    async with tab(world, "sam") as sam:
        answer = await sam.post("/account", {"full_name": "Sam Other", "language": "en"})
        assert answer.status_code == ChangedMeanwhile.status
        assert "Sam Other" in answer.text
    assert (await world.row(User, "sam")).full_name != "Half Done"


@pytest.mark.parametrize("query", ["category=%00", "q=a%00b", "cursor=%00", "no_such=%00"])
async def test_nul_in_an_address_is_refused(world: World, query: str):
    async with tab(world) as anybody:
        assert (await anybody.get(f"/courses?{query}")).status_code == 422
