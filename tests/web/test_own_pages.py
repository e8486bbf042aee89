"""A learner's own pages: courses by state, files, reviews, and the second factor from nothing to its end."""

from decimal import Decimal

import httpx2
import pyotp
import pytest
from sqlalchemy import update

from studium.kit.base.clock import now
from studium.models import AttemptStatus, Certificate, Enrollment, EnrollmentStatus, Lesson, User
from tests.web.attempts import attempt_of
from tests.web.school import tab, text, tree
from tests.world import PASSWORD, World

COURSE = "/courses/course-c3"
FACTOR = "/account/second-factor"


async def test_own_courses_are_narrowed_by_their_state(world: World):
    async with tab(world, "sam") as sam:
        everything = tree(await sam.get("/my/courses")).xpath("//ul[@class='shelf']//h3//a/@href")
        done = tree(await sam.get("/my/courses?state=completed")).xpath("//ul[@class='shelf']//h3//a/@href")
        assert set(done) < set(everything)
        assert COURSE in done
        assert "No course here" in text(await sam.get("/my/courses?state=dropped"))
        assert (await sam.get("/my/courses?state=lost")).status_code == 422


async def test_home_and_the_shelf_lead_straight_to_the_next_lesson_of_each_course(world: World):
    async with tab(world, "sam") as sam:
        assert _ahead(await sam.get("/home")) == {"/courses/course-c1/lesson-l1": "Begin: Lesson L1"}
        assert (await sam.post("/courses/course-c1/lesson-l1/done")).status_code == 303
        assert (await sam.post("/courses/course-c2/enroll")).status_code == 303
        ahead = {
            "/courses/course-c1/lesson-l2": "Continue: Lesson L2",
            "/courses/course-c2/lesson-m1": "Begin: Lesson M1",
        }
        for path in ("/home", "/my/courses", "/my/courses?state=active"):
            assert _ahead(await sam.get(path)) == ahead, path
        assert _ahead(await sam.get("/my/courses?state=completed")) == {}
    async with tab(world, "sam", **{"accept-language": "ar"}) as sam:
        assert _ahead(await sam.get("/home"))["/courses/course-c1/lesson-l2"] == "تابِع: Lesson L2"


async def test_home_leads_to_the_course_where_no_lesson_is_left(world: World):
    async with world.runtime.database.write_session() as session:
        gone = {"archived_at": now(), "order_index": -Lesson.order_index}
        await session.execute(update(Lesson).where(Lesson.course_id == world.ids["C1"]).values(gone))
    async with tab(world, "sam") as sam:
        home = tree(await sam.get("/home"))
        (main,) = home.xpath("//a[contains(@class, 'main')]")
        assert (main.get("href"), main.text_content().strip()) == ("/courses/course-c1", "To the course")


def _ahead(answer: httpx2.Response) -> dict[str, str]:
    """The links of the page to lessons, each with its words."""
    links = tree(answer).xpath("//a[starts-with(@href, '/courses/') and contains(substring(@href, 10), '/')]")
    return {str(link.get("href")): " ".join(link.text_content().split()) for link in links}


async def test_a_review_is_written_changed_and_deleted(world: World):
    async with tab(world, "sam") as sam:
        refused = await sam.post(f"{COURSE}/review", {"rating": "", "review": "Clear & <b>short</b>."})
        assert (refused.status_code, "Clear &amp; &lt;b&gt;short&lt;/b&gt;." in refused.text) == (422, True)
        assert tree(refused).xpath("//select[@aria-invalid='true']/@id") == ["rating"]
        written = await sam.post(f"{COURSE}/review", {"rating": "4", "review": "Clear & <b>short</b>."})
        assert written.headers["location"] == COURSE
        page = await sam.get(COURSE)
        assert "Your review is saved." in text(page)
        assert tree(page).xpath("//ul[@class='list']//p[@class='read']/text()") == ["Clear & <b>short</b>."]
        assert (await world.row(Enrollment, "E3")).rating == 4
        assert (await sam.post(f"{COURSE}/review/delete")).headers["location"] == COURSE
        assert (await world.row(Enrollment, "E3")).rating is None
        assert "Clear" not in text(await sam.get(COURSE))


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("mia", 404), ("ada", 404)])
async def test_only_a_learner_of_the_course_reviews_it(world: World, who: str | None, status: int):
    async with tab(world, who) as visitor:
        assert (await visitor.post(f"{COURSE}/review", {"rating": "1"})).status_code == status
        assert (await visitor.post(f"{COURSE}/review/delete")).status_code in {status, 303}


async def test_own_files_are_listed_and_deleted_but_no_one_elses(world: World):
    async with tab(world, "sam") as sam, tab(world, "mia") as mia:
        mine = f"/my/files/{world.ids['F1']}/delete"
        assert mine in tree(await sam.get("/my/files")).xpath("//form/@action")
        assert (await mia.post(mine)).status_code == 404
        assert (await sam.post(mine)).headers["location"] == "/my/files"
        after = await sam.get("/my/files")
        assert "The file is deleted." in text(after)
        assert mine not in tree(after).xpath("//form/@action")


async def test_a_second_factor_is_set_up_used_and_turned_off(world: World):
    async with tab(world, "sam") as sam:
        wrong = await sam.post(FACTOR, {"password": "not it", "method": "totp"})
        assert (wrong.status_code, "not it" in wrong.text) == (403, False)
        pending = await sam.post(FACTOR, {"password": PASSWORD, "method": "totp"})
        assert (pending.status_code, pending.headers["cache-control"]) == (200, "no-store")
        assert len(tree(pending).xpath("//div[@role='img']/*[local-name()='svg']")) == 1
        (secret,) = tree(pending).xpath("//p/bdi[@class='mono']/text()")
        refused = await sam.post(f"{FACTOR}/confirm", {"code": "000000", "method": "totp"})
        assert (refused.status_code, str(secret) in refused.text) == (400, False)
        codes = await sam.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(str(secret)).now(), "method": "totp"})
        assert len(tree(codes).xpath("//li/bdi[@class='mono']")) == 10
        assert codes.headers["cache-control"] == "no-store"
        assert codes.headers["set-cookie"].startswith("__Host-studium=")
        sam.client.cookies.delete("__Host-studium", domain="", path="/")  # The one before, which the test has set.
        assert (await world.row(User, "sam")).mfa_enabled
        assert "Turn it off" in text(await sam.get(FACTOR))
        recovery = str(tree(codes).xpath("//li/bdi[@class='mono']/text()")[0])
        off = await sam.post(f"{FACTOR}/off", {"password": PASSWORD, "code": recovery})
        assert (off.status_code, off.headers["location"]) == (303, "/account/security")
        assert not (await world.row(User, "sam")).mfa_enabled


async def _complete(world: World) -> None:
    """Let sam have completed C1 just now: no job has issued the certificate yet."""
    async with world.runtime.database.write_session() as session:
        row = await session.get_one(Enrollment, world.ids["E1"])
        row.status, row.completed_at, row.progress_percentage = EnrollmentStatus.COMPLETED, now(), Decimal(100)


async def test_a_completed_course_leads_to_its_own_certificate(world: World):
    own = world.filled("/certificates/{X3}")
    async with tab(world, "sam") as sam:
        for path in ("/home", "/my/courses", COURSE):
            page = tree(await sam.get(path))
            assert {str(link) for link in page.xpath("//main//a/@href[starts-with(., '/certificates/')]")} == {own}, (
                path
            )
        assert "To the certificate Course C3" in text(await sam.get("/home"))
        assert tree(await sam.get(COURSE)).xpath("//main//a[contains(@class, 'main')]/@href") == [own, own]
    async with tab(world, "sam", **{"accept-language": "ar"}) as sam:
        assert "إلى الشهادة" in text(await sam.get(COURSE))


@pytest.mark.parametrize("page", ["/home", "/my/courses", "/courses/course-c1", "/attempts/{T1}/result"])
async def test_a_certificate_that_is_not_issued_yet_is_one_tap_away(world: World, page: str):
    await world.add(attempt_of(world, "T1", "Q1", [], status=AttemptStatus.GRADED))
    await _complete(world)
    action = "//main//form[@action='/courses/course-c1/certificate']"
    async with tab(world, "sam") as sam:
        assert "To the certificate" in tree(await sam.get(page)).xpath(action)[0].text_content()
        led = {(await sam.post("/courses/course-c1/certificate")).headers["location"] for _ in range(2)}
        assert len(led) == 1
        (own,) = led
        assert "Course C1" in text(await sam.get(own))
        after = tree(await sam.get(page))
        assert own in after.xpath("//main//a/@href")
        assert after.xpath(action) == []


async def test_the_result_of_a_quiz_leads_on_in_a_course_that_is_not_completed(world: World):
    await world.add(attempt_of(world, "T1", "Q1", [], status=AttemptStatus.GRADED))
    async with tab(world, "sam") as sam, tab(world, "ada") as ada:
        page = tree(await sam.get("/attempts/{T1}/result"))
        assert page.xpath("//main//a[contains(@class, 'main')]/@href") == ["/courses/course-c1"]
        await _complete(world)
        assert "certificate" not in text(await ada.get("/attempts/{T1}/result"))


@pytest.mark.parametrize(
    ("who", "course", "status"),
    [(None, "c1", 303), ("mia", "c1", 404), ("ada", "c1", 404), ("sam", "c1", 409), ("sam", "none", 404)],
)
async def test_only_who_has_completed_a_course_gets_its_certificate(
    world: World, who: str | None, course: str, status: int
):
    before = await world.count(Certificate)
    async with tab(world, who) as visitor:
        answer = await visitor.post(f"/courses/course-{course}/certificate")
        assert answer.status_code == status
        assert answer.headers.get("location", "/login").startswith("/login")
    assert await world.count(Certificate) == before


async def test_a_revoked_certificate_is_shown_as_such(world: World):
    assert (
        await world.call("root", "POST", "/certificates/{X3}/revoke", json={"reason": "An error."})
    ).status_code == 200
    async with tab(world, "sam") as sam:
        led = (await sam.post(f"{COURSE}/certificate")).headers["location"]
        assert led == world.filled("/certificates/{X3}")
        assert "Revoked" in text(await sam.get(led))


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("mia", 404), ("sam", 200), ("root", 200)])
async def test_a_certificate_is_a_page_for_whom_the_api_shows_it(world: World, who: str | None, status: int):
    async with tab(world, who) as visitor:
        answer = await visitor.get("/certificates/{X3}")
        assert answer.status_code == status
        if status == 200:
            asked = (await world.call(who, "GET", "/certificates/{X3}")).json()
            page = tree(answer)
            assert page.xpath("//h1")[0].text_content() == asked["student_name"]
            assert page.xpath("//input[@id='link']/@value")[0] == asked["verify_url"]
            assert asked["certificate_number"] in text(answer)
