"""A lesson that is an assignment: what its page says, and that it is marked as done; nothing is handed in there."""

import pytest

from studium.models import LessonType
from tests.web.school import tab, text, tree
from tests.world import World, lesson

PLACE = "/courses/course-c1/lesson-a1"
NEXT = "/courses/course-c1/lesson-a2"
TEXT = "Measure **one** thing for a week.\n\n## How\n\nWrite it down every evening."
HINT = "Nothing is handed in here. Do it as it is described, then mark it as done."
_DONE = f"//form[@action='{PLACE}/done']"


@pytest.fixture
async def school(world: World) -> World:
    """C1 ends with an assignment, A1, and a text, A2."""
    assignment = lesson(world, "A1", "C1", 8, LessonType.ASSIGNMENT, content=TEXT, duration_minutes=40)
    await world.add(assignment, lesson(world, "A2", "C1", 9, LessonType.TEXT, content="The last words."))
    return world


async def test_an_assignment_says_what_to_do_and_that_nothing_is_handed_in(school: World):
    async with tab(school, "sam") as sam:
        answer = await sam.get(PLACE)
        page = tree(answer)
        assert page.xpath("//h1")[0].text_content() == "Lesson A1"
        assert page.xpath("//div[@class='prose']//strong/text()") == ["one"]
        assert page.xpath("//div[@class='prose']/h2")[0].text_content() == "How"
        for sentence in ("Lesson 5 of 6", "40 min", "Done with this assignment?", HINT, "Mark as done"):
            assert sentence in text(answer), sentence
        assert "Come to the end?" not in text(answer)
        assert page.xpath("//input[@type='file'] | //textarea") == []
        outline = tree(await sam.get("/courses/course-c1"))
        (link,) = outline.xpath(f"//section//ol[contains(@class, 'toc')]//a[@href='{PLACE}']")
        assert "Assignment" in link.text_content()


async def test_an_assignment_is_said_in_arabic(school: World):
    async with tab(school, "sam", **{"accept-language": "ar"}) as sam:
        answer = await sam.get(PLACE)
        for sentence in ("هل أنجزت هذا الواجب؟", "ثم علّمه مكتملًا.", "لا يُسلَّم شيء هنا."):
            assert sentence in text(answer), sentence
        assert tree(answer).xpath("//div[@class='prose']/@dir") == ["auto"]


async def test_an_assignment_leads_to_the_lessons_around_it(school: World):
    async with tab(school, "sam") as sam:
        turn = tree(await sam.get(PLACE)).xpath("//nav[@class='turn']/a")
        around = [(link.get("href"), " ".join(link.text_content().split())) for link in turn]
        assert around == [("/courses/course-c1/lesson-l4", "PreviousLesson L4"), (NEXT, "NextLesson A2")]


async def test_an_assignment_is_marked_as_done_and_leads_on(school: World):
    async with tab(school, "sam") as sam:
        assert len(tree(await sam.get(PLACE)).xpath(f"{_DONE}//button")) == 1
        for _ in range(2):  # Again is no harm.
            done = await sam.post(f"{PLACE}/done")
            assert (done.status_code, done.headers["location"]) == (303, NEXT)
        assert "1 of 6 lessons" in text(await sam.get("/courses/course-c1"))
        after = await sam.get(PLACE)
        assert "You have done this lesson." in text(after)
        assert HINT not in text(after)
        assert tree(after).xpath(_DONE) == []


@pytest.mark.parametrize("who", ["ada", "root"])
async def test_who_runs_the_course_reads_an_assignment_without_doing_it(school: World, who: str):
    async with tab(school, who) as visitor:
        answer = await visitor.get(PLACE)
        assert "Write it down every evening." in text(answer)
        assert tree(answer).xpath(_DONE) == []
        assert (await visitor.post(f"{PLACE}/done")).status_code == 404


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("mia", 403), ("eve", 403)])
async def test_an_assignment_is_for_learners_of_the_course(school: World, who: str | None, status: int):
    async with tab(school, who) as visitor:
        assert (await visitor.get(PLACE)).status_code == status


async def test_an_assignment_without_a_text_says_so(school: World):
    path = f"/courses/{school.ids['C1']}/lessons/{school.ids['A1']}"
    assert (await school.call("ada", "PATCH", path, json={"content": None})).status_code == 200
    async with tab(school, "sam") as sam:
        answer = await sam.get(PLACE)
        assert "There is nothing to read in this lesson." in text(answer)
        assert len(tree(answer).xpath(_DONE)) == 1
