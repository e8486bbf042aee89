"""Help for who lost a device or a second factor: by an admin, or from the command line."""

import pytest

from studium.kit.base.problems import NotFound
from studium.models import Role
from studium.modules.users.actions_help import reset_mfa_of
from tests.auth.helpers import Door, code_of, text_of
from tests.auth.test_totp import enabled

SAM, ROOT = "sam@school.example", "root@school.example"


async def root(door: Door) -> str:
    await door.person(ROOT, Role.ADMIN)
    return await door.token(ROOT)


async def id_of(door: Door, token: str) -> str:
    return str((await door.call("GET", "/users/me", token)).json()["id"])


async def test_an_admin_takes_a_lost_factor_away(door: Door):
    theirs, _, _ = await enabled(door)
    admin, sam = await root(door), await id_of(door, theirs)
    path = f"/users/{sam}/mfa"
    assert (await door.call("DELETE", path, admin)).status_code == 204
    assert not await door.works(theirs)
    assert "access_token" in await door.log_in(SAM)
    mail = (await door.mails(SAM))[-1]
    assert mail["Subject"] == "Your second factor was reset"
    assert "tell your school" in text_of(mail)
    assert (await door.call("DELETE", path, admin)).status_code == 204
    assert [entry for entry in await door.audit() if entry[0] == "users.mfa_reset"] == [("users.mfa_reset", "done")]
    assert len([mail for mail in await door.mails(SAM) if "reset" in mail["Subject"]]) == 1


async def test_nobody_takes_their_own_away_like_this(door: Door):
    admin = await root(door)
    answer = await door.call("DELETE", f"/users/{await id_of(door, admin)}/mfa", admin)
    assert (answer.status_code, code_of(answer)) == (409, "own_account")
    assert ("users.mfa_reset", "refused") in await door.audit()


async def test_from_the_command_line(door: Door):
    await enabled(door)
    for email, is_gone in ((SAM.upper(), True), (SAM, False)):
        async with door.database.write_session() as session:
            assert await reset_mfa_of(session, email) is is_gone
    assert "access_token" in await door.log_in(SAM)
    assert "Your second factor was reset" in [mail["Subject"] for mail in await door.mails(SAM)]
    for nobody in ("nobody@school.example", "no address"):
        with pytest.raises(NotFound):
            async with door.database.write_session() as session:
                await reset_mfa_of(session, nobody)


async def test_an_admin_ends_all_sessions_of_a_person(door: Door):
    admin = await root(door)
    await door.person(SAM)
    tokens = [await door.token(SAM) for _ in range(3)]
    sam = await id_of(door, tokens[0])
    for _ in range(2):
        assert (await door.call("DELETE", f"/users/{sam}/sessions", admin)).status_code == 204
    assert [await door.works(token) for token in (*tokens, admin)] == [False] * 3 + [True]
    assert ("users.sessions_ended", "done") in await door.audit()
    await door.log_in(SAM)


@pytest.mark.parametrize("what", ["mfa", "sessions"])
async def test_nobody_there_is_404(door: Door, what: str):
    admin = await root(door)
    missing = "01a20b77-a79d-711a-bd53-7011bf11cca7"
    assert (await door.call("DELETE", f"/users/{missing}/{what}", admin)).status_code == 404
