"""Another master secret: people stay logged in, and keep their second factors once `rotate-key` has run."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from pydantic import SecretStr

from studium.kit.base import clock
from studium.kit.base.config import SettingsError, load_settings
from studium.kit.security.tokens import Keys, keys_of
from studium.models import Role
from studium.modules.auth.actions_rotate import rotate
from tests.auth.helpers import PASSWORD, Door
from tests.auth.test_totp import code_at, enabled, verify

SAM = "sam@school.example"
NEXT = b"k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya"


@pytest.fixture
def first(door: Door) -> bytes:
    """The secret that the school begins with."""
    return door.runtime.settings.secret_key.get_secret_value().encode()


async def passes(door: Door, app: pyotp.TOTP | str) -> bool:
    """Whether a log-in with a second factor works: a code of the app, or a recovery code."""
    challenge = (await door.log_in(SAM))["challenge_token"]
    code = app if isinstance(app, str) else code_at(app)
    return bool((await verify(door, challenge, code)).status_code == 200)


async def test_second_factors_live_through_two_secrets(door: Door, first: bytes):
    _, app, recovery = await enabled(door)
    door.runtime.keys = Keys(NEXT, first)
    assert await passes(door, app)
    assert await passes(door, recovery[0])
    assert await rotate(door.runtime) == (11, 0)
    door.runtime.keys = Keys(NEXT)
    with clock.shifted(timedelta(seconds=60)):
        assert await passes(door, app)
    assert await passes(door, recovery[1])
    assert not await passes(door, recovery[0])


async def test_without_the_earlier_secret_it_says_what_is_lost(door: Door, first: bytes):
    await enabled(door)
    door.runtime.keys = Keys(NEXT)
    assert await rotate(door.runtime) == (0, 11)
    door.runtime.keys = Keys(NEXT, first)
    assert await rotate(door.runtime) == (11, 0)
    assert await rotate(door.runtime) == (11, 0)


async def test_sessions_links_and_cursors_live_as_long_as_both_are_known(door: Door, first: bytes):
    await door.person(SAM)
    tokens, _ = await door.log_in(SAM), await door.log_in(SAM)
    await door.call("POST", "/auth/forgot-password", json={"email": SAM})
    link = await door.link_token(SAM, "/reset-password")
    cursor = (await door.call("GET", "/auth/sessions?limit=1", tokens["access_token"])).json()["next_cursor"]
    door.runtime.keys = Keys(NEXT, first)
    page = await door.call("GET", f"/auth/sessions?limit=1&cursor={cursor}", tokens["access_token"])
    assert page.status_code == 200
    fresh = await door.call("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200
    door.runtime.keys = Keys(NEXT)
    assert not await door.works(tokens["access_token"])
    assert await door.works(fresh.json()["access_token"])
    body = {"token": link, "new_password": "purple anchor 58"}
    assert (await door.call("POST", "/auth/reset-password", json=body)).status_code == 400
    door.runtime.keys = Keys(NEXT, first)
    assert (await door.call("POST", "/auth/reset-password", json=body)).status_code == 200


async def test_what_was_begun_is_ended_with_the_next_secret(door: Door, first: bytes):
    """A log-in between its factors by mail, and a link whose mail had not gone out yet."""
    await door.person(SAM)
    token = await door.token(SAM)
    await door.call("POST", "/auth/mfa/enable", token, json={"password": PASSWORD, "method": "email"})
    await door.call("POST", "/auth/forgot-password", json={"email": SAM})
    door.runtime.keys = Keys(NEXT, first)
    link = await door.link_token(SAM, "/reset-password")
    body = {"token": link, "new_password": "purple anchor 58"}
    assert (await door.call("POST", "/auth/reset-password", json=body)).status_code == 200


async def test_an_idempotency_key_is_known_under_the_next_secret(door: Door, first: bytes):
    await door.person("ada@school.example", Role.INSTRUCTOR)
    token = await door.token("ada@school.example")

    async def send(title: str) -> Any:  # noqa: ANN401 -- an answer of the client.
        headers = {"Idempotency-Key": "once"}
        return await door.call("POST", "/courses", token, json={"title": title}, headers=headers)

    assert (await send("Bees")).status_code == 201
    door.runtime.keys = Keys(NEXT, first)
    assert (await send("Bees")).headers["idempotency-replayed"] == "true"
    assert (await send("Wasps")).status_code == 422


def test_settings_know_both(tmp_path: Path) -> None:
    both = {"secret_key": NEXT.decode(), "secret_key_previous": "one that was in use before, of any length"}
    settings = load_settings(data_dir=tmp_path, _env_file=None, **both)
    assert keys_of(settings).is_mac("a", "x", Keys(both["secret_key_previous"].encode()).mac("a", "x"))
    assert keys_of(settings).mac("a", "x") == Keys(NEXT).mac("a", "x")
    assert isinstance(settings.secret_key_previous, SecretStr)
    assert not re.search("in use before", repr(settings))
    with pytest.raises(SettingsError):
        load_settings(data_dir=tmp_path, _env_file=None, secret_key="short", secret_key_previous=NEXT.decode())
