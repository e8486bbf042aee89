"""Tokens that nobody here signed for this purpose are 401, wherever a token is read."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from studium.kit.base import clock
from studium.kit.base.ids import new_id
from tests.auth.helpers import PASSWORD, Door

_IN_A_CENTURY = 4_918_000_000


def _text(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signed(header: dict[str, object], claims: dict[str, object], key: bytes) -> str:
    message = f"{_text(header)}.{_text(claims)}"
    return f"{message}.{_text(hmac.digest(key, message.encode(), hashlib.sha256))}"


CLAIMS: dict[str, dict[str, object]] = {
    "no exp": {"exp": None},
    "exp as text": {"exp": "9999999999"},
    "exp as a float": {"exp": 9999999999.5},
    "exp as true": {"exp": True},
    "exp a century ahead": {"exp": _IN_A_CENTURY},
    "expired": {"exp": 1},
    "issued in the future": {"iat": _IN_A_CENTURY - 10, "nbf": _IN_A_CENTURY - 10, "exp": _IN_A_CENTURY},
    "not yet valid": {"nbf": _IN_A_CENTURY},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "jti as a number": {"jti": 7},
    "no sub": {"sub": None},
    "sub is nobody": {"sub": "nobody"},
    "sub as a list": {"sub": ["x"]},
    "no sid": {"sid": None},
    "another issuer": {"iss": "elsewhere"},
    "another audience": {"aud": "refresh"},
    "audience as a list": {"aud": ["access"]},
}
HEADERS: dict[str, dict[str, object]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg RS256": {"alg": "RS256"},
    "alg HS512": {"alg": "HS512"},
    "typ JWT": {"typ": "JWT"},
    "kid path": {"kid": "../../../../dev/null"},
    "kid sql": {"kid": "x' UNION SELECT 'key"},
    "jku": {"jku": "https://evil.example/keys"},
    "jwk": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "crit": {"crit": ["exp"]},
    "zip": {"zip": "DEF"},
}


async def genuine(door: Door) -> tuple[dict[str, object], bytes]:
    await door.person("sam@school.example")
    claims = door.runtime.keys.verify("access", await door.token("sam@school.example"))
    return dict(claims), door.runtime.keys._key("sign", "access")


async def refused(door: Door, token: str) -> bool:
    answers = [
        await door.call("GET", "/users/me", token),
        await door.call("GET", "/courses", token),
        await door.call("POST", "/auth/logout", token),
    ]
    assert {answer.status_code for answer in answers} == {401}, token
    assert all("www-authenticate" in answer.headers for answer in answers)
    return True


async def test_the_forge_works_when_nothing_is_wrong(door: Door):
    claims, key = await genuine(door)
    assert await door.works(_signed({"alg": "HS256", "typ": "access"}, claims, key))


@pytest.mark.parametrize("change", CLAIMS.values(), ids=CLAIMS.keys())
async def test_claims(door: Door, change: dict[str, object]):
    claims, key = await genuine(door)
    changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
    assert await refused(door, _signed({"alg": "HS256", "typ": "access"}, changed, key))


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS.keys())
async def test_headers(door: Door, change: dict[str, object]):
    claims, key = await genuine(door)
    assert await refused(door, _signed({"alg": "HS256", "typ": "access", **change}, claims, key))


async def test_keys(door: Door):
    claims, key = await genuine(door)
    secret = door.runtime.settings.secret_key.get_secret_value().encode()
    for wrong in (b"", b"secret", secret, key[:-1], door.runtime.keys._key("sign", "refresh")):
        assert await refused(door, _signed({"alg": "HS256", "typ": "access"}, claims, wrong))


async def test_texts(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    head, body, seal = token.split(".")
    wrong = [
        "",
        " ",
        ".",
        "..",
        "x",
        "a.b.c",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{token}.{seal}",
        f"{token}=",
        "A" * 9000,
    ]
    for text in [*wrong, f"{head}.{body}.{seal[:-1]}{'A' if seal[-1] != 'A' else 'B'}", token.swapcase()]:
        assert await refused(door, text)
    answer = await door.client.get("/users/me", headers={"Authorization": f"Basic {token}"})
    assert answer.status_code == 401
    assert (await door.client.get("/users/me", headers={"Authorization": token})).status_code == 401
    assert await door.works(token)


async def test_tokens_of_one_kind_open_nothing_else(door: Door):
    sam = await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    claims = {"sub": str(sam.id), "mark": "x", "sid": str(new_id())}
    challenge = door.runtime.keys.sign("challenge", claims, lifetime=timedelta(minutes=10))
    for token in (tokens["refresh_token"], challenge):
        assert await refused(door, token)
    for token in (tokens["access_token"], challenge, "nonsense", "a.b.c"):
        answer = await door.call("POST", "/auth/refresh", json={"refresh_token": token})
        assert answer.status_code == 401
    for token in (tokens["access_token"], tokens["refresh_token"], challenge, "nonsense"):
        body = {"challenge_token": token, "code": "000000"}
        assert (await door.call("POST", "/auth/mfa/verify", json=body)).status_code == 401


async def test_a_token_for_a_session_of_somebody_else(door: Door):
    sam, mia = await door.person("sam@school.example"), await door.person("mia@school.example")
    claims = door.runtime.keys.verify("access", await door.token("sam@school.example"))
    crossed = {"sub": str(mia.id), "sid": claims["sid"]}
    assert await refused(door, door.runtime.keys.sign("access", crossed, lifetime=timedelta(minutes=15)))
    unknown = {"sub": str(sam.id), "sid": str(new_id())}
    assert await refused(door, door.runtime.keys.sign("access", unknown, lifetime=timedelta(minutes=15)))


async def test_a_token_is_good_for_fifteen_minutes(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    with clock.shifted(timedelta(minutes=14, seconds=50)):
        assert await door.works(token)
    with clock.shifted(timedelta(minutes=15, seconds=1)):
        assert not await door.works(token)


async def test_the_routes_of_the_door_ignore_a_bad_token(door: Door):
    await door.person("sam@school.example")
    bad = {"Authorization": "Bearer nonsense"}
    body = {"email": "sam@school.example", "password": PASSWORD}
    assert (await door.call("POST", "/auth/login", json=body, headers=bad)).status_code == 200
    for path in ("forgot-password", "verify-email"):
        answer = await door.call("POST", f"/auth/{path}", json={"email": "x@school.example"}, headers=bad)
        assert answer.status_code == 200
