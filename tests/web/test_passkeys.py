"""Passkeys on pages: added, used and removed in a browser with a virtual authenticator; said where scripts are off."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import update

from studium.kit.base import clock
from studium.models import Passkey, User, UserSession
from tests.auth.authenticator import Authenticator
from tests.auth.test_passkeys import LATE
from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture.
from tests.web.school import Tab, tab, text, tree
from tests.world import PASSWORD, World, open_world

PATH = "/account/passkeys"
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    """Browsers make no passkeys for the number of a host, so the school is called localhost."""
    async with eyes(chromium, database_url, tmp_path, host="localhost") as opened:
        yield opened


async def with_authenticator(page: Page) -> Any:  # noqa: ANN401 -- a session of the browser's protocol.
    """Put a device into the browser that makes passkeys and finds its owner each time."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    return session, added["authenticatorId"]


@ONE_DATABASE
async def test_a_passkey_is_made_used_and_removed_in_a_browser(school: Eyes):
    async with school.look("/login", viewport={"width": 360, "height": 740}) as look:
        page = look.page
        await with_authenticator(page)
        await page.fill("#email", "sam@school.example")
        await page.fill("#password", PASSWORD)
        await page.locator("form[action='/login'] button.main").click()
        await page.wait_for_url("**/home", wait_until="networkidle")
        await page.goto(PATH)
        await page.fill("pass-key #name", "My phone")
        await page.locator("pass-key button").click()
        await page.wait_for_selector(".flash")
        assert await page.locator(".list b").first.inner_text() == "My phone"
        await page.context.clear_cookies()
        await page.goto("/login?next=/my/files")
        await page.locator("pass-key button").click()
        await page.wait_for_url("**/my/files", wait_until="networkidle")
        await page.goto(PATH)
        assert "used" in await page.locator(".list").inner_text()
        await page.locator(".list summary").click()
        await page.locator("form[action$='/remove'] button").click()
        await page.wait_for_selector("text=The passkey is removed.")
        await page.context.clear_cookies()
        await page.goto("/login")
        await page.locator("pass-key button").click()
        await page.wait_for_selector(".summary")
        assert "This passkey was not accepted." in await page.locator(".summary").inner_text()
        assert [line for line in look.said if "status of 401" not in line] == []


@ONE_DATABASE
async def test_a_device_that_does_not_know_its_owner_makes_none(school: Eyes):
    async with school.look(PATH, "sam") as look:
        session, device = await with_authenticator(look.page)
        await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        await look.page.locator("pass-key button").click()
        await look.page.wait_for_selector("pass-key [role=alert]:not([hidden])")
        assert await look.page.locator("pass-key button").is_enabled()
    assert await school.world.count(Passkey) == 0


@ONE_DATABASE
async def test_without_a_script_the_page_says_so_and_the_rest_works(school: Eyes):
    async with school.look(PATH, "sam", java_script_enabled=False) as look:
        assert await look.page.locator("noscript p").is_visible()
        assert not await look.page.locator("pass-key").is_visible()
    async with school.look("/login", java_script_enabled=False) as look:
        assert not await look.page.locator("pass-key").is_visible()


async def made(visitor: Tab, device: Authenticator, path: str = PATH) -> dict[str, str]:
    """The fields of the form of a page, as a browser with this device fills them."""
    import json  # noqa: PLC0415 -- for this alone.

    (element,) = tree(await visitor.get(path)).xpath("//pass-key")
    options = json.loads(element.get("data-options"))
    found = {str(one.get("name")): str(one.get("value") or "") for one in element.xpath(".//input")}
    credential = device.create(options) if "user" in options else device.get(options)
    return {**found, "credential": json.dumps(credential)}


async def test_a_passkey_opens_a_session_of_a_browser_and_each_form_is_good_once(world: World):
    device = Authenticator()
    async with tab(world, "sam") as sam, tab(world) as browser:
        form = await made(sam, device)
        assert (await sam.post(PATH, {**form, "name": ""})).status_code == 422
        assert (await sam.post(PATH, form)).headers["location"] == PATH
        again = await sam.post(PATH, form)
        assert (again.status_code, "The passkey was not added." in text(again)) == (400, True)
        login = await made(browser, device, "/login?next=/my/files")
        entered = await browser.post("/login/passkey", login)
        assert (entered.status_code, entered.headers["location"]) == (303, "/my/files")
        assert (await browser.get("/account")).status_code == 200
        stale = await browser.post("/login/passkey", login)
        assert (stale.status_code, "That took too long." in text(stale)) == (401, True)
        wrong = await browser.post("/login/passkey", {"challenge_token": "x", "credential": "[" * 5_000})
        assert (wrong.status_code, "This passkey was not accepted." in text(wrong)) == (401, True)


async def test_a_passkey_is_renamed_and_removed_by_its_owner_alone(world: World):
    device = Authenticator()
    async with tab(world, "sam") as sam, tab(world, "mia") as mia:
        await sam.post(PATH, await made(sam, device))
        rename = str(tree(await sam.get(PATH)).xpath("//form[contains(@action, '/rename')]/@action")[0])
        remove = rename.replace("rename", "remove")
        assert (await mia.post(rename, {"name": "Mine"})).status_code == 404
        assert (await mia.post(remove)).status_code == 404
        assert (await sam.post(rename, {"name": "<b>Old</b>"})).headers["location"] == PATH
        assert tree(await sam.get(PATH)).xpath("//li//b/bdi/text()") == ["<b>Old</b>"]
        assert (await sam.post(remove)).headers["location"] == PATH
    assert await world.count(Passkey) == 0


async def test_what_stands_in_the_way_of_a_passkey_is_said(database_url: str, tmp_path: Path):
    async with open_world(database_url, tmp_path) as world, tab(world, "sam") as sam:
        async with world.runtime.database.write_session() as session:
            early = update(UserSession).values(created_at=clock.now() - LATE)
            await session.execute(early)
        page = await sam.get(PATH)
        assert tree(page).xpath("//a[contains(@href, '/account/prove')]/@href") == [f"/account/prove?next={PATH}"]
        await sam.post("/account/prove", {"password": PASSWORD, "next": PATH})
        sam.client.cookies.delete("__Host-studium", domain="", path="/")  # The one before, which the test has set.
        assert len(tree(await sam.get(PATH)).xpath("//pass-key")) == 1
        async with world.runtime.database.write_session() as session:
            await session.execute(update(User).values(email_verified_at=None))
        assert "Follow the link in the mail" in text(await sam.get(PATH))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://school.example", "https://192.0.2.7"])
async def test_an_address_for_which_browsers_make_none_offers_none(database_url: str, tmp_path: Path, address: str):
    async with open_world(database_url, tmp_path, public_base_url=address) as world, tab(world) as nobody:
        assert tree(await nobody.get("/login")).xpath("//pass-key") == []
        answer = await world.call(None, "POST", "/auth/passkeys/login/options")
        assert (answer.status_code, answer.json()["code"]) == (409, "passkeys_unavailable")
