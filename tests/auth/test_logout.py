"""Log-out takes effect on the very next request."""

from tests.auth.helpers import Door


async def test_the_session_ends_at_once(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    assert (await door.call("POST", "/auth/logout", tokens["access_token"])).status_code == 204
    assert not await door.works(tokens["access_token"])
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await door.call("POST", "/auth/refresh", json=body)).status_code == 401
    assert (await door.call("POST", "/auth/logout", tokens["access_token"])).status_code == 401


async def test_only_this_session_ends_unless_all_are_meant(door: Door):
    await door.person("sam@school.example")
    await door.person("mia@school.example")
    one, two, three = [await door.token("sam@school.example") for _ in range(3)]
    mia = await door.token("mia@school.example")
    await door.call("POST", "/auth/logout", one, json={})
    assert [await door.works(token) for token in (one, two, three)] == [False, True, True]
    assert (await door.call("POST", "/auth/logout", two, json={"all": True})).status_code == 204
    assert [await door.works(token) for token in (two, three)] == [False, False]
    assert await door.works(mia)


async def test_ones_own_refresh_token_may_come_along(door: Door):
    await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await door.call("POST", "/auth/logout", tokens["access_token"], json=body)).status_code == 204


async def test_another_sessions_refresh_token_revokes_nothing(door: Door):
    await door.person("sam@school.example")
    await door.person("mia@school.example")
    mine, other = await door.log_in("sam@school.example"), await door.log_in("sam@school.example")
    foreign = await door.log_in("mia@school.example")
    for token in (other["refresh_token"], foreign["refresh_token"], "nonsense", mine["access_token"]):
        answer = await door.call("POST", "/auth/logout", mine["access_token"], json={"refresh_token": token})
        assert answer.status_code == 401
    assert [await door.works(tokens["access_token"]) for tokens in (mine, other, foreign)] == [True] * 3


async def test_anonymous_callers_hear_401_before_anything_else(door: Door):
    assert (await door.call("POST", "/auth/logout")).status_code == 401
    assert (await door.call("POST", "/auth/logout", json={"nonsense": 1})).status_code == 401
