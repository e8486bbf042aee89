"""The words that a grader keeps: one's own, bounded, counted where they are used."""

from typing import Any

import pytest

from studium.kit.base.ids import new_id
from studium.modules.desk import actions_comments
from tests.answers import ok, refused
from tests.quizzes.helpers import ESSAY, attempts, key_of, new_quiz, said, take
from tests.world import World

PATH = "/grading/comments"


async def comment(world: World, text: str = "Say why.", who: str = "ada") -> dict[str, Any]:
    found: dict[str, Any] = ok(await world.call(who, "POST", PATH, json={"text": text}), 201)
    return found


async def comments(world: World, who: str = "ada") -> list[tuple[str, int]]:
    return [(each["text"], each["uses"]) for each in ok(await world.call(who, "GET", PATH))["items"]]


async def test_they_are_made_changed_and_deleted(world: World) -> None:
    made = await comment(world)
    assert (made["text"], made["uses"], made["version"]) == ("Say why.", 0, 1)
    one = f"{PATH}/{made['id']}"
    same = ok(await world.call("ada", "PATCH", one, json={}))
    assert same == made
    changed = await world.call("ada", "PATCH", one, json={"text": "Say how."}, headers={"If-Match": '"v1"'})
    assert (ok(changed)["text"], changed.headers["etag"]) == ("Say how.", '"v2"')
    for method, body in (("PATCH", {"text": "x"}), ("DELETE", None)):
        refused(
            await world.call("ada", method, one, json=body, headers={"If-Match": '"v1"'}), 412, "precondition_failed"
        )
    assert (await world.call("ada", "DELETE", one)).status_code == 204
    refused(await world.call("ada", "DELETE", one), 404, "not_found")
    assert await comments(world) == []


async def test_nobody_sees_those_of_others(world: World) -> None:
    made = await comment(world)
    for who in ("eve", "root"):
        assert await comments(world, who) == []
        for method, body in (("PATCH", {"text": "x"}), ("DELETE", None)):
            refused(await world.call(who, method, f"{PATH}/{made['id']}", json=body), 404, "not_found")
    assert await comments(world) == [("Say why.", 0)]


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001, None, 7, "a\x1b[0m"])
async def test_texts_that_are_none(world: World, text: Any) -> None:  # noqa: ANN401 -- any JSON.
    refused(await world.call("ada", "POST", PATH, json={"text": text}), 422, "invalid_input")
    assert await comments(world) == []


async def test_a_text_of_2000_characters_is_kept(world: World) -> None:
    assert (await comment(world, "x" * 2_000))["text"] == "x" * 2_000


async def test_there_are_not_more_than_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions_comments, "COMMENTS_MAX", 2)
    await comment(world, "One.")
    await comment(world, "Two.")
    refused(await world.call("ada", "POST", PATH, json={"text": "Three."}), 409, "too_many_comments")
    await comment(world, "Eve's.", who="eve")


async def test_a_use_counts_once_and_only_for_ones_own(world: World) -> None:
    mine, theirs = await comment(world), await comment(world, "Eve's.", who="eve")
    await comment(world, "Another.")
    await new_quiz(world, ESSAY)
    (essay,) = await key_of(world)
    taken = await take(world, said(essay, "Because."))
    wish = {
        "scores": [{"question_id": essay["id"], "points": 3, "feedback": "Say why."}],
        "comment_ids": [mine["id"], mine["id"], theirs["id"], str(new_id())],
    }
    path, headers = f"{attempts()}/{taken['id']}/grade", {"Idempotency-Key": "k1"}
    for _ in range(2):
        ok(await world.call("ada", "POST", path, json=wish, headers=headers))
    assert await comments(world) == [("Say why.", 1), ("Another.", 0)]
    assert await comments(world, "eve") == [("Eve's.", 0)]
    again = await world.call(
        "ada", "PATCH", f"{PATH}/{mine['id']}", json={"text": "Say how."}, headers={"If-Match": '"v1"'}
    )
    assert ok(again)["uses"] == 1
