"""Courses and questions from elsewhere, through the pages: the file, its progress and its report."""

import httpx2
import pytest

from studium.kit.base.clock import now
from studium.models import Course, ImportStatus
from tests.importing.studio import BICYCLE, contents, zipped
from tests.web.school import Tab, tab, text, tree
from tests.web.teacher.imports import REPORT, add_course_imports, new_course_import
from tests.world import World

FILES = {f"bicycle-olx/{name}": content for name, content in contents(BICYCLE).items()}
GIFT = b"::Sky:: What colour is the sky? {=blue ~green ~red}\n"


async def send(visitor: Tab, content: bytes, name: str = "bicycle.zip", **fields: str) -> httpx2.Response:
    """Send the form of an import, as a browser does."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + content + b"\r\n--x--\r\n"
    headers = {"sec-fetch-site": "same-origin", "content-type": "multipart/form-data; boundary=x"}
    return await visitor.client.post("/teach/upload/course", content=body, headers=headers)


async def test_a_course_is_tried_then_imported_and_opened(world: World):
    async with tab(world, "ada") as ada:
        tried = await send(ada, zipped(FILES), course_id="", dry_run="true")
        assert tried.status_code == 303
        waiting = tree(await ada.get(tried.headers["location"]))
        assert waiting.xpath("//live-part/@src") == [
            tried.headers["location"].replace("/teach/import/", "/live/imports/")
        ]
        before = await world.count(Course)
        await world.jobs()
        page = await ada.get(tried.headers["location"])
        assert ("Nothing has happened yet" in text(page), await world.count(Course)) == (True, before)
        done = await send(ada, zipped(FILES), course_id="")
        await world.jobs()
        report = tree(await ada.get(done.headers["location"]))
        assert report.xpath("//h1/text()") == ["The import is done"]
        assert not report.xpath("//live-part/@src")
        outline = await ada.get(report.xpath("//a[@class='btn main']/@href")[0])
        assert ("Mend Your Bicycle" in text(outline), await world.count(Course)) == (True, before + 1)
        first = tree(await ada.get("/teach")).xpath("//ul[contains(@class, 'waits')]//a/@href")
        assert done.headers["location"] in first
        listed = tree(await ada.get("/teach/import")).xpath("//aside//a/@href")
        assert listed == [done.headers["location"], tried.headers["location"]]


async def test_questions_go_into_a_course_of_ones_own(world: World):
    async with tab(world, "ada") as ada, tab(world, "eve") as eve:
        chosen = tree(await ada.get("/teach/import?course_id={C1}")).xpath("//option[@selected]/@value")
        assert chosen == [str(world.ids["C1"])]
        assert (await send(eve, GIFT, "sky.gift", course_id=str(world.ids["C1"]))).status_code == 403
        done = await send(ada, GIFT, "sky.gift", course_id=str(world.ids["C1"]))
        await world.jobs()
        assert "The import is done" in text(await ada.get(done.headers["location"]))
        titles = tree(await ada.get("/teach/courses/{C1}/outline")).xpath("//*[@class='title']/a/bdi/text()")
        assert len(titles) == 5


@pytest.mark.parametrize(("content", "fields", "status"), [(b"", {}, 422), (b"x", {"course_id": "no"}, 422)])
async def test_what_is_refused_is_said_at_the_form(world: World, content: bytes, fields: dict[str, str], status: int):
    async with tab(world, "ada") as ada:
        refused = await send(ada, content, "a.txt", **fields)
        assert refused.status_code == status
        assert tree(refused).xpath("//*[@class='summary']")
        assert tree(refused).xpath("//file-drop//form")
    async with tab(world, "sam") as sam:
        assert (await send(sam, b"x")).status_code == 403


async def test_what_cannot_be_imported_says_why_and_changes_nothing(world: World):
    async with tab(world, "ada") as ada:
        before = await world.count(Course)
        failed = await send(ada, b"no course", "a.zip")
        await world.jobs()
        page = tree(await ada.get(failed.headers["location"]))
        assert page.xpath("//h1/text()") == ["Nothing was imported"]
        arabic = tree(await ada.get(failed.headers["location"], **{"accept-language": "ar"}))
        said = [" ".join(one.xpath("//p[@class='error']")[0].text_content().split()) for one in (page, arabic)]
        assert said[0].startswith("a.zip:1: ")
        assert said[1].startswith("a.zip:1: ليس أرشيفًا")
        assert not arabic.xpath("//p[@class='error']//*[@lang='en']")
        assert await world.count(Course) == before


async def test_a_report_is_narrowed_by_fate_and_comes_in_pages(world: World):
    await add_course_imports(world)
    async with tab(world, "ada") as ada:
        page = tree(await ada.get("/teach/import/{J1}"))
        assert page.xpath("//*[@class='numeral']/text()") == ["1", "1", "3"]
        skipped = tree(await ada.get("/teach/import/{J1}?show=skipped"))
        assert skipped.xpath("//tbody//th//bdi/text()") == ["course/lti/c.xml:2"]
        assert skipped.xpath("//tbody//td[1]/bdi/text()") == ["\u00d73"]
        assert not page.xpath("//tbody//td[2]/text()[normalize-space()]"), (
            "text and names beside it would stand apart on a phone"
        )
        assert (await ada.get("/teach/import/{J1}?show=lost")).status_code == 422
        assert "3 of 10 files taken over." in text(await ada.get("/teach/import/{J2}"))
        many = new_course_import(world, "J4", status=ImportStatus.DONE, finished_at=now(), report=REPORT * 100)
        await world.add(many)
        first = tree(await ada.get("/teach/import/{J4}"))
        assert len(first.xpath("//tbody/tr")) == 100
        assert first.xpath("//nav[@class='pager noprint']/a/@href") == [world.filled("/teach/import/{J4}?from=100")]
        second = tree(await ada.get("/teach/import/{J4}?from=100"))
        assert len(second.xpath("//tbody/tr")) == 100
        assert len(tree(await ada.get("/teach/import/{J4}?show=changed")).xpath("//tbody/tr")) == 100
        last = tree(await ada.get("/teach/import/{J4}?from=200"))
        assert last.xpath("//nav[@class='pager noprint']/a/@href") == [world.filled("/teach/import/{J4}?")]
    async with tab(world, "root") as root, tab(world, "eve") as eve:
        for visitor in (root, eve):
            assert (await visitor.get("/teach/import/{J1}")).status_code == 404


async def test_the_list_of_ones_own_imports_has_no_report_and_nobody_elses(world: World):
    await add_course_imports(world)
    mine = (await world.call("ada", "GET", "/courses/imports")).json()["items"]
    assert {one["id"] for one in mine} == {str(world.ids[name]) for name in ("J1", "J2", "J3")}
    failed = next(one for one in mine if one["status"] == "failed")
    assert failed["fault"] == {"place": "course.xml:3", "reason": "A tag is open."}
    assert "report" not in failed
    assert (await world.call("eve", "GET", "/courses/imports")).json()["items"] == []
