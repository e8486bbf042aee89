"""Sessions of browsers: one cookie, new at each log-in and change of rights, ended for good."""

import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from studium.kit.base.clock import now
from studium.models import RefreshToken, Role, User, UserSession
from studium.modules.auth.browser import SEEN_AGAIN
from tests.web.school import ORIGIN, Tab, tab, text
from tests.world import PASSWORD, World, open_world

COOKIE = "__Host-studium"
LOGIN = {"email": "sam@school.example", "password": PASSWORD, "next": "/courses"}


async def the_session(world: World, cookie: str) -> UserSession | None:
    digest = sha256(cookie.encode()).hexdigest()
    async with world.runtime.database.read_session() as session:
        return await session.scalar(select(UserSession).where(UserSession.browser_digest == digest))


async def log_in(sam: Tab) -> str:
    answer = await sam.post("/login", LOGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/courses")
    return sam.client.cookies[COOKIE]


async def test_a_log_in_gives_a_cookie_that_only_the_browser_has(world: World):
    async with tab(world) as sam:
        answer = await sam.post("/login", LOGIN)
        (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)]
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(line.split("; "))
        assert "Domain" not in line
        cookie = sam.client.cookies[COOKIE]
        row = await the_session(world, cookie)
        assert row is not None
        assert cookie not in {str(value) for value in vars(row).values()}
        assert await world.count(RefreshToken) == 0
        assert "Log in" not in text(await sam.get("/help"))


async def test_each_log_in_has_a_cookie_of_its_own_and_ends_the_one_before(world: World):
    async with tab(world) as sam:
        first = await log_in(sam)
        second = await log_in(sam)
        assert first != second
        before = await the_session(world, first)
        assert before is not None
        assert before.revoked_at is not None


async def test_who_is_logged_out_is_so_everywhere_and_the_browser_forgets(world: World):
    async with tab(world) as sam:
        cookie = await log_in(sam)
        answer = await sam.post("/logout")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert COOKIE not in sam.client.cookies
        assert "You are logged out." in text(await sam.get("/login"))
        assert "You are logged out." not in text(await sam.get("/login"))
        sam.client.cookies.set(COOKIE, cookie)
        assert (await sam.get("/account")).headers["location"] == "/login?next=%2Faccount"


async def test_another_role_makes_the_cookie_anew(world: World):
    async with tab(world, "sam") as sam:
        before = sam.client.cookies[COOKIE]
        async with world.runtime.database.write_session() as session:
            (await session.get_one(User, world.ids["sam"])).role = Role.INSTRUCTOR
        await sam.get("/help")
        after = [cookie.value for cookie in sam.client.cookies.jar if cookie.name == COOKIE][-1]
        assert after not in {None, before}
        assert await the_session(world, before) is None


async def test_a_new_password_makes_the_cookie_anew_and_ends_the_others(world: World):
    async with tab(world) as sam, tab(world) as elsewhere:
        before, other = await log_in(sam), await log_in(elsewhere)
        wanted = {"current_password": PASSWORD, "password": "marble saddle 77"}
        answer = await sam.post("/account/password", wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/security")
        assert sam.client.cookies[COOKIE] != before
        assert await the_session(world, before) is None
        ended = await the_session(world, other)
        assert ended is not None
        assert ended.revoked_at is not None
        assert "Your password is changed." in text(await sam.get("/account/security"))


async def test_a_session_lasts_seven_days_from_its_last_use(world: World):
    async with tab(world) as sam:
        row = await the_session(world, await log_in(sam))
        assert row is not None
        assert timedelta(days=6) < row.expires_at - now() <= timedelta(days=7)
        async with world.runtime.database.write_session() as session:
            kept = await session.get_one(UserSession, row.id)
            kept.last_seen_at = now() - SEEN_AGAIN
            kept.expires_at = now() + timedelta(minutes=1)
        await sam.get("/help")
        again = await the_session(world, sam.client.cookies[COOKIE])
        assert again is not None
        assert again.expires_at > now() + timedelta(days=6)


async def test_what_is_used_within_the_hour_is_not_written_to(world: World):
    async with tab(world, "sam") as sam:
        await sam.get("/help")
        async with world.counting() as statements:
            await sam.get("/help")
        assert len(statements) == 1
        assert statements[0].lstrip().upper().startswith("SELECT")


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "é", "a.b.c"])
async def test_a_cookie_that_is_none_is_nobody(world: World, cookie: str):
    async with tab(world) as nobody:
        answer = await nobody.client.get("/account", headers={b"cookie": f"{COOKIE}={cookie}".encode()})
        assert answer.status_code == 303


async def test_the_api_takes_no_cookie_and_a_page_no_token(world: World):
    async with tab(world, "sam") as sam:
        assert (await sam.get("/api/v1/users/me")).status_code == 401
    async with tab(world) as nobody:
        answer = await nobody.get("/account", authorization=f"Bearer {world.tokens['sam']}")
        assert answer.status_code == 303


async def test_sessions_are_listed_and_ended(world: World):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with tab(world) as sam, tab(world, **{"user-agent": firefox}) as other:
        await log_in(sam)
        row = await the_session(world, await log_in(other))
        assert row is not None
        page = await sam.get("/account/security")
        assert "Firefox, Linux" in text(page)
        assert (await sam.post(f"/account/sessions/{row.id}/end")).headers["location"] == "/account/security"
        assert (await other.get("/account")).status_code == 303
        assert (await sam.get("/account")).status_code == 200


async def test_others_are_ended_only_by_who_gave_the_password_lately(world: World):
    async with tab(world) as sam:
        row = await the_session(world, await log_in(sam))
        assert row is not None
        async with world.runtime.database.write_session() as session:
            (await session.get_one(UserSession, row.id)).created_at = now() - timedelta(hours=2)
        answer = await sam.post("/account/sessions/end", referer=f"{ORIGIN}/account/security")
        assert answer.headers["location"] == "/account/prove?next=%2Faccount%2Fsecurity"
        assert (await sam.post("/account/prove", {"password": "wrong", "next": "/account/security"})).status_code == 403
        before = sam.client.cookies[COOKIE]
        proved = await sam.post("/account/prove", {"password": PASSWORD, "next": "/account/security"})
        assert (proved.status_code, proved.headers["location"]) == (303, "/account/security")
        assert sam.client.cookies[COOKIE] != before
        ended = await sam.post("/account/sessions/end")
        assert (ended.headers["location"], ended.headers["clear-site-data"]) == ("/login", '"cache", "storage"')
        assert (await sam.get("/account")).headers["location"].startswith("/login")


async def test_a_second_factor_is_asked_for_with_a_code_or_a_recovery_code(world: World):
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    begun = await world.client.post("/auth/mfa/enable", json={"password": PASSWORD}, headers=headers)
    secret = begun.json()["secret"]
    confirmed = await world.client.post("/auth/mfa/confirm", json={"code": pyotp.TOTP(secret).now()}, headers=headers)
    recovery = confirmed.json()["recovery_codes"][0]
    async with tab(world) as sam:
        assert (await sam.get("/login/code")).headers["location"] == "/login"
        answer = await sam.post("/login", LOGIN)
        assert answer.headers["location"] == "/login/code"
        assert COOKIE not in sam.client.cookies
        assert (await sam.get("/login/code")).status_code == 200
        wrong = await sam.post("/login/code", {"code": "000000"})
        assert (wrong.status_code, "The code is wrong" in text(wrong)) == (401, True)
        answer = await sam.post("/login/code", {"code": recovery})
        assert (answer.status_code, answer.headers["location"]) == (303, "/courses")
        assert (await sam.get("/account")).status_code == 200


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""]
)
async def test_a_log_in_leads_nowhere_else(world: World, path: str):
    async with tab(world) as sam:
        answer = await sam.post("/login", {**LOGIN, "next": path})
        assert answer.headers["location"] == "/"


async def test_what_was_typed_is_shown_again_but_no_password(world: World):
    async with tab(world) as sam:
        answer = await sam.post("/login", {"email": "sam@school.example", "password": "not it at all", "next": "/help"})
        assert answer.status_code == 401
        assert 'value="sam@school.example"' in answer.text
        assert 'value="/help"' in answer.text
        assert "not it at all" not in answer.text
        assert re.search(r'role="alert" tabindex="-1" autofocus', answer.text)


async def test_a_log_in_after_a_change_of_role_is_of_who_logged_in(world: World):
    """The first request after the change makes the cookie anew; that cookie must not outlive the one of the log-in."""
    async with tab(world) as browser:
        before = await the_session(world, await log_in(browser))
        assert before is not None
        sam = await world.row(User, "sam")
        async with world.runtime.database.write_session() as session:
            (await session.get_one(User, sam.id)).role = Role.INSTRUCTOR
        answer = await browser.post("/login", {**LOGIN, "email": "mia@school.example"})
        assert answer.status_code == 303
        assert len([line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)]) == 1
        after = await the_session(world, browser.client.cookies[COOKIE])
        assert after is not None
        assert after.user_id == (await world.row(User, "mia")).id
        async with world.runtime.database.read_session() as session:
            assert (await session.get_one(UserSession, before.id)).revoked_at is not None


async def test_who_has_to_set_a_second_factor_up_sees_no_account(database_url: str, tmp_path: Path):
    async with open_world(database_url, tmp_path, require_mfa="student") as world, tab(world, "sam") as sam:
        answer = await sam.post("/account/password", {"current_password": "x", "password": "y"})
        assert answer.status_code == 403
        assert "/account/sessions/" not in answer.text
