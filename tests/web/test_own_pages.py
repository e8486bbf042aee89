"""A learner's own pages: courses by state, files, reviews, and the second factor from nothing to its end."""

import pyotp
import pytest

from studium.models import Enrollment, User
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
