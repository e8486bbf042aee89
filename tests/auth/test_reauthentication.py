"""What protects accounts takes a log-in or a password within the last ten minutes."""

from datetime import timedelta
from typing import Any

import pytest

from studium.entrypoints.inventory import api_routes
from studium.kit.base import clock
from studium.models import Role
from tests.auth.helpers import PASSWORD, Door, code_of
from tests.auth.test_mailed_codes import newest_code
from tests.auth.test_totp import code_at, enabled
from tests.world import World

SAM, ROOT = "sam@school.example", "root@school.example"
LATE = timedelta(minutes=10, seconds=1)
_MADE = {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}
NEW_PASSKEY = {
    "challenge_token": "forged",
    "name": "My phone",
    "credential": {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": _MADE},
}
GUARDED: list[tuple[str, str, Any]] = [
    ("POST", "/auth/logout", {"all": True}),
    ("DELETE", "/auth/sessions/{C1}", None),
    ("POST", "/auth/change-address", {"email": "new@school.example"}),
    ("POST", "/auth/passkeys/options", None),
    ("POST", "/auth/passkeys", NEW_PASSKEY),
    ("PATCH", "/auth/passkeys/{C1}", {"name": "Other"}),
    ("DELETE", "/auth/passkeys/{C1}", None),
    ("POST", "/users", {"email": "new@school.example", "full_name": "New", "role": "instructor"}),
    ("POST", "/users", {"email": "new@school.example", "full_name": "New", "role": "admin"}),
    ("PATCH", "/users/{mia}", {"password": "purple anchor 58"}),
    ("PATCH", "/users/{mia}", {"role": "admin"}),
    ("PATCH", "/users/{mia}", {"is_active": False}),
    ("DELETE", "/users/{mia}", None),
    ("DELETE", "/users/{mia}/sessions", None),
    ("DELETE", "/users/{mia}/mfa", None),
    ("PATCH", "/users/{mia}", {"legal_hold": True}),
    ("POST", "/users/me/erasure", None),
    ("DELETE", "/users/me/erasure", None),
    ("POST", "/users/{mia}/anonymize", {"reason": "Left."}),
    ("DELETE", "/users/{mia}/erasure", None),
    ("POST", "/users/me/export", None),
    ("POST", "/users/{mia}/export", {"reason": "Asked for it."}),
    ("POST", "/users/imports/{C1}/apply", None),
    ("DELETE", "/system/jobs/{C1}", None),
]
BY_PASSWORD: list[tuple[str, str, Any]] = [
    ("PATCH", "/users/me", {"password": "purple anchor 58", "current_password": PASSWORD}),
    ("POST", "/auth/mfa/enable", {"password": PASSWORD}),
    ("POST", "/auth/mfa/disable", {"password": PASSWORD}),
    ("POST", "/auth/reauthenticate", {"password": PASSWORD}),
]
"""These take the password themselves. `/auth/mfa/confirm` takes what `enable` prepared within ten minutes."""

FREE: list[tuple[str, str, Any, int]] = [
    ("GET", "/users/me", None, 200),
    ("PATCH", "/users/me", {"full_name": "Other Name"}, 200),
    ("GET", "/auth/sessions", None, 200),
    ("PATCH", "/users/{mia}", {"full_name": "Other Name"}, 200),
    ("POST", "/users", {"email": "new@school.example", "full_name": "New"}, 201),
    ("GET", "/audit-events", None, 200),
    ("POST", "/auth/logout", {}, 204),
]


async def ask(world: World, method: str, path: str, body: Any) -> Any:  # noqa: ANN401 -- an answer of the client.
    return await world.call("root", method, path, **({} if body is None else {"json": body}))


async def test_long_after_the_log_in_what_is_guarded_is_refused(world: World) -> None:
    with clock.shifted(LATE):
        for method, path, body in GUARDED:
            answer = await ask(world, method, path, body)
            assert (answer.status_code, code_of(answer)) == (403, "reauthentication_required"), (method, path, body)


async def test_within_ten_minutes_it_is_not(world: World) -> None:
    with clock.shifted(LATE - timedelta(seconds=11)):
        for method, path, body in reversed(GUARDED):
            assert code_or_none(await ask(world, method, path, body)) != "reauthentication_required", (method, path)


async def test_everything_else_is_free(world: World) -> None:
    with clock.shifted(LATE):
        for method, path, body, status in FREE:
            assert (await ask(world, method, path, body)).status_code == status, (method, path)


def code_or_none(answer: Any) -> str | None:  # noqa: ANN401 -- an answer of the client.
    return code_of(answer) if answer.status_code >= 400 else None


PUBLIC = {"/auth/passkeys/login/options"}
PLANS = {"/users/import"}
"""What changes nothing before it is carried out, which is guarded."""


def test_no_route_about_secrets_is_forgotten() -> None:
    """Whatever changes something about accounts is in one of the lists above."""
    public = {"register", "login", "token", "refresh", "forgot-password", "reset-password", "verify-email"}
    public |= {"confirm-email", "confirm-address", "verify", "confirm"}
    known = {(method, shape(path)) for method, path, _ in GUARDED + BY_PASSWORD}
    for route in api_routes():
        path = route.path.removeprefix("/api/v1")
        if not path.startswith(("/auth", "/users")) or path.rpartition("/")[2] in public or path in PUBLIC | PLANS:
            continue
        for method in (route.methods or set()) - {"GET", "HEAD"}:
            assert (method, shape(path)) in known, (method, path)


def shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


async def test_the_password_opens_ten_more_minutes(door: Door):
    await door.person(SAM)
    token, other = lasting(door, await door.token(SAM)), await door.token(SAM)
    items = (await door.call("GET", "/auth/sessions", token)).json()["items"]
    there = next(item["id"] for item in items if not item["is_current"])
    with clock.shifted(LATE):
        assert code_of(await door.call("DELETE", f"/auth/sessions/{there}", token)) == "reauthentication_required"
        wrong = await door.call("POST", "/auth/reauthenticate", token, json={"password": "not the password"})
        assert (wrong.status_code, code_of(wrong)) == (403, "wrong_password")
        assert (await door.call("DELETE", f"/auth/sessions/{there}", token)).status_code == 403
        right = await door.call("POST", "/auth/reauthenticate", token, json={"password": PASSWORD})
        assert right.status_code == 204
        # Only this session has shown it.
        answer = await door.call("POST", "/auth/logout", other, json={"all": True})
        assert code_of(answer) == "reauthentication_required"
        assert (await door.call("DELETE", f"/auth/sessions/{there}", token)).status_code == 204
    with clock.shifted(LATE + LATE):
        answer = await door.call("POST", "/auth/logout", token, json={"all": True})
        assert code_of(answer) == "reauthentication_required"
    assert [entry for entry in await door.audit() if entry[0] == "auth.reauthenticated"] == [
        ("auth.reauthenticated", "refused"),
        ("auth.reauthenticated", "done"),
    ]


def lasting(door: Door, token: str) -> str:
    """A token of the same session that is good for an hour, as one that was renewed."""
    claims = door.runtime.keys.verify("access", token)
    return door.runtime.keys.sign("access", {"sub": claims["sub"], "sid": claims["sid"]}, lifetime=timedelta(hours=1))


async def test_ones_own_session_ends_at_any_time(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    (item,) = (await door.call("GET", "/auth/sessions", token)).json()["items"]
    with clock.shifted(LATE):
        assert (await door.call("DELETE", f"/auth/sessions/{item['id']}", token)).status_code == 204


async def test_with_a_second_factor_its_code_is_needed_too(door: Door):
    token, app, recovery = await enabled(door)

    async def again(**body: str) -> Any:  # noqa: ANN401 -- an answer of the client.
        return await door.call("POST", "/auth/reauthenticate", token, json={"password": PASSWORD, **body})

    assert code_of(await again()) == "invalid_mfa_code"
    assert code_of(await again(code="000000")) == "invalid_mfa_code"
    assert (await again(code=code_at(app, 1))).status_code == 204
    assert (await again(code=code_at(app, 1))).status_code == 400
    assert (await again(code=recovery[0])).status_code == 204


async def test_a_mailed_code_counts_for_its_own_occasion_only(door: Door):
    from tests.auth import test_mailed_codes  # noqa: PLC0415 -- its `enabled` is another than the one above.

    token = await test_mailed_codes.enabled(door)

    async def send(path: str, **body: str) -> Any:  # noqa: ANN401 -- an answer of the client.
        return await door.call("POST", path, token, json={"password": PASSWORD, **body})

    assert code_of(await send("/auth/reauthenticate")) == "mfa_code_sent"
    code = await newest_code(door)
    assert code_of(await send("/auth/mfa/disable", code=code)) == "invalid_mfa_code"
    assert (await send("/auth/reauthenticate", code=code)).status_code == 204
    assert (await send("/auth/reauthenticate", code=code)).status_code == 400
    challenge = (await door.log_in(SAM))["challenge_token"]
    body = {"challenge_token": challenge, "code": code}
    assert (await door.call("POST", "/auth/mfa/verify", json=body)).status_code == 401


@pytest.mark.parametrize("role", list(Role))
async def test_who_is_asking_is_one_statement(door: Door, role: Role):
    await door.person(ROOT, role)
    token = await door.token(ROOT)
    with door.counting() as seen:
        await door.call("GET", "/users/me", token)
    assert len(seen) == 2, "who is asking, and the answer"
