"""The grading desk without a browser: what waits, one piece after the other, two graders, the release, comments."""

from typing import Any

import pytest
from sqlalchemy import update

from studium.kit.base.ids import new_id
from studium.models import AttemptStatus, GradeChange, QuizAttempt, Role, User
from tests.answers import ok
from tests.web.school import Tab, tab, text, tree
from tests.web.teacher.grading import essays
from tests.world import World

QUEUE = "/teach/grading"
MARKS = "/teach/courses/{C1}/quizzes/{QX}/marks"


def fields(page: Any) -> dict[str, str]:  # noqa: ANN401 -- an element.
    """What the form of the desk would send as it stands."""
    (form,) = page.xpath("//form[@id='marks']")
    return {**{one.get("name"): one.get("value") for one in form.xpath(".//input[@name]")},
            **{one.get("name"): (one.text or "").removeprefix("\n") for one in form.xpath(".//textarea")}}  # fmt: skip


async def grade(ada: Tab, path: str, **given: str) -> Any:  # noqa: ANN401 -- an answer.
    """Open a piece, write into its form, and send it."""
    sent = fields(tree(await ada.get(path)))
    return await ada.post(path, {**sent, **{name.replace("_", "-"): value for name, value in given.items()}})


async def test_the_queue_is_narrowed_by_links_and_leads_to_the_oldest(world: World):
    await essays(world, 3)
    async with tab(world, "ada") as ada:
        page = await ada.get(QUEUE)
        assert "3 pieces wait" in text(page)
        links = tree(page).xpath("//nav[@aria-label='Filters']/a/@href")
        assert world.filled("/teach/grading?course_id={C1}") in links
        assert tree(page).xpath("//a[@class='btn main']/@href") == [world.filled("/teach/grading/{T-learner0}")]
        of_course = tree(await ada.get("/teach/grading?course_id={C1}"))
        assert world.filled("/teach/grading?course_id={C1}&item_id={QX}") in of_course.xpath("//nav/a/@href")
        of_quiz = tree(await ada.get("/teach/grading?item_id={QX}"))
        assert world.filled("/teach/grading?item_id={QX}&question_id={QX1}") in of_quiz.xpath("//nav/a/@href")
        hidden = await ada.get("/teach/grading?item_id={QX}&names=hidden")
        assert "Learner0" not in text(hidden)
        assert "Learner0" not in text(await ada.get("/teach/grading/{T-learner0}?names=hidden"))
    async with tab(world, "eve") as eve:
        assert "Enjoy the quiet" in text(await eve.get(QUEUE))
        assert (await eve.get("/teach/grading/{T-learner0}")).status_code == 404
        assert (await eve.post("/teach/grading/{T-learner0}", {"p-1": "1", "v": "1"})).status_code == 404
        assert (await eve.get(MARKS)).status_code == 403


async def test_marks_lead_from_piece_to_piece_and_are_released_together(world: World):
    names = await essays(world, 3, release="together")
    async with tab(world, "ada") as ada:
        for place, name in enumerate(names):
            path = f"/teach/grading/{{{name}}}?item_id={{QX}}"
            answer = await grade(ada, path, p_1="2,5" if place else "\u0664\u066b\u0665", f_1="Say *why* & <b>how</b>.")
            after = f"/{{{names[place + 1]}}}" if place + 1 < len(names) else ""
            then = f"/teach/grading{after}?item_id={{QX}}"
            assert (answer.status_code, answer.headers["location"]) == (303, world.filled(then))
        assert "3 marks wait for their release" in text(await ada.get(QUEUE))
        row = await world.row(QuizAttempt, names[0])
        assert (row.status, row.draft and row.draft["marks"]) == (
            AttemptStatus.SUBMITTED,
            {str(world.ids["QX1"]): {"points": "4.5", "feedback": "Say *why* & <b>how</b>."}},
        )
        assert "Release 3 marks" in text(await ada.get(MARKS))
        released = await ada.post("/teach/courses/{C1}/quizzes/{QX}/release")
        assert released.headers["location"] == world.filled(MARKS)
        assert "The marks are released." in text(await ada.get(MARKS))
        assert "Release" not in text(await ada.get(MARKS))
    assert (await world.row(QuizAttempt, names[1])).score == 2.5
    assert await world.count(GradeChange) == 3


def marks_of(page: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 -- an element.
    """Score and state of each learner as the page of the marks has them."""
    rows = page.xpath("//tbody/tr")
    return {
        row.xpath("string(th)").split()[0]: tuple(" ".join(row.xpath(f"string(td[{n}])").split()) for n in (3, 4))
        for row in rows
    }


async def test_drafts_stand_among_the_marks_and_are_said_to_be_no_marks_yet(world: World):
    names = await essays(world, 3, questions=2, release="together")
    async with tab(world, "ada") as ada:
        await grade(ada, f"/teach/grading/{{{names[0]}}}", p_1="5", p_2="3")
        await grade(ada, f"/teach/grading/{{{names[1]}}}", p_1="1")
        assert marks_of(tree(await ada.get(MARKS))) == {
            "Learner0": ("80 % draft", "Not released"),
            "Learner1": ("\u2013", "Partly graded Grade Learner1 Example"),
            "Learner2": ("\u2013", "Grade Learner2 Example"),
        }
        await ada.post("/teach/courses/{C1}/quizzes/{QX}/release")
        assert marks_of(tree(await ada.get(MARKS)))["Learner0"] == ("80 %", "Passed")
        await grade(ada, f"/teach/grading/{{{names[0]}}}", p_1="4")
        assert marks_of(tree(await ada.get(MARKS)))["Learner0"] == ("80 % \u00b7 70 % draft", "Not released")
        assert "80 %" in text(await ada.get(f"{MARKS}?state=graded"))
    async with tab(world, "ada", **{"accept-language": "ar"}) as ada:
        assert marks_of(tree(await ada.get(MARKS)))["Learner0"][0] == "80 % \u00b7 70 % \u0645\u0633\u0648\u062f\u0629"


async def test_what_waits_is_said_at_the_quiz_and_among_the_quizzes(world: World):
    names = await essays(world, 3, release="together")
    quiz, quizzes = "/teach/courses/{C1}/quizzes/{QX}", "/teach/courses/{C1}/quizzes"
    async with tab(world, "ada") as ada:
        await grade(ada, f"/teach/grading/{{{names[0]}}}", p_1="4")
        for place in (quiz, quizzes):
            page = await ada.get(place)
            assert "2 attempts wait for a grader" in text(page)
            assert "1 mark is not released" in text(page)
            links = tree(page).xpath("//main//a/@href")
            assert {world.filled("/teach/grading?item_id={QX}"), world.filled(MARKS)} <= set(links)
        assert "Nobody has handed it in yet." not in text(await ada.get(quiz))
        assert "on average" not in text(await ada.get(quizzes))
        await ada.post("/teach/courses/{C1}/quizzes/{QX}/release")
        assert "3 attempts \u00b7 80 % on average" in text(await ada.get(quizzes))
        assert "Nobody has handed it in yet." in text(await ada.get("/teach/courses/{C1}/quizzes/{Q1}"))


async def test_the_same_marks_twice_are_given_once(world: World):
    (name,) = await essays(world, 1)
    path = f"/teach/grading/{{{name}}}"
    async with tab(world, "ada") as ada:
        sent = {**fields(tree(await ada.get(path))), "p-1": "3", "f-1": "Good."}
        for _ in range(2):  # The second time as an element does whose first answer was lost.
            answer = await ada.post(path, sent, accept="application/json")
            assert (answer.status_code, answer.json()) == (200, {"version": 2})
        assert await world.count(GradeChange) == 1
        assert (await ada.post(path, {**sent, "p-1": "4"}, accept="application/json")).status_code == 412


async def test_another_grader_was_quicker_and_both_are_shown(world: World):
    (name,) = await essays(world, 1)
    path = f"/teach/grading/{{{name}}}"
    async with tab(world, "ada") as ada, tab(world, "root") as root:
        sent = {**fields(tree(await ada.get(path))), "p-1": "3", "f-1": "Mine."}
        assert (await grade(root, path, p_1="1", f_1="Theirs.")).status_code == 303
        refused = await ada.post(path, sent)
        assert refused.status_code == 412
        page = tree(refused)
        assert page.xpath("//*[@data-both and not(@hidden)]//blockquote/text()") == ["Theirs."]
        kept = fields(page)
        assert (kept["p-1"], kept["f-1"], kept["v"]) == ("3", "Mine.", "2")
        assert (await ada.post(path, kept)).status_code == 303
        assert (await world.row(QuizAttempt, name)).score == 3


@pytest.mark.parametrize(
    ("given", "fault"),
    [({"p_1": "5.5"}, "p-1"), ({"p_1": "two"}, "p-1"), ({"p_1": "-1"}, "p-1"), ({"f_1": "Words alone."}, "p-1"),
     ({"p_1": "1e9999999"}, "p-1"), ({"p_1": "1", "f_1": "x" * 5001}, "f-1")],
)  # fmt: skip
async def test_what_does_not_fit_is_shown_again_at_its_field(world: World, given: dict[str, str], fault: str):
    (name,) = await essays(world, 1)
    async with tab(world, "ada") as ada:
        answer = await grade(ada, f"/teach/grading/{{{name}}}", **given)
        assert answer.status_code == 422
        page = tree(answer)
        assert page.xpath("//*[@class='error']/@id") == [f"{fault}-error"]
        assert fields(page)["p-1"] == given.get("p_1", "")
    assert (await world.row(QuizAttempt, name)).draft is None


async def test_a_piece_of_two_essays_waits_until_both_are_marked(world: World):
    names = await essays(world, 2, questions=2)
    async with tab(world, "ada") as ada:
        of_first = "?item_id={QX}&question_id={QX1}"
        answer = await grade(ada, f"/teach/grading/{{{names[0]}}}{of_first}", p_1="2")
        assert answer.headers["location"] == world.filled(f"/teach/grading/{{{names[1]}}}{of_first}")
        assert (await world.row(QuizAttempt, names[0])).score is None
        page = tree(await ada.get(f"/teach/grading/{{{names[0]}}}"))
        assert fields(page)["p-1"] == "2"
        await ada.post(f"/teach/grading/{{{names[0]}}}", {**fields(page), "give-2": "5", "feedback": "Well done."})
        row = await world.row(QuizAttempt, names[0])
        assert (float(row.score or 0), row.feedback, row.status) == (7.0, "Well done.", AttemptStatus.GRADED)
        corrected = await grade(ada, f"/teach/grading/{{{names[0]}}}{of_first}", p_1="1")
        assert corrected.status_code == 303
        assert (await world.row(QuizAttempt, names[0])).score == 6
        await grade(ada, f"/teach/grading/{{{names[1]}}}", p_1="1")
        await grade(ada, f"/teach/grading/{{{names[1]}}}", p_1="")
        assert (await world.row(QuizAttempt, names[1])).draft is None


async def test_comments_are_kept_used_changed_and_deleted(world: World):
    (name,) = await essays(world, 1)
    bank = "/teach/grading/comments"
    async with tab(world, "ada") as ada:
        assert (await ada.post(bank, {"text": " "})).status_code == 422
        assert (await ada.post(bank, {"text": "Say <why>."})).headers["location"] == bank
        kept = ok(await world.call("ada", "GET", "/grading/comments"))["items"][0]
        path = f"/teach/grading/{{{name}}}"
        page = tree(await ada.get(path))
        (button,) = page.xpath("//button[starts-with(@value, 'c-')]/@value")
        shown = await ada.post(path, {**fields(page), "p-1": "2", "f-1": "Well.", "do": button})
        sent = fields(tree(shown))
        assert (shown.status_code, sent["f-1"], sent["p-1"], sent["c"]) == (200, "Well.\nSay <why>.", "2", kept["id"])
        assert (await ada.post(path, sent)).status_code == 303
        assert "used 1 time" in text(await ada.get(bank))
        changed = await ada.post(f"{bank}/{kept['id']}", {"text": "Why?", "v": "9"})
        assert changed.status_code == 412
        assert (await ada.post(f"{bank}/{kept['id']}", {"text": "Why?", "v": "1"})).status_code == 303
        assert (await ada.post(f"{bank}/{kept['id']}/delete", {"v": "2"})).status_code == 303
        assert "Why?" not in text(await ada.get(bank))


async def test_a_page_asks_as_often_for_one_piece_as_for_fifty(world: World):
    await essays(world, 1)
    paths = [QUEUE, f"{QUEUE}?item_id={{QX}}", f"{QUEUE}/{{T-learner0}}", MARKS, f"{QUEUE}/comments"]
    counts = []
    async with tab(world, "ada") as ada:
        for many in (0, 40):
            if many:
                await _more(world, many)
            for path in paths:
                async with world.counting() as statements:
                    assert (await ada.get(path)).status_code == 200
                counts.append(len(statements))
    assert counts[: len(paths)] == counts[len(paths) :]


async def _more(world: World, many: int) -> None:
    row = await world.row(QuizAttempt, "T-learner0")
    columns = {name: getattr(row, name) for name in QuizAttempt.__table__.c.keys()}  # noqa: SIM118 -- no dictionary.
    await world.add(
        *(QuizAttempt(**{**columns, "id": new_id(), "attempt_number": 2 + number}) for number in range(many))
    )


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.ADMIN])
async def test_ones_own_work_is_no_piece_of_the_desk(world: World, role: Role):
    """Whoever learned before they taught sees of it what learners see: no draft of a mark, no key."""
    (piece,) = await essays(world, 1, release="together")
    path = f"{QUEUE}/{{{piece}}}"
    async with tab(world, "ada") as ada:
        await grade(ada, path, p_1="2", f_1="A draft.")
        assert "40 % draft" in text(await ada.get(MARKS))
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["learner0"]).values(role=role))
    async with tab(world, "learner0") as own:
        for query in ("", "?every=1"):
            answer = await own.get(path + query)
            assert answer.headers["location"] == world.filled(f"/attempts/{{{piece}}}/result")
        marks = await own.get(MARKS)
        assert (marks.status_code == 403) is (role is Role.INSTRUCTOR)
        assert "%" not in text(marks)
        answer = await own.post(path, {"p-1": "many", "v": "1"})
        assert answer.status_code in {403, 422}
        assert "A draft." not in answer.text
