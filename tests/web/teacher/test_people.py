"""A course's learners on pages: the roster, one learner, people by a list, invitations, codes."""

import csv
from datetime import timedelta
from itertools import islice
from uuid import UUID

import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import (
    Certificate,
    Course,
    CourseInvitation,
    Enrollment,
    EnrollmentStatus,
    GradingComment,
    JoinCode,
    Lesson,
    Quiz,
    QuizAccommodation,
    QuizAttempt,
    User,
)
from studium.web.teacher.people.routes_arrivals import FORM_MAX, addresses
from tests.answers import ok
from tests.quizzes.helpers import ESSAY, TRUTH
from tests.quizzes.test_release import graded_by_hand, held, released
from tests.web.attempts import take_quizzes
from tests.web.hostile_texts import hostile_texts
from tests.web.school import tab, text, tree
from tests.web.test_hostile_pages import harm
from tests.world import World, add_students

LEARNERS = "/teach/courses/{C1}/learners"
NAMES = "//th[@role='rowheader']//bdi/text()"


async def let_in(world: World, many: int, **facts: object) -> None:
    """So many learners more in C1."""
    at = now()
    have = sum(name.startswith("pupil") for name in world.ids)
    names = [f"pupil{have + number:03}" for number in range(many)]
    await add_students(world, *names)
    rows = []
    for place, name in enumerate(names):
        world.ids[f"E-{name}"] = new_id()
        own = {"student_id": world.ids[name], "enrolled_at": at - timedelta(days=30, minutes=place), **facts}
        rows.append(Enrollment(id=world.ids[f"E-{name}"], course_id=world.ids["C1"], total_lessons_count=4, **own))
    await world.add(*rows)


async def test_the_roster_is_narrowed_searched_and_turned_by_links(world: World):
    await let_in(world, 60)
    async with world.runtime.database.write_session() as session:
        seen = update(Enrollment).where(Enrollment.id == world.ids["E-pupil001"]).values(last_accessed_at=now())
        await session.execute(seen)
        left = (
            update(Enrollment).where(Enrollment.id == world.ids["E-pupil002"]).values(status=EnrollmentStatus.DROPPED)
        )
        await session.execute(left)
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(LEARNERS))
        assert len(page.xpath(NAMES)) == 50
        (more,) = page.xpath("//nav[@aria-label='Pages']/a[last()]/@href")
        assert len(tree(await ada.get(more)).xpath(NAMES)) == 11
        silent = tree(await ada.get(f"{LEARNERS}?silent_days=14"))
        assert silent.xpath("//nav[@aria-label='Filters']/a[@aria-current]/b/text()") == ["58"]
        assert tree(await ada.get(f"{LEARNERS}?status=dropped")).xpath(NAMES) == ["Pupil002 Example"]
        assert tree(await ada.get(f"{LEARNERS}?q=pupil00&silent_days=14")).xpath("count(//tbody/tr)") == 8
        stuck = tree(await ada.get(f"{LEARNERS}?silent_days=7&lesson_id={{L1}}"))
        assert stuck.xpath("//details[@open]//a[@aria-current]/b/text()") == ["58"]
        assert "Nobody here" in text(await ada.get(f"{LEARNERS}?lesson_id={{L2}}"))
        table = await ada.get(f"{LEARNERS}.csv?status=active")
        assert table.headers["content-type"].startswith("text/csv")
        assert len(table.text.splitlines()) == 61
        assert (await ada.get(f"{LEARNERS}?silent_days=0")).status_code == 422


async def test_the_roster_says_where_each_learner_stands_and_the_best_result(world: World):
    await take_quizzes(world)
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(LEARNERS))
        (sam,) = ok(await world.call("ada", "GET", "/enrollments/courses/{C1}"))["items"]
        cells = {one.get("data-label"): one.text_content().strip() for one in page.xpath("//tbody/tr[1]/td")}
        assert cells["Stands at"] == sam["next_lesson_title"]
        assert cells["Best"] == f"{sam['best_percentage']:g} %"
        rows = list(csv.DictReader((await ada.get(f"{LEARNERS}.csv")).text.lstrip("\ufeff").splitlines()))
        assert (rows[0]["next_lesson_title"], float(rows[0]["best_percentage"])) == (
            sam["next_lesson_title"],
            sam["best_percentage"],
        )
        arabic = tree(await ada.get(LEARNERS, **{"accept-language": "ar"}))
        heads = arabic.xpath("//thead//th/text()")
        assert ("يقف عند" in heads, "الأفضل" in heads) == (True, True)
        through = {"status": EnrollmentStatus.COMPLETED, "completed_at": now(), "progress_percentage": 100}
        async with world.runtime.database.write_session() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(through))
        done = tree(await ada.get(LEARNERS)).xpath("//tbody/tr[1]/td[@data-label='Stands at']/text()")
        assert done == ["\u2013"]


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("sam", 403), ("eve", 403), ("ada", 200), ("root", 200)])
async def test_only_who_runs_the_course_sees_its_learners(world: World, who: str | None, status: int):
    async with tab(world, who) as visitor:
        for path in (
            LEARNERS,
            f"{LEARNERS}/{{E1}}",
            f"{LEARNERS}/enroll",
            f"{LEARNERS}/invitations",
            f"{LEARNERS}.csv",
        ):
            assert (await visitor.get(path)).status_code == status, path
        if status == 403:
            for path in (f"{LEARNERS}/enroll", f"{LEARNERS}/bulk", f"{LEARNERS}/codes", f"{LEARNERS}/{{E1}}/status"):
                sent = {"people": "x@y.example", "step": "drop", "who": str(world.ids["E1"]), "status": "dropped"}
                assert (await visitor.post(path, sent)).status_code == 403, path


async def test_one_learner_is_shown_allowed_more_taken_out_and_brought_back(world: World):
    await take_quizzes(world)
    path = f"{LEARNERS}/{{E1}}"
    async with tab(world, "ada") as ada:
        page = await ada.get(path)
        assert "Sam Example" in text(page)
        assert len(tree(page).xpath("//section[@aria-labelledby='attempts']//tbody/tr")) == 4
        assert (await ada.get("/teach/courses/{C1}/learners/{E3}")).status_code == 404
        allowed = f"{path}/quizzes/{{Q1}}"
        refused = await ada.post(allowed, {"extra_time_percent": "lots", "v": "0"})
        assert refused.status_code == 422
        assert (await ada.post(allowed, {"extra_time_percent": "50", "v": "0"})).status_code == 303
        assert "+50 %" in text(await ada.get(path))
        assert (await ada.post(allowed, {"extra_time_percent": "25", "v": "7"})).status_code == 412
        assert (await ada.post(allowed, {"extra_time_percent": "", "v": "1"})).status_code == 303
        assert await world.count(QuizAccommodation) == 0
        row = await world.row(Enrollment, "E1")
        assert (await ada.post(f"{path}/status", {"status": "dropped", "v": str(row.version)})).status_code == 303
        assert (await ada.post(f"{path}/status", {"status": "active", "v": str(row.version)})).status_code == 412
        again = await world.row(Enrollment, "E1")
        assert again.status is EnrollmentStatus.DROPPED
        assert (await ada.post(f"{path}/status", {"status": "active", "v": str(again.version)})).status_code == 303
        assert (await world.row(Enrollment, "E1")).status is EnrollmentStatus.ACTIVE


async def test_admins_revoke_a_certificate_with_a_reason(world: World):
    revoke = "/teach/courses/{C3}/learners/{E3}/certificates/{X3}/revoke"
    async with tab(world, "root") as root, tab(world, "ada") as ada:
        assert "Revoke" not in text(await ada.get("/teach/courses/{C3}/learners/{E3}"))
        assert (await ada.post(revoke, {"reason": "x"})).status_code == 403
        assert (await root.post(revoke, {"reason": " "})).status_code == 422
        assert (await root.post(revoke, {"reason": "A <b>mistake</b>."})).status_code == 303
        assert "A <b>mistake</b>." in text(await ada.get("/teach/courses/{C3}/learners/{E3}"))
    assert (await world.row(Certificate, "X3")).is_revoked


async def test_addresses_that_are_none_are_refused_not_errors(world: World):
    await take_quizzes(world)
    async with tab(world, "ada") as ada, tab(world, "sam") as sam:
        for path in ("/x/status", "/x/quizzes/{Q1}", "/{E1}/quizzes/x", "/{E1}/certificates/x/revoke"):
            assert (await ada.post(f"{LEARNERS}{path}", {"v": "1"})).status_code in {404, 422}, path
        for part in ("enroll", "bulk/do", "codes", "invitations/x/withdraw"):
            assert (await ada.post(f"/teach/courses/x/learners/{part}")).status_code in {404, 422}, part
        for wrong in ({}, {"step": "fly", "who": "{E1}"}, {"step": "drop", "who": "x"}):
            assert (await ada.post(f"{LEARNERS}/bulk/do", wrong)).status_code == 422, wrong
        for do in ("c-", "c-5", "c-5-x", "c-x-y-z"):
            assert (await ada.post("/teach/grading/{T4}", {"do": do})).status_code in {200, 404, 422}, do
        for path in ("x", "{T4}?item_id=x", "{T4}?question_id={C1}"):
            answer = await ada.post(f"/teach/grading/{path}", {"p-1": "many", "v": "y"})
            assert answer.status_code in {303, 404, 422}, path
        for path in ("{T4}", "comments", "comments/x", "comments/x/delete"):
            assert (await sam.post(f"/teach/grading/{path}", {"p-5": "1", "text": "x"})).status_code in {403, 404, 422}


async def test_several_are_shown_first_and_then_taken_out_brought_back_or_given_time(world: World):
    await let_in(world, 3)
    who = [str(world.ids[f"E-pupil00{place}"]) for place in range(3)]
    async with tab(world, "ada") as ada:
        assert (await ada.post(f"{LEARNERS}/bulk", {"step": "drop"})).status_code == 422
        asked = await ada.post(f"{LEARNERS}/bulk", {"step": "drop", "who": [*who, str(world.ids["E3"])]})
        assert "3 learners leave the course." in text(asked)
        assert "1 of those chosen stays as it is." in text(asked)
        assert (await world.row(Enrollment, "E-pupil000")).status is EnrollmentStatus.ACTIVE
        assert (await ada.post(f"{LEARNERS}/bulk/do", {"step": "drop", "who": who})).status_code == 303
        assert (await world.row(Enrollment, "E-pupil002")).status is EnrollmentStatus.DROPPED
        assert (await ada.post(f"{LEARNERS}/bulk/do", {"step": "restore", "who": who[:1]})).status_code == 303
        assert (await world.row(Enrollment, "E-pupil000")).status is EnrollmentStatus.ACTIVE
        given = {"step": "time", "who": who, "quiz_id": str(world.ids["Q1"]), "extra_time_percent": "900"}
        refused = await ada.post(f"{LEARNERS}/bulk/do", given)
        assert (refused.status_code, tree(refused).xpath("//input[@id='extra_time_percent']/@value")) == (422, ["900"])
        assert (await ada.post(f"{LEARNERS}/bulk/do", {**given, "extra_time_percent": "50"})).status_code == 303
    assert await world.count(QuizAccommodation) == 3


async def test_a_list_says_first_what_would_become_of_each(world: World):
    typed = "Sam <sam@school.example>,\nnew@out.example; nobody\nnew@out.example\nmia@school.example"
    async with tab(world, "root") as root:
        plan = await root.post(f"{LEARNERS}/enroll", {"people": typed, "notify": "1"})
        rows = {
            str(row.xpath("string(.//bdi)")): row.xpath("string(td[1])").strip()
            for row in tree(plan).xpath("//tbody/tr")[::-1]
        }
        assert plan.status_code == 200
        assert (rows["sam@school.example"], rows["mia@school.example"], rows["nobody"]) == (
            "is in the course already",
            "is enrolled",
            "is left out",
        )
        assert "It is in the list before." in text(plan)
        assert await world.count(CourseInvitation) == 0
        assert await world.count(Enrollment) == 2
        done = await root.post(f"{LEARNERS}/enroll", {"people": typed, "do": "enroll"})
        assert done.headers["location"] == world.filled(LEARNERS)
        assert (await world.count(CourseInvitation), await world.count(Enrollment)) == (1, 3)
        assert "new@out.example" in text(await root.get(f"{LEARNERS}/invitations"))
    async with tab(world, "ada") as ada:
        for people, code in (("", 422), ("a@b.example " * 1001, 422), (f"x@y.example {'z' * 600_000}", 422)):
            assert (await ada.post(f"{LEARNERS}/enroll", {"people": people})).status_code == code
        told = text(await ada.post(f"{LEARNERS}/enroll", {"people": "mia@school.example no-account@out.example"}))
        assert "There is no account" not in told


async def test_invitations_are_withdrawn_and_codes_made_used_and_revoked(world: World):
    at = now()
    world.ids["I9"] = new_id()
    dates = {"created_at": at, "expires_at": at + timedelta(days=30)}
    await world.add(
        CourseInvitation(
            id=world.ids["I9"], course_id=world.ids["C1"], email="x@y.example", invited_by=world.ids["ada"], **dates
        )
    )
    async with tab(world, "ada") as ada, tab(world, "mia") as mia:
        shown = f"{LEARNERS}/invitations"
        assert (await ada.post(f"{shown}/{{I9}}/withdraw")).headers["location"] == world.filled(shown)
        assert "x@y.example" not in text(await ada.get(shown))
        for wrong in (
            {"until": "soon"},
            {"until": "2020-01-01"},
            {"until": "9999-12-31"},
            {"until": "0001-01-01"},
            {"max_uses": "many"},
            {"max_uses": "0"},
        ):
            assert (await ada.post(f"{LEARNERS}/codes", wrong)).status_code == 422
        assert (await ada.post(f"{LEARNERS}/codes", {"max_uses": "2", "until": "2999-12-31"})).status_code == 303
        page = tree(await ada.get(shown))
        (code,) = page.xpath("//bdi[@class='mono']/text()")
        (link,) = page.xpath("//copy-link[button[@data-done]]/@data-text")
        typed = tree(await mia.client.get(str(link))).xpath("//input[@name='code']/@value")
        assert typed == [str(code).replace("-", "")]
        assert (await mia.post("/join", {"code": "WRONGONE"})).status_code == 404
        assert (await mia.post("/join", {"code": str(code).lower()})).headers["location"] == "/my/courses"
        assert "Course C1" in text(await mia.get("/my/courses"))
        assert (await mia.post("/join", {"code": str(code)})).headers["location"] == "/my/courses"
        assert (await ada.post("/join", {"code": str(code)})).status_code == 403
        async with world.runtime.database.read_session() as session:
            world.ids["J1"] = UUID(str((await session.execute(JoinCode.__table__.select())).one().id))
        assert (await ada.post(f"{LEARNERS}/codes/{{J1}}/revoke")).status_code == 303
        assert (await world.row(JoinCode, "J1")).revoked_at is not None


async def test_names_and_titles_that_mean_harm_are_texts(world: World):
    await take_quizzes(world)
    paths = ["", "?silent_days=14&q=x", "/{E1}", "/invitations", "/enroll"]
    paths = [f"{LEARNERS}{path}" for path in paths] + ["/teach/grading", "/teach/grading/{T4}?every=1"]
    paths += ["/teach/courses/{C1}/quizzes/{Q2}/marks", "/teach/grading/comments"]
    given = hostile_texts(100)
    wrong = []
    async with tab(world, "ada") as ada:
        while texts := [one.replace("\x00", "") for one in islice(given, 5)]:
            await _written(world, texts)
            for path in paths:
                wrong += [(path, found)] if (found := harm(await ada.get(path))) else []
            sent = {"people": "\n".join(texts), "step": "drop", "who": str(world.ids["E1"])}
            for path in ("enroll", "bulk"):
                answer = await ada.post(f"{LEARNERS}/{path}", sent)
                wrong += [(path, found)] if (found := harm(answer)) else []
    assert wrong == []


async def _written(world: World, texts: list[str]) -> None:
    name, title, lesson, quiz, comment = texts
    async with world.runtime.database.write_session() as session:
        for model, values in (
            (User, {"full_name": name[:100] or "x"}),
            (Course, {"title": title[:100]}),
            (Lesson, {"title": lesson[:100]}),
            (Quiz, {"title": quiz[:100]}),
            (QuizAttempt, {"feedback": comment}),
        ):
            await session.execute(update(model).values(values))
        session.add(GradingComment(id=new_id(), owner_id=world.ids["ada"], text=comment or "x"))


async def test_the_api_has_what_a_learner_has_done_and_is_allowed(world: World):
    await take_quizzes(world)
    given = {"extra_time_percent": 50}
    ok(await world.call("ada", "PUT", "/courses/{C1}/quizzes/{Q1}/accommodations/{sam}", json=given), 201)
    done = ok(await world.call("ada", "GET", "/enrollments/{E1}/attempts?limit=3"))
    rest = ok(await world.call("sam", "GET", f"/enrollments/{{E1}}/attempts?cursor={done['next_cursor']}"))
    assert len({one["id"] for one in [*done["items"], *rest["items"]]}) == 4
    assert {one["quiz_title"] for one in done["items"]} <= {"Quiz", "Practice"}
    allowed = ok(await world.call("ada", "GET", "/enrollments/{E1}/accommodations"))["items"]
    assert [(one["title"], one["extra_time_percent"], one["version"]) for one in allowed] == [
        ("Quiz", 50, 1),
        ("Practice", 0, 0),
    ]


async def test_marks_that_are_held_are_shown_to_who_runs_the_course_alone(world: World):
    questions = await held(world, TRUTH, ESSAY)
    row = "normalize-space(//section[@aria-labelledby='attempts']//tbody/tr[1]/td[{}])"

    async def shown() -> tuple[str, str]:
        async with tab(world, "ada") as ada:
            page = tree(await ada.get(f"{LEARNERS}/{{E1}}"))
        return page.xpath(row.format(3)), page.xpath(row.format(4))

    assert await shown() == ("\u2013", "Being graded A quiz 1")
    await graded_by_hand(world, questions, None, None, feedback="Well begun.")
    assert await shown() == ("\u2013", "Partly graded Being graded A quiz 1")
    await graded_by_hand(world, questions, 1, 2)
    assert await shown() == ("50 % draft", "Not released")
    assert await released(world) == (1, 0, 0)
    assert await shown() == ("50 %", "Passed")
    await graded_by_hand(world, questions, None, 5)
    assert await shown() == ("50 % · 100 % draft", "Not released")
    (seen,) = ok(await world.call("sam", "GET", "/enrollments/{E1}/attempts"))["items"]
    assert (seen["percentage"], seen.keys() & {"held_percentage", "marked_at", "is_drafted"}) == (50, set())


async def test_a_page_asks_as_often_for_one_learner_as_for_fifty(world: World):
    paths = [LEARNERS, f"{LEARNERS}?silent_days=14", f"{LEARNERS}/{{E1}}", f"{LEARNERS}/invitations"]
    counts = []
    async with tab(world, "ada") as ada:
        for many in (1, 49):
            await let_in(world, many)
            for path in paths:
                async with world.counting() as statements:
                    assert (await ada.get(path)).status_code == 200
                counts.append(len(statements))
    assert counts[: len(paths)] == counts[len(paths) :]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Ada L <a@b.c>,\nb@c.d, e@f.g;h@i.j\r\n <k@l.m> ;", ["a@b.c", "b@c.d", "e@f.g", "h@i.j", "k@l.m"]),
        ("a@b.c <\n<>\nAda <a@b.c> x", ["a@b.c", "<", "<>", "Ada", "<a@b.c>", "x"]),
        ("a<b>" + " " * (FORM_MAX - 5) + "x", ["a<b>", "x"]),
        ("<" * FORM_MAX, ["<" * (FORM_MAX - 1)]),
        ("\n " * (FORM_MAX // 2), []),
    ],
    ids=["names", "none", "spaces", "signs", "lines"],
)
def test_addresses_are_found_in_one_go(typed: str, found: list[str]):
    """Hours without that, for a list of nothing but spaces."""
    assert addresses(typed) == found
