"""People from a CSV by pages: the plan, what it says of each row, and its being carried out."""

from typing import Any

import httpx2
import pytest

from studium.models import Enrollment, PeopleImport, PeopleImportStatus, User
from tests.web.admin.imports import add_imports, new_people_import
from tests.web.school import Tab, tab, text, tree
from tests.world import World

HEAD = "email,full_name,role,courses\n"
CLASS = f"""{HEAD}zoe@school.example,Zoë Kovács,student,course-c1
neha@school.example,नेहा शर्मा,,
kofi(at)school.example,Kofi Mensah,student,
yusuf@school.example,يوسف قاسم,pupil,
"""


async def upload(root: Tab, content: str, invite: str = "new", name: str = "class.csv") -> httpx2.Response:
    files = {"file": (name, content.encode(), "text/csv")}
    return await root.client.post(
        "/admin/people/import", files=files, data={"invite": invite}, headers={"sec-fetch-site": "same-origin"}
    )


def rows(answer: Any) -> list[str]:  # noqa: ANN401 -- an answer.
    return [" ".join(one.text_content().split()) for one in tree(answer).xpath("//tbody/tr")]


def words(answer: Any) -> set[str]:  # noqa: ANN401 -- an answer.
    """The head of the table, and what its badges say."""
    found = tree(answer).xpath("//thead//th | //tbody//*[contains(@class, 'badge')]")
    return {" ".join(one.text_content().split()) for one in found}


async def test_a_class_comes_in_by_pages(world: World):
    async with tab(world, "root") as root:
        answer = await upload(root, CLASS)
        assert answer.status_code == 303
        place = answer.headers["location"]
        waiting = tree(await root.get(place))
        assert waiting.xpath("//live-part/@src") == [f"/live/people-imports/{place.rpartition('/')[2]}"]
        people = await world.count(User)
        await world.jobs()
        plan = await root.get(place)
        assert "Nothing has happened yet" in text(plan)
        assert tree(plan).xpath("//live-part/@src") == []
        assert tree(plan).xpath("//*[@class='stats']//*[contains(@class, 'numeral')]/text()") == [
            "2",
            "0",
            "1",
            "0",
            "2",
        ]
        assert await world.count(User) == people
        assert len(rows(await root.get(f"{place}?show=create"))) == 2
        assert {"What it does", "adds"} <= words(plan)
        wrong = rows(await root.get(f"{place}?show=error"))
        assert [row[0] for row in wrong] == ["4", "5"]
        assert "The role is student or instructor." in wrong[1]
        report = await root.get(f"{place}/report.csv")
        assert report.headers["content-type"].startswith("text/csv")
        assert "zoe@school.example" in report.text
        assert (await root.post(f"{place}/apply")).headers["location"] == place
        assert "being carried out" in text(await root.get(place))
        enrolled = await world.count(Enrollment)
        await world.jobs()
        done = await root.get(place)
        assert "The people are here" in text(done)
        assert {"What it did", "added"} <= words(done)
        assert not {"What it does", "adds"} & words(done)
        assert "Rows that added somebody" in text(await root.get(f"{place}?show=create"))
        assert (await world.count(User), await world.count(Enrollment)) == (people + 2, enrolled + 1)
        assert (await root.post(f"{place}/apply")).status_code == 303
        assert any("zoe@school.example" in mail for mail in world.mails())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "The file is empty."),
        ("name;password\nx;y\n", "cannot be read as a table of people"),
        ("PK\x03\x04", "cannot be read as a table of people"),
    ],
)
async def test_a_file_that_is_none_is_refused_with_the_reason(world: World, content: str, said: str):
    async with tab(world, "root") as root:
        answer = await upload(root, content)
        assert (answer.status_code, said in text(answer)) == (422, True)
    assert await world.count(PeopleImport) == 0


async def test_a_plan_is_carried_out_once_and_while_it_is_fresh(world: World):
    await add_imports(world)
    failed = new_people_import(world, "I3", status=PeopleImportStatus.QUEUED)
    await world.add(failed)
    async with tab(world, "root") as root:
        early = await root.post("/admin/people/imports/{I3}/apply")
        assert (early.status_code, "no plan to carry out yet" in text(early)) == (409, True)
        fields = {"full_name": "Mia Other", "role": "student", "version": "1"}
        assert (await root.post("/admin/people/{mia}", fields)).status_code == 303
        stale = await root.post("/admin/people/imports/{I1}/apply")
        assert (stale.status_code, "Import the file again" in text(stale)) == (409, True)


async def test_a_plan_costs_the_same_for_few_rows_and_many(world: World):
    counts = []
    async with tab(world, "root") as root:
        for many in (1, 50):
            lines = "".join(f"p{many}-{number}@school.example,Person {number},,\n" for number in range(many))
            place = (await upload(root, HEAD + lines)).headers["location"]
            await world.jobs()
            async with world.counting() as statements:
                assert len(rows(await root.get(place))) == many
            counts.append(len(statements))
    assert counts[0] == counts[1]
