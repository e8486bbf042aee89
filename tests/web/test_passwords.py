"""Fields of passwords: a button shows what is typed where there are scripts, and the form never leaves as a text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.web.chromium import Eyes, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.web.school import tab, tree
from tests.world import World

FIELDS = {
    ("/login", None): ["current-password"],
    ("/register", None): ["new-password"],
    ("/reset-password?token=abc", None): ["new-password"],
    ("/set-password?token=abc", None): ["new-password"],
    ("/account/security", "sam"): ["current-password", "new-password"],
    ("/account/prove", "sam"): ["current-password"],
    ("/account/second-factor", "sam"): ["current-password"],
}
"""The pages with such fields, who sees them, and what a password manager is told of each."""

_KINDS = """() => { const form = document.querySelector("form[action='/account/password']"), kinds = [];
  form.addEventListener("submit", event => { event.preventDefault();
    for (const one of form.querySelectorAll("show-password input")) kinds.push(one.type); });
  form.requestSubmit(); return kinds; }"""


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    async with eyes(chromium, database_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("path", "who"), FIELDS)
async def test_a_password_is_hidden_and_its_button_waits_for_the_script(world: World, path: str, who: str | None):
    async with tab(world, who) as visitor:
        page = tree(await visitor.get(path))
        assert page.xpath("//show-password/input/@autocomplete") == FIELDS[path, who]
        assert len(page.xpath("//input[@type='password']")) == len(FIELDS[path, who])
        assert any("/static/signin." in script for script in page.xpath("//script/@src"))
        for element in page.xpath("//show-password"):
            (field,), (button,) = element.xpath("input"), element.xpath("button")
            assert (field.get("type"), field.get("spellcheck"), field.get("value")) == ("password", "false", None)
            assert (button.get("type"), button.get("hidden"), button.get("name")) == ("button", "", None)
            assert button.get("aria-controls") == field.get("id")
            assert button.text_content() == "Show password"
    async with tab(world, who, **{"accept-language": "ar"}) as visitor:
        words = [button.text_content() for button in tree(await visitor.get(path)).xpath("//show-password/button")]
        assert words == ["أظهر كلمة المرور"] * len(FIELDS[path, who])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.timeout(240)
async def test_what_is_typed_is_shown_and_sent_as_a_password(school: Eyes):
    async with school.look("/account/security", "sam") as look:
        field, buttons = look.page.locator("#current_password"), look.page.locator("show-password button")
        await field.fill("violet kettle 41")
        await buttons.first.click()
        await expect(field).to_have_attribute("type", "text")
        await expect(field).to_have_value("violet kettle 41")
        await expect(buttons.first).to_have_accessible_name("Hide password")
        await expect(look.page.locator("show-password [aria-live]").first).to_have_text("The password is shown.")
        await expect(look.page.locator("#password")).to_have_attribute("type", "password")
        assert await look.axe() == []
        await buttons.first.press("Enter")
        await expect(field).to_have_attribute("type", "password")
        await expect(buttons.first).to_have_accessible_name("Show password")
        for place in (0, 1):
            await buttons.nth(place).click()
        assert await look.page.evaluate(_KINDS) == ["password", "password"]
        assert look.said == []
    async with school.look("/login", java_script_enabled=False) as look:
        await expect(look.page.locator("#password")).to_be_visible()
        await expect(look.page.locator("show-password button")).to_be_hidden()
