"""The demo course of Open edX, as it is published: its outline, its keys, and a learner who goes all the way."""

from collections import Counter
from pathlib import Path

from lxml import etree

from studium.modules.exchange.model.items import ImportOutcome
from tests.importing.studio import DEMO, contents, exported, needs_demo, read, tarred, upload, walk_through
from tests.world import World

pytestmark = needs_demo
KEYS = {
    "Which structure is responsible for preventing food": "B. Epiglottis",
    "What kind of fish is this?": "Jellyfish",
    "What is \\\\(120": "600",
    "In the field below, enter one of the names": "Doc|Sleepy|Dopey|Grumpy|Happy|Bashful|Sneezy",
    "Which animal was often used": "Lion",
    "What is the capital city of Australia?": "Canberra",
    "On average, a resting adult": "12",
    "Which of the following animals engage": "Monarch butterfly|Arctic tern",
}


def names(tag: str, under: etree._Element) -> list[str]:
    return [each.get("url_name", "") for each in under.iter(tag)]


def parsed(kind: str, name: str) -> etree._Element:
    return etree.parse(DEMO / "course" / kind / f"{name}.xml").getroot()


def test_the_outline_is_the_same_in_order(tmp_path: Path) -> None:
    item = read(DEMO, tmp_path)
    expected = []
    for chapter in names("chapter", parsed("course", "DemoCourse")):
        expected.append(f"chapter/{chapter}")
        for sequential in names("sequential", parsed("chapter", chapter)):
            expected.append(f"sequential/{sequential}")
            expected += [f"vertical/{each}" for each in names("vertical", parsed("sequential", sequential))]
    assert [item.lesson_ids[lesson.slug] for lesson in item.course.lessons] == expected
    assert Counter(lesson.depth for lesson in item.course.lessons) == {0: 6, 1: 17, 2: 58}


def test_every_supported_problem_is_a_question_with_the_right_key(tmp_path: Path) -> None:
    item = read(DEMO, tmp_path)
    questions = [each for lesson in item.course.lessons if lesson.quiz for each in lesson.quiz.questions]
    assert len(questions) == 25
    for beginning, key in KEYS.items():
        question = next(each for each in questions if each.question_text.startswith(beginning))
        right = "|".join(option.text for option in question.options if option.is_correct)
        assert (question.correct_answer or right) == key
    table = [each for each in questions if "scientific discoveries" in each.question_text]
    assert [option.text for each in table for option in each.options if option.is_correct] == [
        "Albert Einstein", "Germany", "Dmitri Mendeleev", "Russia", "Sir Isaac Newton", "England", "Jonas Salk", "USA",
    ]  # fmt: skip


def test_the_report_names_every_component(tmp_path: Path) -> None:
    item = read(DEMO, tmp_path)
    places = {each.place.rpartition(":")[0] for each in item.report}
    for kind in ("problem", "video", "html", "lti", "library_content", "annotatable"):
        used = {
            f"course/{kind}/{name}.xml"
            for folder in ("vertical", "library_content")
            for path in (DEMO / "course" / folder).glob("*.xml")
            for name in names(kind, etree.parse(path).getroot())
            if name and (DEMO / "course" / kind / f"{name}.xml").exists()
        }
        assert used <= places
    assert all(each.why for each in item.report if each.fate is not ImportOutcome.IMPORTED)


async def test_a_learner_walks_it_and_it_comes_back_the_same(world: World) -> None:
    done = await upload(world, "ada", tarred(contents(DEMO)), "demo.tar.gz")
    assert (done["status"], done["outcome"]) == ("done", "created"), done["fault"]
    published = await world.call("ada", "POST", f"/courses/{done['course_id']}/publish")
    assert published.json()["lessons_count"] == 81
    first = await exported(world, "ada", done["course_id"])
    again = await upload(world, "ada", first)
    assert (again["format"], again["outcome"], again["course_id"]) == ("markdown", "unchanged", done["course_id"])
    assert await exported(world, "ada", done["course_id"]) == first
    enrollment = await walk_through(world, "ada", "mia", done["course_id"])
    assert enrollment["status"] == "completed"
    await world.jobs()
    mine = (await world.call("mia", "GET", "/certificates/my-certificates")).json()["items"]
    assert [each["course_title"] for each in mine] == ["Open edX Demo Course"]
