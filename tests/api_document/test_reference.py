"""`/docs` as somebody uses it in a real browser, from a running school and from nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.chromium import Eyes, Look, chromium, eyes  # noqa: F401 -- a fixture among them.
from tests.world import PASSWORD

pytestmark = [pytest.mark.timeout(200), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PATIENCE = 60_000
"""Milliseconds: the machine may be busy with other tests."""


@pytest.fixture
async def school(chromium: Browser, database_url: str, tmp_path: Path) -> AsyncIterator[Eyes]:  # noqa: F811 -- the fixture of that name.
    # The document names another address than the one that the page is opened at.
    async with eyes(chromium, database_url, tmp_path, public_base_url="https://school.example") as opened:
        yield opened


async def test_read_log_in_with_the_form_try_a_route_and_search(school: Eyes) -> None:
    expect.set_options(timeout=PATIENCE)
    async with school.look("/docs") as look:
        look.page.set_default_timeout(PATIENCE)
        await is_folded_with_parts_in_order(look.page)
        assert school.address in await look.page.locator(".servers").inner_text()
        assert "school.example" not in await look.page.content(), "requests go to where the page came from"
        await log_in(look.page)
        await search_and_try(look.page)
        await is_told_of_refusals(look.page)
        assert look.said == []
        comes_from_the_school(look, school.address)


async def is_folded_with_parts_in_order(page: Page) -> None:
    await expect(page.locator("#operations-tag-analytics")).to_be_visible()
    parts = [await each.get_attribute("data-tag") for each in await page.locator(".opblock-tag").all()]
    wanted = ["auth", "courses", "enrollments", "attempts"]
    assert [part for part in parts if part in wanted] == wanted
    assert await page.locator(".model-container").count() == 0, "models are folded"


async def log_in(page: Page) -> None:
    await page.locator(".auth-wrapper button.authorize").click()
    form = page.locator(".auth-container", has_text="Password (OAuth2")
    await form.locator("#oauth_username").fill("sam@school.example")
    await form.locator("#oauth_password").fill(PASSWORD)
    await form.locator("button.authorize").click()
    await expect(form.locator(".auth-btn-wrapper")).to_contain_text("Logout")
    await page.locator(".close-modal").click()


async def search_and_try(page: Page) -> None:
    search = page.get_by_placeholder("Search operations")
    await search.fill("Verify CERT")
    await expect(page.locator(".opblock-tag")).to_have_count(1)
    await expect(page.locator("#operations-tag-certificates")).to_be_visible()
    await search.fill("readMe")
    await expect(page.locator(".opblock-tag")).to_have_count(1)
    await page.locator("#operations-tag-users").click()
    operation = page.locator("#operations-users-readMe")
    await operation.locator(".opblock-summary-control").click()
    await operation.locator(".execute").click()
    answer = operation.locator(".live-responses-table")
    await expect(answer).to_contain_text("sam@school.example")
    await expect(answer).to_contain_text("200")


async def is_told_of_refusals(page: Page) -> None:
    await page.locator(".operation-filter-input").fill("enrollments")
    await page.locator("#operations-tag-enrollments").click()
    operation = page.locator("#operations-enrollments-enroll")
    await operation.locator(".opblock-summary-control").click()
    for text in ("Who may", "already_enrolled", "Execute"):
        await expect(operation).to_contain_text(text)


def comes_from_the_school(look: Look, address: str) -> None:
    sent = [url for url in look.requests if not url.startswith("data:")]
    assert f"{address}/api/v1/auth/token" in sent
    assert f"{address}/api/v1/users/me" in sent
    assert [url for url in sent if not url.startswith(f"{address}/")] == []
