"""The school in figures, and the record of who did what, as admins see them."""

from studium.kit.base.clock import now
from studium.models import AuditEvent
from tests.web.school import tab, tree
from tests.world import World, add_students


def cells(page: object, number: int) -> list[str]:
    """The texts of one column of the page's table."""
    return [" ".join(one.text_content().split()) for one in page.xpath(f"//tbody/tr/*[{number}]")]  # type: ignore[attr-defined]  # a tree.


async def test_the_school_in_figures_leads_to_those_who_are_counted(world: World):
    async with tab(world, "root") as root:
        page = tree(await root.get("/admin"))
        figures = {" ".join(one.text_content().split()): one.get("href") for one in page.xpath("//*[@class='stats']/a")}
        assert {"/admin/people?role=student", "/admin/people?role=instructor"} <= set(figures.values())
        charts = page.xpath("//*[local-name()='svg' and @role='img']/@aria-label")
        assert len(charts) == 2
        assert charts[0].startswith("Enrollments, from ")
        assert "/teach/courses/" + str(world.ids["C1"]) in page.xpath("//table//a/@href")
        for span, points in (("days", 30), ("weeks", 13), ("months", 13)):
            table = await root.get(f"/admin/figures.csv?table=trend&span={span}")
            assert table.headers["content-type"].startswith("text/csv")
            assert abs(len(table.text.splitlines()) - 1 - points) <= 1
        assert (await root.get("/admin?span=years")).status_code == 422


async def test_figures_cost_the_same_for_few_and_many(world: World):
    counts = []
    async with tab(world, "root") as root:
        for more in ([], [f"p{number}" for number in range(50)]):
            await add_students(world, *more)
            async with world.counting() as statements:
                assert (await root.get("/admin")).status_code == 200
            counts.append(len(statements))
    assert counts[0] == counts[1] <= 7


async def test_the_record_is_filtered_by_what_who_whom_when_and_outcome(world: World):
    async with tab(world, "root") as root:
        await root.post("/admin/people/{sam}/activity", {"is_active": "false"})
        await root.post("/admin/people/{mia}/sessions/end")
        await root.post("/admin/people/{ada}", {"full_name": "Ada Example", "role": "student", "version": "1"})
        page = tree(await root.get("/admin/audit"))
        assert cells(page, 1)[0].startswith("Account changed refused")
        assert cells(page, 2)[:3] == ["Root Example"] * 3
        assert cells(page, 3)[:3] == ["Ada Example", "Mia Example", "Sam Example"]
        about_mia = tree(await root.get("/admin/audit?target_id={mia}"))
        assert cells(about_mia, 1) == ["All sessions ended"]
        assert "Mia Example" in about_mia.xpath("//nav[contains(@class, 'chips')]")[0].text_content()
        assert len(cells(tree(await root.get("/admin/audit?outcome=refused&actor_id={root}")), 1)) == 1
        assert cells(tree(await root.get("/admin/audit?action=people_imports.")), 1) == []
        day = f"{now():%Y-%m-%d}"
        assert len(cells(tree(await root.get(f"/admin/audit?since={day}&until={day}&actor_id={{root}}")), 1)) == 3
        assert cells(tree(await root.get("/admin/audit?until=2020-01-01")), 1) == []
        for wrong in ("actor_id=x", "since=yesterday", "outcome=perhaps", "cursor=forged"):
            assert (await root.get(f"/admin/audit?{wrong}")).status_code == 422


async def test_pages_of_the_record_follow_one_another_and_cost_the_same(world: World):
    counts, seen, path = [], 0, "/admin/audit?action=users."
    rows = [
        AuditEvent(action="users.changed", outcome="done", target_type="user", occurred_at=now()) for _ in range(60)
    ]
    await world.add(*(rows[:1]))
    async with tab(world, "root") as root:
        async with world.counting() as statements:
            await root.get(path)
        counts.append(len(statements))
        for row in rows[1:]:
            row.actor_id = row.target_id = world.ids["sam"]
        await world.add(*rows[1:])
        while path:
            async with world.counting() as statements:
                page = tree(await root.get(path))
            counts.append(len(statements))
            seen += len(cells(page, 1))
            path = next(iter(page.xpath("//nav[@class='pager noprint']/a[contains(., 'Earlier')]/@href")), "")
    assert seen == 60
    assert max(counts) - min(counts) <= 1, "names are asked for where there are any"
