"""The small pages behind the links in mails: they work alone, run nothing but their own script, and repeat no token."""

import base64
import hashlib
import re

import pytest

from tests.auth.door import Door, code_of

PAGES = {
    "/confirm-email": "/api/v1/auth/confirm-email",
    "/reset-password": "/api/v1/auth/reset-password",
    "/set-password": "/api/v1/auth/reset-password",
}


async def page(door: Door, path: str):
    return await door.client.get(f"http://test{path}")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_complete_in_itself(door: Door, path: str):
    answer = await page(door, f"{path}?token=abc&utm_source=mail")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "width=device-width" in answer.text
    assert not re.findall(r"""(?:src|href)=|https?://|url\(|\son\w+=["']""", answer.text)


@pytest.mark.parametrize("path", PAGES)
async def test_the_policy_lets_its_own_script_and_style_run_and_nothing_else(door: Door, path: str):
    answer = await page(door, path)
    policy = answer.headers["content-security-policy"]
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_of_the_address_gets_into_the_page(door: Door, path: str):
    plain = await page(door, path)
    hostile = await page(door, f"{path}?token=%3Cscript%3Ealert(1)%3C/script%3E")
    assert hostile.text == plain.text


@pytest.mark.parametrize(("path", "action"), PAGES.items())
async def test_the_form_posts_to_a_route_that_takes_it(door: Door, path: str, action: str):
    text = (await page(door, path)).text
    assert f'data-action="{action}"' in text
    names = dict.fromkeys(re.findall(r'<input[^>]* name="([^"]+)"', text), "purple anchor 58")
    answer = await door.client.post(f"http://test{action}", json={**names, "token": "abc"})
    assert (answer.status_code, code_of(answer)) == (400, "invalid_token")


async def test_pages_are_no_part_of_the_api(door: Door):
    paths = (await door.client.get("http://test/openapi.json")).json()["paths"]
    assert not paths.keys() & PAGES.keys()
