"""Another source never replaces what one has brought, whatever both are called; the same one is known again."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from studium.models import Course, ImportedItem, Quiz
from tests.importing.studio import upload, zipped
from tests.world import World

WEEK_1 = "::w1a::Two plus two? {=4 ~5}\n\n::w1b::Which is blue? {=sky ~grass}\n"
WEEK_2 = "::w2a::Capital of Peru? {=Lima ~Quito}\n"


def moodle(*questions: tuple[str, str]) -> str:
    return "<quiz>{}</quiz>".format(
        "".join(
            f'<question type="shortanswer"><name><text>Question {number}</text></name>'
            f"<questiontext><text>{text}</text></questiontext>"
            f'<answer fraction="100"><text>{answer}</text></answer></question>'
            for number, (text, answer) in enumerate(questions, 1)
        )
    )


def olx(course: str, *pages: str) -> bytes:
    verticals = "".join(
        f'<vertical url_name="v{number}" display_name="Unit {number}">'
        f'<html url_name="h{number}"><p>{page}</p></html></vertical>'
        for number, page in enumerate(pages)
    )
    chapter = f'<chapter url_name="c" display_name="Week 1"><sequential url_name="s">{verticals}</sequential></chapter>'
    return zipped({"course.xml": f"<course {course}>{chapter}</course>"})


def markdown(front: str, *pages: str) -> bytes:
    lessons = {
        f"0{number}-page-{number}.md": f"---\ntitle: Page\n---\n\n{page}\n" for number, page in enumerate(pages, 1)
    }
    return zipped({"course.md": f"---\n{front}\n---\n"} | lessons)


# Two sources that have the same name, and the first of them as it is later.
PAIRS: dict[str, tuple[str, bytes, bytes, bytes]] = {
    "GIFT": ("quiz.gift", WEEK_1.encode(), WEEK_2.encode(), (WEEK_1 + "\n::w1c::New? {T}\n").encode()),
    "GIFT with titles alike": (
        "quiz.gift",
        b"::Q1::Two plus two? {=4 ~5}\n\n::Q2::Sky? {=blue ~red}\n",
        b"::Q1::Capital of Peru? {=Lima ~Quito}\n\n::Q2::Sea? {=wet ~dry}\n",
        b"::Q1::Two plus two? {~4 =5}\n\n::Q2::Sky? {=blue ~red}\n",
    ),
    "Moodle XML": (
        "quiz.xml",
        moodle(("Two plus two?", "4"), ("Sky?", "blue")).encode(),
        moodle(("Capital of Peru?", "Lima"), ("Sea?", "wet")).encode(),
        moodle(("Two plus two?", "four"), ("Sky?", "blue")).encode(),
    ),
    "OLX without names": (
        "course.zip", olx('url_name="r"', "one", "two"), olx('url_name="r"', "three", "four"),
        olx('url_name="r"', "one", "more"),
    ),
    "OLX without a course": (
        "course.zip", olx('org="o" url_name="r"', "one", "two"), olx('org="o" url_name="r"', "three"),
        olx('org="o" url_name="r"', "one", "two", "more"),
    ),
    "Markdown without a slug": (
        "course.zip", markdown("title: Physics", "one", "two"), markdown("title: Physics", "three", "four"),
        markdown("title: Physics\ncategory: New", "one", "two"),
    ),
}  # fmt: skip


async def counted(world: World, course: str) -> list[Any]:
    """Every lesson of a course, with its questions."""
    found = (await world.call("ada", "GET", f"/courses/{course}/lessons")).json()["items"]
    quizzes = [each["quiz_id"] for each in found if each["quiz_id"]]
    asked = [(await world.call("ada", "GET", f"/courses/{course}/quizzes/{quiz}/questions")).json() for quiz in quizzes]
    return [found, [each["question_text"] for page in asked for each in page["items"]]]


@pytest.mark.parametrize("pair", PAIRS)
async def test_another_source_of_the_same_name_is_another_course(world: World, pair: str) -> None:
    name, one, other, later = PAIRS[pair]
    first = await upload(world, "ada", one, name)
    before = await counted(world, first["course_id"])
    dry = await upload(world, "ada", other, name, dry_run="true")
    second = await upload(world, "ada", other, name)
    assert (dry["outcome"], second["outcome"], dry["report"]) == ("created", "created", second["report"])
    assert second["course_id"] != first["course_id"]
    assert await counted(world, first["course_id"]) == before
    for data, course in ((one, first), (other, second)):
        again = await upload(world, "ada", data, name)
        assert (again["outcome"], again["course_id"]) == ("unchanged", course["course_id"])
        assert again["report"] == course["report"]
    newer = await upload(world, "ada", later, name)
    assert (newer["outcome"], newer["course_id"]) == ("updated", first["course_id"])


@pytest.mark.parametrize("pair", ["GIFT", "GIFT with titles alike", "Moodle XML"])
async def test_within_a_course_it_is_another_lesson(world: World, pair: str) -> None:
    name, one, other, later = PAIRS[pair]
    into = str(world.ids["C0"])
    there = len((await counted(world, into))[0])
    for number, data in enumerate((one, other), 1):
        assert (await upload(world, "ada", data, name, course_id=into))["outcome"] == "updated"
        assert len((await counted(world, into))[0]) == there + number
    before = await counted(world, into)
    for data in (one, other):
        again = await upload(world, "ada", data, name, course_id=into)
        assert again["outcome"] == "unchanged"
    assert await counted(world, into) == before
    await upload(world, "ada", later, name, course_id=into)
    assert len((await counted(world, into))[0]) == there + 2
    assert await world.count(Quiz) >= 2


@pytest.mark.parametrize("pair", PAIRS)
async def test_what_was_imported_under_a_bare_name_is_known_again(world: World, pair: str) -> None:
    """As it stands in a school whose imports remembered no more than a name and checksums."""
    name, one, other, later = PAIRS[pair]
    first = await upload(world, "ada", one, name)
    async with world.runtime.database.write_session() as session:
        course = await session.get(Course, UUID(first["course_id"]))
        assert course is not None
        bare = str(course.external_id).partition("#")[0]
        course.external_id = bare
        await session.execute(update(ImportedItem).values(source=bare, parts=None))
    second = await upload(world, "ada", other, name)
    assert (second["outcome"], second["course_id"] == first["course_id"]) == ("created", False)
    again = await upload(world, "ada", one, name)
    assert (again["outcome"], again["course_id"]) == ("unchanged", first["course_id"])
    newer = await upload(world, "ada", later, name)
    assert (newer["outcome"], newer["course_id"]) == ("updated", first["course_id"])


async def test_a_course_made_here_is_not_replaced_by_one_of_its_slug(world: World) -> None:
    slug = (await world.call("ada", "GET", "/courses/{C1}")).json()["slug"]
    before = await counted(world, str(world.ids["C1"]))
    done = await upload(world, "ada", markdown(f"title: Other\nslug: {slug}", "one", "two"))
    assert (done["outcome"], done["course_id"] == str(world.ids["C1"])) == ("created", False)
    assert await counted(world, str(world.ids["C1"])) == before


async def test_an_archive_without_a_slug_of_an_imported_course_stays_its_own_source(world: World) -> None:
    first = await upload(world, "ada", olx('org="o" course="c" url_name="r"', "one", "two"))
    path = f"/courses/{first['course_id']}"
    slug = (await world.call("ada", "GET", path)).json()["slug"]
    pages = [each["content"] for each in (await counted(world, first["course_id"]))[0] if each["content"]]
    again = await upload(world, "ada", markdown(f"title: {slug}", *pages))
    assert again["course_id"] == first["course_id"]
    same = await upload(world, "ada", markdown(f"title: {slug}", *pages))
    assert (same["outcome"], same["course_id"]) == ("unchanged", first["course_id"])
    assert (await upload(world, "ada", olx('org="o" course="c" url_name="r"', "one", "two")))["course_id"] == first[
        "course_id"
    ]
