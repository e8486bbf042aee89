"""Passkeys: added by who gave the password lately, good for both factors, bound to site, owner, challenge and count."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from studium.kit.base import clock
from studium.models import Passkey, Role, User, UserSession
from studium.modules.auth.actions_rotate import rotate
from studium.modules.auth.passkeys import MOST, opened_key, sealed_key
from tests.auth.authenticator import PRESENT, Authenticator
from tests.auth.helpers import Door, code_of, text_of

SAM, MIA = "sam@school.example", "mia@school.example"
LATE = timedelta(minutes=11)


async def asked(door: Door, token: str) -> dict[str, Any]:
    answer = await door.call("POST", "/auth/passkeys/options", token)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def add(
    door: Door,
    token: str,
    device: Authenticator,
    name: str = "My phone",
    **changes: Any,  # noqa: ANN401 -- members of a body.
) -> httpx2.Response:
    options = await asked(door, token)
    body = {"challenge_token": options["challenge_token"], "credential": device.create(options["public_key"])}
    return await door.call("POST", "/auth/passkeys", token, json={**body, "name": name, **changes})


async def added(door: Door, email: str = SAM) -> tuple[str, Authenticator, dict[str, Any]]:
    """A person with a passkey: their token, the device, and the passkey as the API shows it."""
    await door.person(email)
    token, device = await door.token(email), Authenticator()
    answer = await add(door, token, device)
    assert answer.status_code == 201, answer.text
    return token, device, answer.json()


async def come_in(
    door: Door,
    device: Authenticator,
    *,
    counts: int = 1,
    **changes: Any,  # noqa: ANN401 -- members of a body.
) -> httpx2.Response:
    options = (await door.call("POST", "/auth/passkeys/login/options")).json()
    credential = device.get(options["public_key"], counts=counts)
    body = {"challenge_token": options["challenge_token"], "credential": credential, **changes}
    return await door.call("POST", "/auth/passkeys/login", json=body)


async def test_a_passkey_is_added_listed_renamed_used_and_removed(door: Door):
    token, device, passkey = await added(door)
    assert (passkey["name"], passkey["last_used_at"]) == ("My phone", None)
    assert set(passkey) == {"id", "name", "created_at", "last_used_at"}
    entered = await come_in(door, device)
    assert entered.status_code == 200, entered.text
    assert await door.works(entered.json()["access_token"])
    renamed = await door.call("PATCH", f"/auth/passkeys/{passkey['id']}", token, json={"name": "Old phone"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Old phone")
    (listed,) = (await door.call("GET", "/auth/passkeys", token)).json()["items"]
    assert (listed["name"], listed["last_used_at"] is not None) == ("Old phone", True)
    assert (await door.call("DELETE", f"/auth/passkeys/{passkey['id']}", token)).status_code == 204
    assert (await come_in(door, device)).status_code == 401
    assert (await door.call("DELETE", f"/auth/passkeys/{passkey['id']}", token)).status_code == 404
    kept = [entry for entry in await door.audit() if "passkey" in entry[0]]
    assert kept == [(f"auth.passkey_{what}", "done") for what in ("added", "renamed", "removed")]


async def test_it_counts_as_both_factors_and_as_a_recent_password(door: Door):
    token, device, _ = await added(door)
    async with door.database.write_session() as session:
        mfa = update(User).where(User.email == SAM)
        await session.execute(mfa.values(mfa_enabled=True, mfa_method="email"))
    assert "mfa_required" in (await door.try_login(SAM)).json()
    tokens = (await come_in(door, device)).json()
    answer = await door.call("POST", "/auth/logout", tokens["access_token"], json={"all": True})
    assert answer.status_code == 204
    assert not await door.works(token)


async def test_the_owner_is_told_by_mail_and_the_name_is_not_in_it(door: Door):
    await door.person(SAM)
    await add(door, await door.token(SAM), Authenticator(), name="Call 555 at once")
    mail = (await door.mails(SAM))[-1]
    assert mail["Subject"] == "A passkey was added to your account"
    assert "555" not in text_of(mail)


async def test_long_after_the_log_in_none_is_added_or_removed(door: Door):
    token, _, passkey = await added(door)
    options = await asked(door, token)
    body = {"challenge_token": options["challenge_token"], "credential": Authenticator().create(options["public_key"])}
    with clock.shifted(LATE):
        for method, path, content in (
            ("POST", "/auth/passkeys/options", None),
            ("POST", "/auth/passkeys", {**body, "name": "Late"}),
            ("DELETE", f"/auth/passkeys/{passkey['id']}", None),
        ):
            answer = await door.call(method, path, token, **({} if content is None else {"json": content}))
            assert (answer.status_code, code_of(answer)) == (403, "reauthentication_required"), path


WRONG: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "https://school.example:8443"},
    "plain http": {"origin": "http://school.example"},
    "another site": {"host": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": 0},
}


@pytest.mark.parametrize("how", WRONG)
async def test_what_is_not_bound_to_the_school_is_refused(door: Door, how: str):
    token, device, _ = await added(door)
    refused = await add(door, token, Authenticator(**WRONG[how]))
    assert (refused.status_code, code_of(refused)) == (400, "invalid_passkey")
    for name, value in WRONG[how].items():
        setattr(device, name, value)
    refused = await come_in(door, device)
    assert (refused.status_code, code_of(refused)) == (401, "passkey_refused")
    for name, value in vars(Authenticator()).items():
        if name in WRONG[how]:
            setattr(device, name, value)
    assert (await come_in(door, device)).status_code == 200


async def test_a_challenge_is_answered_once_by_whom_it_was_made_for_and_in_time(door: Door):
    token, device, _ = await added(door)
    await door.person(MIA)
    other = await door.token(MIA)
    options = await asked(door, token)
    body = {"challenge_token": options["challenge_token"], "name": "x"}
    credential = Authenticator().create(options["public_key"])
    theirs = await door.call("POST", "/auth/passkeys", other, json={**body, "credential": credential})
    assert code_of(theirs) == "invalid_passkey"
    with clock.shifted(LATE):
        entering = await come_in(door, device)
        assert entering.status_code == 200
    assert (
        await door.call("POST", "/auth/passkeys", token, json={**body, "credential": credential})
    ).status_code == 201
    second = Authenticator().create(options["public_key"])
    again = await door.call("POST", "/auth/passkeys", token, json={**body, "credential": second})
    assert code_of(again) == "invalid_passkey"
    begun = (await door.call("POST", "/auth/passkeys/login/options")).json()
    token_of = {"challenge_token": begun["challenge_token"]}
    answers = [{**token_of, "credential": device.get(begun["public_key"])} for _ in range(6)]
    came = await asyncio.gather(*(door.call("POST", "/auth/passkeys/login", json=one) for one in answers))
    assert [one.status_code for one in came].count(200) == 1
    late = (await door.call("POST", "/auth/passkeys/login/options")).json()
    with clock.shifted(LATE + timedelta(minutes=1)):
        answer = {"challenge_token": late["challenge_token"], "credential": device.get(late["public_key"])}
        assert code_of(await door.call("POST", "/auth/passkeys/login", json=answer)) == "invalid_challenge"
    crossed = {"challenge_token": options["challenge_token"], "credential": device.get(options["public_key"])}
    assert code_of(await door.call("POST", "/auth/passkeys/login", json=crossed)) == "invalid_challenge"


async def test_a_copy_of_a_device_is_seen_by_its_count(door: Door):
    _, device, _ = await added(door)
    assert (await come_in(door, device, counts=5)).status_code == 200
    assert code_of(await come_in(door, device, counts=0)) == "passkey_refused"
    assert code_of(await come_in(door, device, counts=-3)) == "passkey_refused"
    assert (await come_in(door, device, counts=9)).status_code == 200


async def test_a_device_that_does_not_count_comes_in_again_and_again(door: Door):
    _, device, _ = await added(door)
    for _ in range(3):
        assert (await come_in(door, device, counts=0)).status_code == 200


async def test_a_key_that_was_put_into_the_table_opens_nothing(door: Door):
    """Neither one's own key in the row of somebody else, nor their whole row under one's own name."""
    _, device, passkey = await added(door)
    await added(door, MIA)
    async with door.database.write_session() as session:
        rows = (await session.execute(select(Passkey))).scalars().all()
        mine, theirs = sorted(rows, key=lambda row: row.name)
        before = mine.public_key
        mine.public_key = theirs.public_key
        assert opened_key(door.runtime.keys, mine) is None
        mine.public_key = before
    async with door.database.write_session() as session:
        mia = await session.scalar(select(User.id).where(User.email == MIA))
        await session.execute(update(Passkey).where(Passkey.id == str_id(passkey)).values(user_id=mia))
    device.handle = b""
    assert code_of(await come_in(door, device)) == "passkey_refused"


def str_id(passkey: dict[str, Any]) -> Any:  # noqa: ANN401 -- a UUID.
    from uuid import UUID  # noqa: PLC0415 -- for this alone.

    return UUID(passkey["id"])


async def test_a_passkey_belongs_to_one_account_and_there_are_not_too_many(door: Door):
    token, device, _ = await added(door)
    await door.person(MIA)
    taken = await add(door, await door.token(MIA), device)
    assert (taken.status_code, code_of(taken)) == (409, "passkey_taken")
    async with door.database.write_session() as session:
        sam = (await session.execute(select(User).where(User.email == SAM))).scalar_one()
        for number in range(MOST - 1):
            name = f"key-{number}"
            key = sealed_key(door.runtime.keys, sam.id, name, b"x")
            session.add(Passkey(user_id=sam.id, credential_id=name, public_key=key, sign_count=0, name=name))
    full = await add(door, token, Authenticator())
    assert (full.status_code, code_of(full)) == (409, "too_many_passkeys")


async def test_whoever_was_deactivated_does_not_come_in(door: Door):
    _, device, _ = await added(door)
    async with door.database.write_session() as session:
        await session.execute(update(User).where(User.email == SAM).values(is_active=False))
    assert code_of(await come_in(door, device)) == "passkey_refused"


async def test_an_account_without_a_proven_address_has_none(door: Door):
    await door.person(SAM, email_verified_at=None)
    answer = await door.call("POST", "/auth/passkeys/options", await door.token(SAM))
    assert (answer.status_code, code_of(answer)) == (409, "email_not_verified")


async def test_an_address_that_is_not_proven_any_more_lets_nobody_in_or_add(door: Door):
    token, device, _ = await added(door)
    other, options = Authenticator(), await asked(door, token)
    long_ago = clock.now() - timedelta(days=400)
    async with door.database.write_session() as session:
        gone = {"email_verified_at": None, "created_at": long_ago}
        await session.execute(update(User).where(User.email == SAM).values(**gone))
    made = {"credential": other.create(options["public_key"]), "name": "Other"}
    answer = await door.call(
        "POST", "/auth/passkeys", token, json={"challenge_token": options["challenge_token"], **made}
    )
    assert (answer.status_code, code_of(answer)) == (409, "email_not_verified")
    assert code_of(await come_in(door, device)) == "email_not_verified"


async def test_browsers_make_none_for_an_address_of_numbers(door: Door):
    token, device, _ = await added(door)
    new, old = await asked(door, token), (await door.call("POST", "/auth/passkeys/login/options")).json()
    vars(door.runtime.settings)["public_base_url"] = "https://127.0.0.1:8000"  # As if the school had moved.
    bodies = {
        "/auth/passkeys/options": None,
        "/auth/passkeys": {"credential": device.create(new["public_key"]), "name": "A"} | _token(new),
        "/auth/passkeys/login": {"credential": device.get(old["public_key"])} | _token(old),
    }
    for path, body in bodies.items():
        answer = await door.call("POST", path, token, **({} if body is None else {"json": body}))
        assert (answer.status_code, code_of(answer)) == (409, "passkeys_unavailable"), path


def _token(options: dict[str, Any]) -> dict[str, Any]:
    return {"challenge_token": options["challenge_token"]}


async def test_an_admin_who_resets_a_lost_factor_removes_the_passkeys(door: Door):
    _, device, _ = await added(door)
    await door.person("root@school.example", Role.ADMIN)
    root = await door.token("root@school.example")
    async with door.database.read_session() as session:
        sam = await session.scalar(select(User.id).where(User.email == SAM))
    assert (await door.call("DELETE", f"/users/{sam}/mfa", root)).status_code == 204
    assert code_of(await come_in(door, device)) == "passkey_refused"


async def test_another_master_secret_keeps_them(door: Door):
    _, device, _ = await added(door)
    sealed, lost = await rotate(door.runtime)
    assert (sealed, lost) == (1, 0)
    assert (await come_in(door, device)).status_code == 200


async def test_who_guesses_is_slowed_down(door: Door):
    await added(door)
    codes = [code_of(await come_in(door, Authenticator())) for _ in range(31)]
    assert codes[:30] == ["passkey_refused"] * 30
    assert codes[30] == "too_many_requests"
    door.source = "203.0.113.9"
    assert code_of(await come_in(door, Authenticator())) == "passkey_refused"


HOSTILE: list[Any] = [
    {},
    {"id": "x"},
    [],
    "text",
    None,
    {"id": "é", "rawId": "é", "type": "public-key", "response": {}},
    {"id": "A" * 1401, "rawId": "A", "type": "public-key", "response": {}},
]
BYTES = ["", "A", "AAAA", "_" * 8192, "oWNmbXRkbm9uZQ", "gYGBgYGBgYGBgYE", "W" * 4000, "v" * 64, "n_____8"]


async def test_no_bytes_of_strangers_are_an_error_of_ours(door: Door):
    token, device, _ = await added(door)
    for credential in HOSTILE:
        for path, who in (("/auth/passkeys", token), ("/auth/passkeys/login", None)):
            body = {"challenge_token": "x", "credential": credential, "name": "x"}
            assert (await door.call("POST", path, who, json=body)).status_code in {401, 422}, credential
    for raw in BYTES:
        options = await asked(door, token)
        made = Authenticator().create(options["public_key"])
        for member in made["response"]:
            broken = {**made, "response": {**made["response"], member: raw}}
            body = {"challenge_token": options["challenge_token"], "credential": broken, "name": "x"}
            assert (await door.call("POST", "/auth/passkeys", token, json=body)).status_code in {400, 422}, (
                member,
                raw,
            )
        begun = (await door.call("POST", "/auth/passkeys/login/options")).json()
        used = device.get(begun["public_key"])
        body = {"challenge_token": begun["challenge_token"]}
        door.source = f"198.51.{len(raw) % 250}.{BYTES.index(raw)}"
        broken = {**used, "response": {**used["response"], "authenticatorData": raw}}
        answer = await door.call("POST", "/auth/passkeys/login", json={**body, "credential": broken})
        assert answer.status_code in {401, 422}, raw


async def test_a_log_in_opens_one_session_from_where_it_came(door: Door):
    _, device, _ = await added(door)
    await come_in(door, device)
    async with door.database.read_session() as session:
        found = (await session.execute(select(UserSession.address))).scalars().all()
    assert found == [door.source] * 2
