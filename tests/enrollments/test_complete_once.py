"""Completing a lesson under an `Idempotency-Key`: the same answer again, and one key for one lesson."""

from tests.answers import ok, refused
from tests.world import World

COMPLETE = "/enrollments/{E1}/lessons/{%s}/complete"


async def test_a_completion_is_replayed_under_its_key(world: World) -> None:
    key = {"Idempotency-Key": "first-lesson"}
    first = await world.call("sam", "POST", COMPLETE % "L1", headers=key)
    again = await world.call("sam", "POST", COMPLETE % "L1", headers=key)
    assert ok(first) == ok(again)
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
    refused(await world.call("sam", "POST", COMPLETE % "L2", headers=key), 422, "idempotency_key_reused")
    assert ok(await world.call("sam", "GET", "/enrollments/{E1}"))["completed_lessons_count"] == 1


async def test_a_refused_completion_leaves_its_key_free(world: World) -> None:
    key = {"Idempotency-Key": "quiz"}
    refused(await world.call("sam", "POST", COMPLETE % "L3", headers=key), 409, "quiz_not_passed")
    ok(await world.call("sam", "POST", COMPLETE % "L1", headers=key))
