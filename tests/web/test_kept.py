"""A form that was sent when its session was over: what was typed goes through the log-in, and is sent by a tap."""

from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import update

from studium.access.errors import ReauthenticationRequired
from studium.kit.base import clock
from studium.models import User, UserSession
from tests.web.school import Tab, tab, text, tree
from tests.world import PASSWORD, World

NAME = "Sam “Σαμ” <b>&amp;</b> &lt; 🦉"
LOGIN = {"email": "sam@school.example", "password": PASSWORD}


def hidden(answer: object, *, action: str) -> dict[str, str]:
    (form,) = tree(answer).xpath(f"//form[@action='{action}']")  # type: ignore[arg-type]  # an answer.
    return {str(one.get("name")): str(one.get("value")) for one in form.xpath(".//input[@type='hidden']")}


async def late(visitor: Tab, fields: dict[str, str]) -> dict[str, str]:
    """Send the account's form without a session; the hidden fields of the log-in that answers."""
    answer = await visitor.post("/account", fields, referer="https://school.example/account")
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    assert "Your session was over." in text(answer)
    return hidden(answer, action="/login")


async def test_what_was_typed_is_there_after_the_log_in_and_sent_by_one_tap(world: World):
    async with tab(world) as sam:
        fields = await late(sam, {"full_name": NAME, "language": "en"})
        assert fields["next"] == "/account"
        assert "Sam" not in fields["kept"]
        wrong = await sam.post("/login", {**LOGIN, "password": "not my password", **fields})
        assert (wrong.status_code, hidden(wrong, action="/login")) == (401, fields)
        again = await sam.post("/login", {**LOGIN, **fields})
        assert again.status_code == 200
        assert tree(again).xpath("//b | //script") == []
        typed = hidden(again, action="/account")
        assert typed == {"full_name": NAME, "language": "en"}
        sent = await sam.post("/account", typed)
        assert (sent.status_code, sent.headers["location"]) == (303, "/account")
    assert (await world.row(User, "sam")).full_name.startswith("Sam “Σαμ” <b>&amp;</b>")


async def test_every_value_of_a_field_is_kept(world: World):
    """Checkboxes of one name send several."""
    async with tab(world) as sam:
        answer = await sam.post("/account", {"full_name": "x", "a": ["first", "second", "first"]})
        again = await sam.post("/login", {**LOGIN, **hidden(answer, action="/login")})
        (form,) = tree(again).xpath("//form[@action='/account']")
        assert form.xpath(".//input[@name='a']/@value") == ["first", "second", "first"]


async def test_nobody_gets_what_somebody_else_wrote(world: World):
    async with tab(world) as shared:
        await shared.post("/login", {"email": "mia@school.example", "password": PASSWORD})
        async with world.runtime.database.write_session() as session:
            await session.execute(update(UserSession).values(revoked_at=clock.now()))
        fields = await late(shared, {"full_name": "what Mia wrote"})
        theirs = await shared.post("/login", {**LOGIN, **fields})
        assert theirs.status_code == 303
        mine = await shared.post("/login", {"email": "mia@school.example", "password": PASSWORD, **fields})
        assert hidden(mine, action="/account") == {"full_name": "what Mia wrote"}


async def test_it_goes_through_the_second_factor_too(world: World):
    headers = {"Authorization": f"Bearer {world.tokens['sam']}"}
    begun = await world.client.post("/auth/mfa/enable", json={"password": PASSWORD}, headers=headers)
    secret = begun.json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    recovery = (await world.client.post("/auth/mfa/confirm", json=code, headers=headers)).json()["recovery_codes"][0]
    async with tab(world) as sam:
        fields = await late(sam, {"full_name": NAME, "language": "en"})
        step = await sam.post("/login", {**LOGIN, **fields})
        assert step.status_code == 200
        carried = hidden(step, action="/login/code")
        wrong = await sam.post("/login/code", {"code": "000000", **carried})
        assert hidden(wrong, action="/login/code") == carried
        again = await sam.post("/login/code", {"code": recovery, **carried})
        assert hidden(again, action="/account") == {"full_name": NAME, "language": "en"}


async def test_no_secret_is_kept_and_an_empty_form_leads_back(world: World):
    async with tab(world) as sam:
        answer = await sam.post("/account/password", {"current_password": PASSWORD, "password": "marble saddle 77"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")
        answer = await sam.post("/courses/course-c1/enroll", referer="https://school.example/courses/course-c1")
        assert answer.headers["location"] == "/login?next=%2Fcourses%2Fcourse-c1"
        program = await sam.post("/account", {"full_name": NAME}, accept="application/json")
        assert (program.status_code, program.json()["code"]) == (401, "unauthorized")


async def test_it_goes_through_the_question_for_the_password_too(world: World, monkeypatch: pytest.MonkeyPatch):
    """A form that needs a recent password, sent long after the log-in."""
    wanted = {"full_name": NAME, "language": "en"}
    async with tab(world, "sam") as sam, tab(world, "mia") as mia:
        with monkeypatch.context() as patch:
            patch.setattr("studium.modules.users.actions.update_me", _refused)
            asked = await sam.post("/account", wanted, referer="https://school.example/account")
        assert (asked.status_code, asked.headers["cache-control"]) == (403, "no-store")
        fields = hidden(asked, action="/account/prove")
        assert (fields["next"], "Sam" in fields["kept"]) == ("/account", False)
        wrong = await sam.post("/account/prove", {"password": "not my password", **fields})
        assert (wrong.status_code, hidden(wrong, action="/account/prove")) == (403, fields)
        theirs = await mia.post("/account/prove", {"password": PASSWORD, **fields})
        assert (theirs.status_code, theirs.headers["location"]) == (303, "/account")
        again = await sam.post("/account/prove", {"password": PASSWORD, **fields})
        assert (again.status_code, again.headers["set-cookie"].startswith("__Host-studium=")) == (200, True)
        sam.client.cookies.delete("__Host-studium", domain="", path="/")  # The one before, which the test has set.
        typed = hidden(again, action="/account")
        assert typed == wanted
        assert (await sam.post("/account", typed)).headers["location"] == "/account"
    assert (await world.row(User, "sam")).full_name.startswith("Sam “Σαμ”")


async def _refused(*_: object) -> None:
    raise ReauthenticationRequired


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_longest_form_fits_through_that_question(world: World, monkeypatch: pytest.MonkeyPatch):
    typed = {"full_name": "ق" * 10_900, "language": "en"}
    async with tab(world, "sam") as sam:
        with monkeypatch.context() as patch:
            patch.setattr("studium.web.account.routes.spoken", _refused_now)
            asked = await sam.post("/account", typed)
        again = await sam.post("/account/prove", {"password": PASSWORD, **hidden(asked, action="/account/prove")})
        assert hidden(again, action="/account") == typed


def _refused_now(_: object) -> None:
    raise ReauthenticationRequired


@pytest.mark.parametrize("sealed", ["", "x", "é", "a" * 2000, "e30"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_nobody_sealed_is_not_shown(world: World, sealed: str):
    async with tab(world) as sam:
        answer = await sam.post("/login", {**LOGIN, "next": "/help", "kept": sealed})
        assert (answer.status_code, answer.headers["location"]) == (303, "/help")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_kept_for_a_day(world: World, monkeypatch: pytest.MonkeyPatch):
    async with tab(world) as sam:
        fields = await late(sam, {"full_name": NAME})
        later = clock.now() + timedelta(days=1, minutes=1)
        with monkeypatch.context() as patch:
            patch.setattr("studium.web.kept.now", lambda: later)
            assert (await sam.post("/login", {**LOGIN, **fields})).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_longest_form_fits_through_the_log_in(world: World):
    typed = "ق" * 10_900
    async with tab(world) as sam:
        fields = await late(sam, {"full_name": typed})
        again = await sam.post("/login", {**LOGIN, **fields})
        assert hidden(again, action="/account") == {"full_name": typed}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_in_no_log(tmp_path: Path, world: World, capfd: pytest.CaptureFixture[str]):
    async with tab(world) as sam:
        fields = await late(sam, {"full_name": "a name that stands nowhere else"})
        await sam.post("/login", {**LOGIN, **fields})
    said = capfd.readouterr()
    assert "stands nowhere else" not in said.out + said.err
    assert fields["kept"][:40] not in said.out + said.err
