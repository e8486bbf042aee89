"""`version`, `ETag` and `If-Match` on everything that can change: what somebody else changed meanwhile is not lost."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.world import World, open_attempt

QUIZ = "/courses/{C1}/quizzes/{Q1}"
RESOURCES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "user": ("root", "/users/{mia}", {"full_name": "Mia Else"}),
    "own user": ("mia", "/users/me", {"full_name": "Mia Else"}),
    "course": ("ada", "/courses/{C1}", {"title": "Else"}),
    "lesson": ("ada", "/courses/{C1}/lessons/{L1}", {"title": "Else"}),
    "quiz": ("ada", QUIZ, {"title": "Else"}),
    "question": ("ada", QUIZ + "/questions/{K1}", {"question_text": "3 + 1?"}),
    "enrollment": ("sam", "/enrollments/{E1}", {"status": "dropped"}),
    "attempt": ("sam", "/enrollments/{E1}/quizzes/{Q1}/attempts/{T1}", {}),
}
DELETED = ("/courses/{C2}", "/courses/{C1}/lessons/{L1}", QUIZ + "/questions/{K1}", "/users/{mia}", "/enrollments/{E1}")
STALE = ('"v0"', '"v99"', 'W/"v1"', '"v1', "v1", "nonsense", "", ",", '"*"')


@pytest.mark.parametrize("name", RESOURCES)
async def test_a_change_on_top_of_what_was_read_is_made_and_any_other_refused(world: World, name: str) -> None:
    await open_attempt(world)
    who, path, change = RESOURCES[name]
    if name == "attempt":
        change = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": "true"}]}
    read = await world.call(who, "GET", path)
    tag, version = read.headers["etag"], read.json()["version"]
    assert tag == f'"v{version}"'
    for stale in STALE:
        refused = await world.call(who, "PATCH", path, json=change, headers={"If-Match": stale})
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed"), stale
    assert (await world.call(who, "GET", path)).json() == read.json()
    changed = await world.call(who, "PATCH", path, json=change, headers={"If-Match": f'"v77", {tag}'})
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == f'"v{changed.json()["version"]}"'
    assert changed.json()["version"] > version
    anyway = await world.call(who, "PATCH", path, json={}, headers={"If-Match": "*"})
    assert anyway.status_code == 200, anyway.text


@pytest.mark.parametrize("path", DELETED)
async def test_nothing_is_deleted_that_changed_meanwhile(world: World, path: str) -> None:
    who = {"/courses/{C2}": "eve", "/enrollments/{E1}": "sam", "/users/{mia}": "root"}.get(path, "ada")
    refused = await world.call(who, "DELETE", path, headers={"If-Match": '"v99"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert (await world.call(who, "GET", path)).status_code == 200


async def test_of_many_changes_on_top_of_one_version_one_is_made(world: World) -> None:
    tag = (await world.call("ada", "GET", "/courses/{C1}")).headers["etag"]

    async def rename(number: int) -> int:
        body, headers = {"title": f"Course {number}"}, {"If-Match": tag}
        return (await world.call("ada", "PATCH", "/courses/{C1}", json=body, headers=headers)).status_code

    assert Counter(await asyncio.gather(*map(rename, range(8)))) == {200: 1, 412: 7}
