"""A quiz without a script: start, save, submit, see the result; what others get of it; what comes too late."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from studium.kit.base.clock import now
from studium.models import AttemptStatus, Enrollment, EnrollmentStatus, Lesson, MarksRelease, Quiz, QuizAttempt
from tests.web.attempts import answers, attempt_of, questions, take_quizzes
from tests.web.school import Tab, tab, text, tree
from tests.web.test_forms import HOSTILE
from tests.world import World

JSON = {"accept": "application/json"}


async def started(sam: Tab, quiz: str = "Q1") -> str:
    answer = await sam.post(f"/quizzes/{{{quiz}}}/start")
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_a_learner_takes_a_quiz_from_its_lesson_to_the_result(world: World):
    async with tab(world, "sam") as sam:
        lesson = tree(await sam.get("/courses/course-c1/lesson-l3"))
        assert lesson.xpath("//a[contains(@class, 'main')]/@href") == [world.filled("/quizzes/{Q1}")]
        rules = text(await sam.get("/quizzes/{Q1}"))
        assert "70 % of the points" in rules
        assert "3 of 3 left" in rules
        attempt = await started(sam)
        assert await started(sam) == attempt  # Going on is no second attempt.
        page = tree(await sam.get(attempt))
        assert page.xpath("//body/@class") == ["focusmode"]
        number = page.xpath("//input[@value='right']/@name")[0][2:]
        saved = await sam.post(attempt, {f"v-{number}": 0, f"a-{number}": "right", "do": "save"})
        assert (saved.status_code, saved.headers["location"]) == (303, attempt)
        again = await sam.get(attempt)
        assert "Your answers are saved." in text(again)
        assert tree(again).xpath("//input[@checked]/@value") == ["right"]
        asked = await sam.post(attempt, {f"v-{number}": 2, f"a-{number}": "right", "do": "submit"})
        assert asked.headers["location"] == f"{attempt}/submit"
        assert "Submit with 1 open question?" in text(await sam.get(f"{attempt}/submit"))
        for _ in range(2):  # Submitting again is no harm.
            assert (await sam.post(f"{attempt}/submit")).headers["location"] == f"{attempt}/result"
        result = text(await sam.get(f"{attempt}/result"))
        assert "Not passed, with 50 %" in result
        assert "You can still take this quiz again." in result
        assert (await sam.get(attempt)).headers["location"] == f"{attempt}/result"
        assert "2 of 3 left" in text(await sam.get("/quizzes/{Q1}"))


async def test_every_type_of_question_is_asked_saved_and_shown(world: World):
    given = {"a-1": "b", "a-2": ["a", "c"], "a-3": "true", "a-4": "5 < 6 & 7", "a-5": "Long\r\n<b>text</b>"}
    await world.add(attempt_of(world, "T1", "Q2", []))
    async with tab(world, "sam") as sam:
        saved = await sam.post("/attempts/{T1}", {**{f"v-{n}": 0 for n in range(1, 6)}, **given})
        assert saved.status_code == 303
        page = tree(await sam.get("/attempts/{T1}"))
        assert page.xpath("//input[@checked]/@value") == ["b", "a", "c", "true"]
        assert page.xpath("//input[@id='a-4']/@value") == ["5 < 6 & 7"]
        assert page.xpath("//textarea/text()")[0].strip() == "Long\n<b>text</b>"
        assert page.xpath("//input[starts-with(@name, 'v-')]/@value") == ["2"] * 5
        await sam.post("/attempts/{T1}/submit")
        answer = await sam.get("/attempts/{T1}/result")
        assert "Being graded" in text(answer)
        assert tree(answer).xpath("//b[text()='text']") == []
        assert "5 < 6 & 7" in text(answer)


async def test_a_result_shows_the_key_and_why_where_the_api_does(world: World):
    await take_quizzes(world)
    async with tab(world, "sam") as sam:
        shown, hidden = await sam.get("/attempts/{T3}/result"), await sam.get("/attempts/{T2}/result")
        page = tree(shown)
        assert [one.text_content() for one in page.xpath("//header/span[contains(@class, 'badge')]")] == [
            *("0 of 1", "1.5 of 1.5", "1 of 1", "0 of 1", "0 of 1")
        ]
        assert "4 · four" in text(shown)
        assert "Count on your fingers." in text(shown)
        assert page.xpath("//article//a/@href")[0] == "/courses/course-c1/lesson-l4"
        assert "Count on your fingers." not in text(hidden)
        assert tree(hidden).xpath("//*[contains(@class, 'right') or contains(@class, 'wrong')]") == []
    async with tab(world, "ada") as ada:
        assert "Count on your fingers." in text(await ada.get("/attempts/{T2}/result"))


@pytest.mark.parametrize(
    ("who", "status", "own"), [(None, 303, 401), ("mia", 404, 404), ("eve", 404, 404), ("ada", 303, 403)]
)
async def test_an_attempt_is_its_learners_alone(world: World, who: str | None, status: int, own: int):
    await take_quizzes(world)
    before = await world.row(QuizAttempt, "T1")
    async with tab(world, who) as visitor:
        assert (await visitor.get("/attempts/{T1}")).status_code == status
        assert (await visitor.get("/attempts/{T1}/submit")).status_code == status
        for path in ("/attempts/{T1}", "/attempts/{T1}/submit"):
            assert (await visitor.post(path, {"v-1": 1, "a-1": "b"})).status_code == own
        result = (await visitor.get("/attempts/{T3}/result")).status_code
        assert result == (200 if who == "ada" else status)
    after = await world.row(QuizAttempt, "T1")
    assert (after.status, after.answers, after.version) == (before.status, before.answers, before.version)


@pytest.mark.parametrize(
    ("who", "published", "status"), [("sam", False, 404), ("ada", False, 200), ("mia", True, 403), ("eve", True, 403)]
)
async def test_a_quiz_is_seen_by_whom_the_api_shows_it(world: World, who: str, *, published: bool, status: int):
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Quiz, world.ids["Q1"])).is_published = published
    async with tab(world, who) as visitor:
        assert (await visitor.get("/quizzes/{Q1}")).status_code == status
        expected = {404: 404, 403: 403, 200: 403}[status]
        assert (await visitor.post("/quizzes/{Q1}/start")).status_code == expected
    assert await world.count(QuizAttempt) == 0


async def test_an_attempt_outlives_its_quiz_being_hidden_and_its_lesson(world: World):
    await take_quizzes(world)
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Quiz, world.ids["Q2"])).is_published = False
        lesson = await session.get_one(Lesson, world.ids["L4"])
        lesson.archived_at, lesson.order_index = now(), -1
    async with tab(world, "sam") as sam:
        page = tree(await sam.get("/attempts/{T3}/result"))
        assert page.xpath("//article//a/@href")[0] == "/courses/course-c1"


async def test_without_attempts_or_enrollment_nothing_begins_and_the_page_says_so(world: World):
    done = {"status": AttemptStatus.GRADED}
    await world.add(*(attempt_of(world, f"T{n}", "Q1", answers("b"), attempt_number=n, **done) for n in (1, 2, 3)))
    async with tab(world, "sam") as sam:
        refused = await sam.post("/quizzes/{Q1}/start")
        assert refused.status_code == 409
        assert "You have used all your attempts." in text(refused)
        assert tree(refused).xpath("//form[contains(@action, 'start')]") == []
        assert "Count on your fingers." in text(await sam.get("/attempts/{T1}/result"))  # Now nothing is left to win.


async def test_who_has_left_the_course_keeps_what_was_typed(world: World):
    await take_quizzes(world)
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Enrollment, world.ids["E1"])).status = EnrollmentStatus.DROPPED
    async with tab(world, "sam") as sam:
        refused = await sam.post("/attempts/{T1}", {"v-4": 7, "a-4": "my words"})
        assert refused.status_code == 409
        assert "You have left this course." in text(refused)
        assert tree(refused).xpath("//input[@id='a-4']/@value") == ["my words"]
        assert tree(refused).xpath("//input[@name='v-4']/@value") == ["7"]  # Not that of an answer saved meanwhile.


async def test_when_the_time_is_up_what_was_saved_counts(world: World):
    deadline = now() - timedelta(minutes=1)
    await world.add(
        attempt_of(world, "T1", "Q1", answers("a"), deadline_at=deadline),
        attempt_of(world, "T2", "Q2", answers("a"), deadline_at=deadline),
    )
    async with tab(world, "sam") as sam:
        typed = {"v-1": 1, "a-1": "b", "v-3": 0, "v-5": 0, "a-5": "my <b>essay</b>"}
        late = await sam.post("/attempts/{T1}", typed)
        assert late.status_code == 409
        assert "These answers came too late" in text(late)
        page = tree(late)
        assert page.xpath("//div[@class='given-text']/text()") == ["B 1", "my <b>essay</b>"]
        assert page.xpath("//main//a[contains(@class, 'main')]/@href") == [world.filled("/attempts/{T1}/result")]
        wrong = await sam.post("/attempts/{T1}", {**typed, "a-5": "torn\x0coff"})
        assert (wrong.status_code, "torn\x0coff" in wrong.text) == (422, True)
        same = await sam.post("/attempts/{T1}", {"v-1": 1, "a-1": "a", "v-5": 0, "a-5": " "})
        assert (same.status_code, same.headers["location"]) == (303, world.filled("/attempts/{T1}/result"))
        assert "The time was up" in text(await sam.get("/attempts/{T1}/result"))
        refused = await sam.post("/attempts/{T2}", {"v-1": 1, "a-1": "b"}, **JSON)
        assert (refused.status_code, refused.json()["code"]) == (409, "time_limit_exceeded")
    for name in ("T1", "T2"):
        row = await world.row(QuizAttempt, name)
        assert (row.status, row.submitted_at) == (AttemptStatus.GRADED, deadline)
        assert (row.answers or [])[0]["selected_option_ids"] == ["a"]


async def test_a_newer_answer_of_another_device_stays_and_both_are_shown(world: World):
    await take_quizzes(world)
    async with tab(world, "sam") as phone, tab(world, "sam") as laptop:
        await phone.post("/attempts/{T1}", {"v-4": 1, "a-4": "from the phone", "v-3": 0, "a-3": "true"})
        answer = await laptop.post("/attempts/{T1}", {"v-4": 1, "a-4": "from the laptop", "v-1": 1, "a-1": "c"})
        assert answer.status_code == 409
        page = tree(answer)
        assert page.xpath("//input[@id='a-4']/@value") == ["from the phone"]
        assert page.xpath("//blockquote/text()") == ["from the laptop"]
        saved = {one["question_id"]: one for one in (await world.row(QuizAttempt, "T1")).answers or []}
        ids = [str(one["id"]) for one in questions()]
        assert saved[ids[3]]["answer_text"] == "from the phone"
        assert saved[ids[0]]["selected_option_ids"] == ["c"]
        version = page.xpath("//input[@name='v-4']/@value")[0]
        assert (await laptop.post("/attempts/{T1}", {"v-4": version, "a-4": "again"})).status_code == 303


async def test_a_character_that_cannot_be_saved_loses_no_other_answer(world: World):
    await take_quizzes(world)
    typed = {"v-1": 1, "a-1": "c", "v-4": 1, "a-4": "from a\x0cPDF", "v-5": 0, "a-5": "a whole essay"}
    async with tab(world, "sam") as sam:
        refused = await sam.post("/attempts/{T1}", typed)
        assert refused.status_code == 422
        page = tree(refused)
        assert page.xpath("//textarea[@id='a-5']/text()")[0].strip() == "a whole essay"
        assert page.xpath("//input[@checked]/@value")[0] == "c"
        assert "from a\x0cPDF" in refused.text
        (link,) = page.xpath("//div[@class='summary']//a")
        assert (link.get("href"), link.text) == ("#q4", "Question 4: This has characters that cannot be saved")
        assert (await sam.post("/attempts/{T1}", {**typed, "a-4": "from a PDF"})).status_code == 303


async def test_spaces_are_no_answer_and_no_conflict(world: World):
    await take_quizzes(world)
    async with tab(world, "sam") as sam:
        assert (await sam.post("/attempts/{T1}", {"v-5": 0, "a-5": " \r\n"})).status_code == 303
        assert len((await world.row(QuizAttempt, "T1")).answers or []) == 3
        chosen = {"v-2": 1, "a-2": ["c", "a"]}  # As saved, in another order, and of an older version.
        assert (await sam.post("/attempts/{T1}", {**chosen, "v-2": 0})).status_code == 303


async def test_texts_of_several_questions_share_no_id(world: World):
    asked = questions(4)
    for one in asked:
        one["question_text"] = one["explanation"] = '## Heading\n\nText.[^1] [up](#h-heading) `id="x"`\n\n[^1]: Note.'
    done = {"status": AttemptStatus.GRADED, "questions": asked}
    open_one = attempt_of(world, "T1", "Q1", [], questions=asked)
    await world.add(open_one, attempt_of(world, "T2", "Q2", answers("a", "a,c", "true", "4"), **done))
    async with tab(world, "sam") as sam:
        for path, texts in (("/attempts/{T1}", 4), ("/attempts/{T2}/result", 8)):
            page = tree(await sam.get(path))
            ids = page.xpath("//@id")
            assert len(ids) == len(set(ids))
            links = page.xpath("//*[contains(@class, 'question')]//div//a[starts-with(@href, '#')]/@href")
            assert len(links) == 3 * texts
            assert {link[1:] for link in links} <= set(ids)
            assert set(page.xpath("//code/text()")) == {'id="x"'}


async def test_an_element_hears_what_is_saved_and_what_stands_there_instead(world: World):
    await take_quizzes(world)
    ids = [str(one["id"]) for one in questions()]
    async with tab(world, "sam", **JSON) as sam:
        told = (await sam.get("/attempts/{T1}")).json()
        assert (told["status"], told["version"], len(told["answers"])) == ("in_progress", 1, 3)
        assert 1100 < told["seconds_left"] <= 1140
        saved = await sam.post("/attempts/{T1}", {"v-3": 0, "a-3": "false"})
        assert saved.headers["cache-control"] == "no-store"
        assert saved.json()["answers"] == [
            {"question_id": ids[2], "selected_option_ids": [], "answer_text": "false", "version": 2}
        ]
        stale = (await sam.post("/attempts/{T1}", {"v-3": 0, "a-3": "true"})).json()
        assert [(one["answer_text"], one["version"]) for one in stale["answers"]] == [("false", 2)]
        again = (await sam.post("/attempts/{T1}", {"v-3": 0, "a-3": "false"})).json()
        assert [(one["answer_text"], one["version"]) for one in again["answers"]] == [("false", 2)]
        assert (await sam.post("/attempts/{T1}/submit")).json()["status"] == "graded"
        twice = await sam.post("/attempts/{T1}/submit")
        assert (twice.status_code, twice.json()["code"]) == (409, "attempt_already_submitted")
    async with tab(world, **JSON) as nobody:
        for answer in (await nobody.get("/attempts/{T1}"), await nobody.post("/attempts/{T1}", {"v-1": 1})):
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_hostile_in_an_answer_is_markup_or_an_error_of_ours(world: World):
    await take_quizzes(world)
    async with tab(world, "sam") as sam:
        for hostile in [*HOSTILE, "9" * 5000, "-1", "1e9", "٣"]:
            for fields in ({"v-4": 1, "a-4": hostile}, {"v-1": 1, "a-1": hostile}, {"v-5": hostile, "a-5": hostile}):
                answer = await sam.post("/attempts/{T1}", fields)
                assert answer.status_code in {303, 409, 422}, (fields, hostile)
                if answer.status_code != 303:
                    page = tree(answer)
                    assert page.xpath("//script[not(@src)] | //img | //*[@onerror or @onfocus]") == []
        for path in ("/quizzes/x", "/attempts/x", "/attempts/x/result"):
            assert (await sam.get(path)).status_code in {404, 422}
        assert (await sam.post("/attempts/x", {"v-1": "1"})).status_code in {404, 422}
        assert (await sam.post("/quizzes/x/start")).status_code in {404, 422}
        assert (await sam.post("/attempts/{T1}", {"a-1": ["x"] * 12_001})).status_code == 400


async def test_a_page_of_many_questions_costs_as_many_statements_as_one_of_few(world: World):
    few, many = questions(1), questions(40)
    await world.add(attempt_of(world, "T1", "Q1", [], questions=few), attempt_of(world, "T2", "Q2", [], questions=many))
    counts = []
    for name in ("T1", "T2"):
        async with tab(world, "sam") as sam, world.counting() as seen:
            assert (await sam.get(f"/attempts/{{{name}}}")).status_code == 200
        counts.append(len(seen))
    assert counts == [2, 2]


async def test_extra_time_and_attempts_are_said_before_the_start(world: World):
    async with world.runtime.database.write_session() as session:
        row = (await session.execute(select(Quiz).where(Quiz.id == world.ids["Q1"]))).scalar_one()
        row.time_limit_minutes, row.passing_score = 30, Decimal("66.50")
    path = "/courses/{C1}/quizzes/{Q1}/accommodations/{sam}"
    body = {"extra_time_percent": 50, "extra_attempts": 1}
    assert (await world.call("ada", "PUT", path, json=body)).status_code == 201
    async with tab(world, "sam") as sam:
        said = text(await sam.get("/quizzes/{Q1}"))
        assert "45 min, of which 15 min are your extra time" in said
        assert "4 of 4 left" in said
        assert "66.5 % of the points" in said
        assert "of 45 min" in text(await sam.get(await started(sam)))


@pytest.mark.parametrize(("essay", "release"), [(True, "together"), (True, "at_once"), (False, "together")])
async def test_who_waits_for_a_grader_or_a_release_hears_it_before_the_start(
    world: World, *, essay: bool, release: str
):
    if essay:
        body = {"question_text": "Why?", "question_type": "essay"}
        assert (await world.call("ada", "POST", "/courses/{C1}/quizzes/{Q1}/questions", json=body)).status_code == 201
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Quiz, world.ids["Q1"])).release = MarksRelease(release)
    async with tab(world, "sam") as sam:
        said = text(await sam.get("/quizzes/{Q1}"))
    assert ("Your teacher grades the essays." in said) is essay
    assert ("released." in said or "releases it." in said) is (release == "together")
    assert "You see your score" not in said
