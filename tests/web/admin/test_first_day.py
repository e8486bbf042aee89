"""The first day of a newly installed school: from `studium create-admin` to 300 learners in a published course.

A production school of real processes, and nothing but its pages.
"""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.importing.studio import zipped
from tests.processes.school import School, school
from tests.web.chromium import chromium, until  # noqa: F401 -- a fixture among them.
from tests.web.teacher.test_imports import FILES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PASSWORD = "a long walk by the sea"
ADMIN = "root@school.example"
LEARNERS = 300
LOOKS: dict[str, ViewportSize] = {"en": {"width": 1280, "height": 800}, "ar": {"width": 360, "height": 740}}
_IS_OVER = "!!document.querySelector('live-part:not([src])')"


async def _go(page: Page, what: str, leads: str) -> None:
    async with page.expect_navigation(url=leads, wait_until="load"):
        await page.locator(what).first.click()


async def _upload(page: Page, name: str, content: bytes, button: str, leads: str) -> None:
    """Choose a file, send the form, and watch its import to the end, without loading the page again."""
    await page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    await _go(page, button, leads)
    await until(page, _IS_OVER)


async def _bring_a_course(page: Page) -> str:
    """Import a course and publish it; its slug."""
    await page.goto("/teach/import")
    button = "form[action^='/teach/upload/course'] button:not([name])"
    await _upload(page, "bicycle.zip", zipped(FILES), button, "**/teach/import/*")
    await _go(page, "live-part a.btn.main", "**/outline")
    address = await page.locator("main a[href^='/courses/']").first.get_attribute("href")
    assert address is not None
    await _go(page, ".tabs a[href$='/publish']", "**/publish")
    await _go(page, "form[action$='/publish'] button.main", "**/publish")
    return address.rpartition("/")[2]


async def _bring_people(page: Page, slug: str) -> None:
    rows = (f"p{n}@school.example,Person {n},student,{slug}\n" for n in range(LEARNERS))
    table = "email,full_name,role,courses\n" + "".join(rows)
    await page.goto("/admin/people")
    await _go(page, "main a[href='/admin/people/import']", "**/admin/people/import")
    button = "form[action^='/admin/people/import'] button.main"
    await _upload(page, "class.csv", table.encode(), button, "**/admin/people/imports/*")
    assert await page.locator(".stats .numeral").first.inner_text() == str(LEARNERS)
    await _go(page, "form[action$='/apply'] button", "**/admin/people/imports/*")
    await until(page, _IS_OVER)


@pytest.mark.parametrize("language", LOOKS)
async def test_an_admin_brings_300_learners_into_a_published_course(
    chromium: Browser,  # noqa: F811 -- the fixture of that name.
    tmp_path: Path,
    language: str,
):
    settings = {"mode": "production", "trusted_proxies": "none", "secret_key": "k8Qw2vLz9Xr4Tn6Yb1Hd3Jf5Gm7Ps0Ac"}
    with school(tmp_path, **settings) as opened:
        opened.run("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin", typed=PASSWORD)
        opened.serve()
        window = await chromium.new_context(base_url=opened.address, locale=language, viewport=LOOKS[language])
        try:
            await _first_day(await window.new_page(), opened)
        finally:
            await window.close()


async def _first_day(page: Page, opened: School) -> None:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto("/login")
    await page.fill("#email", ADMIN)
    await page.fill("#password", PASSWORD)
    await _go(page, "form[action='/login'] button.main", "**/admin")
    slug = await _bring_a_course(page)
    await _bring_people(page, slug)
    await page.goto("/admin/people?role=student")
    assert str(LEARNERS) in await page.locator(".pagehead").inner_text()
    await page.goto("/admin")
    assert await page.locator(".stats .numeral").first.inner_text() == str(LEARNERS)
    await page.goto(f"/courses/{slug}")
    assert await page.locator("h1").count() == 1
    await page.goto("/admin/system")
    assert await page.locator(".badge.bad").count() == 1, "nobody has made a backup yet"
    opened.run("backup", str(opened.folder / "kept"))
    opened.run("verify-backup", str(opened.folder / "kept"))
    await page.reload()
    assert await page.locator(".badge.bad").count() == 0
    assert said == []
