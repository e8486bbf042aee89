"""One's own sessions: seen, and ended one by one."""

from studium.kit.base.ids import new_id
from tests.auth.helpers import Door


async def test_the_list_shows_live_sessions_newest_first(door: Door):
    await door.person("sam@school.example")
    await door.person("mia@school.example")
    await door.token("mia@school.example")
    gone, first, second = [await door.token("sam@school.example") for _ in range(3)]
    await door.call("POST", "/auth/logout", gone)
    items = (await door.call("GET", "/auth/sessions", first)).json()["items"]
    assert [item["is_current"] for item in items] == [False, True]
    page = (await door.call("GET", "/auth/sessions?limit=1&include_total=true", second)).json()
    assert (len(page["items"]), page["total"]) == (1, 2)
    rest = (await door.call("GET", f"/auth/sessions?limit=1&cursor={page['next_cursor']}", second)).json()
    assert [item["id"] for item in rest["items"]] == [items[1]["id"]]


async def test_the_list_costs_the_same_however_long(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    with door.counting() as one:
        await door.call("GET", "/auth/sessions", token)
    for _ in range(4):
        await door.token("sam@school.example")
    with door.counting() as five:
        await door.call("GET", "/auth/sessions", token)
    assert len(one) == len(five) == 2


async def test_a_session_can_be_ended_from_another(door: Door):
    await door.person("sam@school.example")
    here, there = await door.token("sam@school.example"), await door.token("sam@school.example")
    items = (await door.call("GET", "/auth/sessions", here)).json()["items"]
    other = next(item["id"] for item in items if not item["is_current"])
    assert (await door.call("DELETE", f"/auth/sessions/{other}", here)).status_code == 204
    assert [await door.works(here), await door.works(there)] == [True, False]
    assert (await door.call("DELETE", f"/auth/sessions/{other}", here)).status_code == 404


async def test_other_peoples_sessions_do_not_exist(door: Door):
    await door.person("sam@school.example")
    await door.person("mia@school.example")
    sam, mia = await door.token("sam@school.example"), await door.token("mia@school.example")
    theirs = (await door.call("GET", "/auth/sessions", sam)).json()["items"][0]["id"]
    assert (await door.call("DELETE", f"/auth/sessions/{theirs}", mia)).status_code == 404
    assert (await door.call("DELETE", f"/auth/sessions/{new_id()}", mia)).status_code == 404
    assert (await door.call("DELETE", "/auth/sessions/nonsense", mia)).status_code == 422
    assert await door.works(sam)


async def test_anonymous_callers_have_none(door: Door):
    assert (await door.call("GET", "/auth/sessions")).status_code == 401
    assert (await door.call("DELETE", f"/auth/sessions/{new_id()}")).status_code == 401
