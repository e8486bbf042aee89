"""Every save of a lesson keeps the text before: the last fifty, compared and brought back."""

from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.models import LessonVersion
from studium.models.undo.lesson_version import KEPT_VERSIONS, PAUSE
from studium.modules.courses.comparison import MOST_LINES, MOST_PAIRS, LineChange, compare_lines
from tests.answers import ok, refused
from tests.world import World

LESSON = "/courses/{C1}/lessons/{L2}"


async def save(world: World, query: str = "", **texts: object) -> dict[str, Any]:
    found: dict[str, Any] = ok(await world.call("ada", "PATCH", LESSON + query, json=texts))
    return found


async def versions(world: World) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(await world.call("ada", "GET", LESSON + "/versions"))["items"]
    return items


async def test_a_save_keeps_the_text_before_under_its_version(world: World) -> None:
    first = await save(world, content="One.")
    await save(world, duration_minutes=7)
    await save(world, title="Other", description="What.", content="Two.")
    found = await versions(world)
    assert [each["number"] for each in found] == [first["version"] + 1, 1]
    assert [each["title"] for each in found] == [first["title"], first["title"]]
    text = ok(await world.call("ada", "GET", f"{LESSON}/versions/{found[0]['number']}"))
    assert (text["content"], text["description"], text["comparison"]) == ("One.", None, None)
    refused(await world.call("ada", "GET", f"{LESSON}/versions/{first['version']}"), 404, "not_found")


async def test_the_last_fifty_are_kept(world: World) -> None:
    for number in range(KEPT_VERSIONS + 3):
        await save(world, content=f"Text {number}.")
    found = await versions(world)
    assert [each["number"] for each in found] == list(range(KEPT_VERSIONS + 3, 3, -1))
    assert await world.count(LessonVersion) == KEPT_VERSIONS


async def test_autosaves_keep_one_text_in_ten_minutes_and_none_that_was_saved_by_hand(world: World) -> None:
    await save(world, content="By hand.")
    for number in range(3):
        await save(world, "?autosave=true", content=f"Typed {number}.")
    assert [each["by_autosave"] for each in await versions(world)] == [True, False]
    await save(world, content="By hand again.")
    await save(world, "?autosave=true", content="Typed on.")
    numbers = [each["number"] for each in await versions(world)]
    texts = [ok(await world.call("ada", "GET", f"{LESSON}/versions/{number}"))["content"] for number in numbers]
    assert texts[:3] == ["By hand again.", "Typed 2.", "By hand."]
    await save(world, content="Typed on.")
    await save(world, "?autosave=true", content="Typed further.")
    numbers = [each["number"] for each in await versions(world)]
    text = ok(await world.call("ada", "GET", f"{LESSON}/versions/{numbers[0]}"))
    assert text["content"] == "Typed on.", "somebody saved it, though it had been saved already"
    await save(world, "?autosave=true", content="Typed at last.")
    assert len(await versions(world)) == len(numbers)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(LessonVersion).values(replaced_at=now() - PAUSE))
    await save(world, "?autosave=true", content="Much later.")
    assert len(await versions(world)) == len(numbers) + 1


async def test_a_version_comes_back_and_what_it_replaces_is_kept(world: World) -> None:
    before = await save(world, content="One.", description="What.")
    now = await save(world, title="Other", content="Two.")
    path = f"{LESSON}/versions/{before['version']}/restore"
    refused(await world.call("ada", "POST", path, headers={"If-Match": '"v1"'}), 412, "precondition_failed")
    back = ok(await world.call("ada", "POST", path))
    assert [back[name] for name in ("title", "description", "content")] == [before["title"], "What.", "One."]
    assert (await versions(world))[0]["number"] == now["version"]
    refused(await world.call("ada", "POST", f"{LESSON}/versions/99/restore"), 404, "not_found")


async def test_a_version_is_compared_with_the_lesson_or_another_version(world: World) -> None:
    await save(world, content="a\nb\nc")
    await save(world, content="a\nc\nd")
    path = LESSON + "/versions/2?compare="
    found = ok(await world.call("ada", "GET", path + "current"))["comparison"]
    assert [(pair["change"], pair["before"], pair["after"]) for pair in found] == [
        ("same", "a", "a"),
        ("removed", "b", None),
        ("same", "c", "c"),
        ("added", None, "d"),
    ]
    assert found[3]["after_line"] == 3
    pairs = ok(await world.call("ada", "GET", path + "1"))["comparison"]
    assert {pair["change"] for pair in pairs} == {"changed", "removed"}
    refused(await world.call("ada", "GET", path + "77"), 404, "not_found")
    refused(await world.call("ada", "GET", path + "nonsense"), 422, "invalid_input")


async def test_a_lesson_that_is_removed_takes_its_versions_along(world: World) -> None:
    await save(world, content="One.")
    ok(await world.call("ada", "DELETE", LESSON), 204)
    refused(await world.call("ada", "GET", LESSON + "/versions"), 404, "not_found")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("", "", ""),
        ("a\nb", "a\nb", "same same"),
        ("a\nb", "a\nx", "same changed"),
        ("b", "a\nb", "added same"),
        ("a\nb\nb", "a\nb", "same same removed"),
    ],
)
def test_lines_beside_each_other(before: str, after: str, changes: str) -> None:
    assert [pair.change for pair in compare_lines(before, after)] == changes.split()


def test_very_different_texts_are_compared_in_their_order() -> None:
    before = "\n".join(f"b{line}" for line in range(MOST_LINES + 1))
    pairs = compare_lines(before, before.replace("b", "a"))
    assert {pair.change for pair in pairs} == {LineChange.CHANGED}
    assert len(pairs) == MOST_LINES + 1


def test_lines_that_come_again_and_again_are_compared_in_their_order() -> None:
    pairs = compare_lines("x\n" * 1000, "x\ny\n" * 99)
    assert [pair.change for pair in pairs[:4]] == ["same", "changed", "same", "changed"]
    assert len(pairs) == 1000
    spread = "\n\n".join(f"line {number}" for number in range(400))
    moved = compare_lines(spread, f"first\n\n{spread}")
    assert sum(pair.change is LineChange.ADDED for pair in moved) == 2, "empty lines part paragraphs, and match none"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (6, 0, "6 same"),
        (7, 0, "folded 7"),
        (9, 3, "folded 6, 3 same, changed, 3 same"),
        (3, 9, "3 same, changed, 3 same, folded 6"),
        (9, 9, "folded 6, 3 same, changed, 3 same, folded 6"),
    ],
)
def test_long_stretches_without_a_change_are_folded(before: int, after: int, told: str) -> None:
    lines = [f"line {number}" for number in range(before + after + bool(after))]
    changed = [*lines[:before], "other", *lines[before + 1 :]] if after else lines
    pairs = compare_lines("\n".join(lines), "\n".join(changed))
    found = [f"folded {pair.lines}" if pair.change is LineChange.FOLDED else pair.change.value for pair in pairs]
    runs = [(each, len(list(run))) for each, run in groupby(found)]
    assert ", ".join(f"{count} same" if each == "same" else each for each, count in runs) == told
    folded = [pair for pair in pairs if pair.change is LineChange.FOLDED]
    assert all((pair.before, pair.after) == (None, None) and pair.before_line == pair.after_line for pair in folded)
    assert sum(pair.lines for pair in pairs) == len(lines)


async def test_a_comparison_stays_within_its_bounds(world: World) -> None:
    texts = ("a\n" * 99_990, "b\n" * 99_990, "b\n" * 50_000 + "c\n" + "b\n" * 49_990)
    at = {
        "lesson_id": world.ids["L2"],
        "title": "Long",
        "written_at": now(),
        "replaced_at": now(),
        "by_autosave": False,
    }
    await world.add(*(LessonVersion(number=place, content=text, **at) for place, text in enumerate(texts, 1)))
    changed = await world.call("ada", "GET", LESSON + "/versions/1?compare=3")
    pairs = changed.json()["comparison"]
    assert len(pairs) == MOST_PAIRS + 1
    assert (pairs[-1]["change"], pairs[-1]["before"], pairs[-1]["after"]) == ("cut", None, None)
    assert sum(pair["lines"] for pair in pairs) == 99_991
    assert len(changed.content) < 600_000
    similar = await world.call("ada", "GET", LESSON + "/versions/2?compare=3")
    told = [(pair["change"], pair["lines"]) for pair in similar.json()["comparison"] if pair["change"] != "same"]
    assert told == [("folded", 49_997), ("added", 1), ("folded", 49_987)]
    assert len(similar.content) < 450_000
