"""Join codes: ten places are ten, misses are throttled, and a code is what staff say it is."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, JoinCode, Source
from studium.modules.enrollments.arrivals.codes import ALPHABET, normalize_code
from tests.answers import ok, refused
from tests.world import World, add_students


async def new_code(world: World, course: str = "C1", **wish: object) -> dict[str, Any]:
    return ok(await world.call("ada", "POST", f"/courses/{{{course}}}/join-codes", json=wish), 201)


async def change(world: World, code: str, **values: object) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(JoinCode).where(JoinCode.code == code).values(**values))


async def test_students_join_by_a_code_as_it_is_typed(world: World) -> None:
    code = (await new_code(world))["code"]
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    typed = f" {code[:4].lower()}-{code[4:]} "
    enrolled = ok(await world.call("mia", "POST", "/enrollments/join", json={"code": typed}), 201)
    assert (enrolled["status"], enrolled["source"]) == ("active", "code")
    again = refused(await world.call("mia", "POST", "/enrollments/join", json={"code": code}), 409, "already_enrolled")
    assert again["enrollment_id"] == enrolled["id"]
    ok(await world.call("mia", "DELETE", f"/enrollments/{enrolled['id']}"), 204)
    back = ok(await world.call("mia", "POST", "/enrollments/join", json={"code": code}))
    assert (back["id"], back["status"]) == (enrolled["id"], "active")
    listed = ok(await world.call("ada", "GET", "/courses/{C1}/join-codes"))["items"]
    assert [item["uses_count"] for item in listed] == [1], "coming back takes no place"
    await world.jobs()
    assert sum("You are enrolled in" in mail for mail in world.mails()) == 1


async def test_two_hundred_at_once_with_ten_places_left(world: World) -> None:
    names = [f"p{i}" for i in range(200)]
    await add_students(world, *names)
    code = (await new_code(world, "C0", max_uses=12))["code"]
    await change(world, code, uses_count=2)
    wish = {"code": code}
    answers = await asyncio.gather(*(world.call(name, "POST", "/enrollments/join", json=wish) for name in names))
    for _ in range(20):
        # What was too much at once is sent again, as `Retry-After` asks.
        busy = [i for i, answer in enumerate(answers) if answer.status_code == 503]
        again = await asyncio.gather(*(world.call(names[i], "POST", "/enrollments/join", json=wish) for i in busy))
        for i, answer in zip(busy, again, strict=True):
            answers[i] = answer
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 190}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"join_code_used_up"}
    async with world.runtime.database.read_session() as session:
        joined = Enrollment.course_id == world.ids["C0"], Enrollment.source == Source.CODE
        assert await session.scalar(select(func.count(Enrollment.id)).where(*joined)) == 10
        assert await session.scalar(select(JoinCode.uses_count)) == 12


async def test_a_code_ends(world: World) -> None:
    first, second = await new_code(world), await new_code(world, expires_at="2999-01-01T00:00:00Z")
    path = f"/courses/{{C1}}/join-codes/{first['id']}"
    for _ in range(2):
        ok(await world.call("ada", "DELETE", path), 204)
    refused(await world.call("ada", "DELETE", f"/courses/{{C3}}/join-codes/{first['id']}"), 404, "not_found")
    refused(await world.call("ada", "DELETE", f"/courses/{{C1}}/join-codes/{new_id()}"), 404, "not_found")
    await change(world, second["code"], expires_at=now() - timedelta(seconds=1))
    for code in (first["code"], second["code"], "ZZZZZZZZ", "??", "x" * 20):
        answer = await world.call("mia", "POST", "/enrollments/join", json={"code": code})
        refused(answer, 404, "invalid_join_code")
    past = {"expires_at": "2020-01-01T00:00:00Z"}
    refused(await world.call("ada", "POST", "/courses/{C1}/join-codes", json=past), 422, "expiry_in_the_past")
    for wrong in ({"max_uses": 0}, {"max_uses": True}, {"expires_at": "soon"}, {"max_uses": 10**12}):
        refused(await world.call("ada", "POST", "/courses/{C1}/join-codes", json=wrong), 422, "invalid_input")
    refused(await world.call("ada", "POST", "/courses/{C1}/join-codes", json={"code": "A"}), 403, "field_not_allowed")


async def test_an_expired_enrollment_is_not_brought_back_by_a_code(world: World) -> None:
    code = (await new_code(world))["code"]
    ok(await world.call("ada", "PATCH", "/enrollments/{E1}", json={"status": "expired"}))
    answer = await world.call("sam", "POST", "/enrollments/join", json={"code": code})
    refused(answer, 409, "enrollment_expired")


async def test_misses_are_throttled_and_only_misses(world: World) -> None:
    code = (await new_code(world))["code"]
    await add_students(world, "amy", "ben")
    ok(await world.call("amy", "POST", "/enrollments/join", json={"code": code}), 201)
    misses = [await world.call("mia", "POST", "/enrollments/join", json={"code": "ZZZZZZZZ"}) for _ in range(11)]
    assert [answer.status_code for answer in misses] == [404] * 10 + [429]
    assert int(misses[-1].headers["retry-after"]) > 0
    assert (await world.call("mia", "POST", "/enrollments/join", json={"code": code})).status_code == 429
    ok(await world.call("ben", "POST", "/enrollments/join", json={"code": code}), 201)


async def test_guesses_at_once_are_worth_no_more_than_guesses_in_turn(world: World) -> None:
    wish = {"code": "ZZZZZZZZ"}
    answers = await asyncio.gather(*(world.call("mia", "POST", "/enrollments/join", json=wish) for _ in range(30)))
    counts = Counter(answer.status_code for answer in answers)
    assert counts[404] == 10
    assert set(counts) <= {404, 429, 503}


def test_what_is_typed_is_read_kindly() -> None:
    assert normalize_code(" abcd-efgh\u00a0") == "ABCDEFGH"
