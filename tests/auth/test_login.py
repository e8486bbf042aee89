"""Log-in: tokens for who is right, one and the same answer for everybody else."""

import pytest

from studium.kit.security.tokens import TokenInvalid
from tests.auth.helpers import PASSWORD, Door, code_of


async def test_the_right_password_opens_a_session(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("Sam@School.Example")
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 900
    assert await door.works(tokens["access_token"])


async def test_a_token_says_nothing_about_the_person(door: Door):
    sam = await door.person("sam@school.example")
    claims = door.runtime.keys.verify("access", await door.token("sam@school.example"))
    assert claims.keys() == {"sub", "sid", "jti", "iat", "nbf", "exp", "iss", "aud"}
    assert claims["sub"] == str(sam.id)
    assert claims["exp"] - claims["iat"] == 900  # type: ignore[operator]


async def test_unknown_wrong_and_deactivated_get_one_answer(door: Door):
    await door.person("sam@school.example")
    dan = await door.person("dan@school.example")
    async with door.database.write_session() as session:
        (await session.get_one(type(dan), dan.id)).is_active = False
    answers = [
        await door.try_login("sam@school.example", "not the password"),
        await door.try_login("nobody@school.example"),
        await door.try_login("dan@school.example"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="studium"'}
    bodies = [{name: v for name, v in answer.json().items() if name != "request_id"} for answer in answers]
    assert bodies[0]["code"] == "invalid_credentials"
    assert bodies == [bodies[0]] * 3


async def test_refusals_and_log_ins_are_remembered(door: Door):
    await door.person("sam@school.example")
    await door.try_login("sam@school.example", "not the password")
    await door.log_in("sam@school.example")
    assert await door.audit() == [("auth.login", "refused"), ("auth.login", "done")]


async def test_a_log_in_leaves_the_version_of_the_profile_alone(door: Door):
    before = await door.person("sam@school.example")
    me = (await door.call("GET", "/users/me", await door.token("sam@school.example"))).json()
    assert me["version"] == 1
    assert me["last_login_at"] is not None
    assert me["updated_at"] == before.updated_at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "sam@school.example"},
        {"email": "sam@school.example", "password": 5},
        {"email": ["sam@school.example"], "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
        {"email": "sam@school.example", "password": "x" * 129},
        {"email": "sam@school.example", "password": PASSWORD, "admin": True},
    ],
)
async def test_malformed_bodies_are_422(door: Door, body: dict[str, object]):
    answer = await door.call("POST", "/auth/login", json=body)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_the_form_of_the_interactive_reference(door: Door):
    await door.person("sam@school.example")
    form = {"grant_type": "password", "username": "sam@school.example", "password": PASSWORD}
    answer = await door.call("POST", "/auth/token", data=form)
    assert answer.status_code == 200
    assert await door.works(answer.json()["access_token"])
    for username in ("sam@school.example", "nobody@school.example", "no address"):
        refused = await door.call("POST", "/auth/token", data={**form, "username": username, "password": "wrong one"})
        assert (refused.status_code, code_of(refused)) == (401, "invalid_credentials")
    assert (await door.call("POST", "/auth/token", json=form)).status_code == 415
    assert (await door.call("POST", "/auth/token", data={**form, "grant_type": "magic"})).status_code == 422


async def test_a_session_remembers_the_device(door: Door):
    await door.person("sam@school.example")
    body = {"email": "sam@school.example", "password": PASSWORD}
    agent = {"User-Agent": "Firefox/" + "9" * 400}
    token = (await door.call("POST", "/auth/login", json=body, headers=agent)).json()["access_token"]
    (found,) = (await door.call("GET", "/auth/sessions", token)).json()["items"]
    assert found["device"] == agent["User-Agent"][:255]
    assert found["address"] == door.source
    assert found["is_current"] is True


async def test_no_token_of_one_kind_is_good_for_another(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    for purpose, name in (("access", "refresh_token"), ("refresh", "access_token"), ("challenge", "access_token")):
        with pytest.raises(TokenInvalid):
            door.runtime.keys.verify(purpose, tokens[name])
