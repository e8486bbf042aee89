"""The machinery of the school as admins see it, and what they do about jobs that failed for good."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from studium.entrypoints.operations.backup import back_up, verify
from studium.kit.base.clock import now
from studium.models import AuditEvent, UserSession
from tests.jobs.dead import NAME, dead_job
from tests.web.school import tab, text, tree
from tests.world import World


async def test_jobs_that_failed_are_tried_again_or_dropped(world: World):
    first, second = await dead_job(world.runtime), await dead_job(world.runtime)
    async with tab(world, "root") as root:
        page = tree(await root.get("/admin/system"))
        assert [cell.text_content().strip().startswith(NAME) for cell in page.xpath("//tbody/tr/*[1]")] == [True, True]
        assert (await root.post(f"/admin/system/jobs/{first}/requeue")).status_code == 303
        assert "The job is tried again." in text(await root.get("/admin/system"))
        assert (await root.post(f"/admin/system/jobs/{second}/drop")).status_code == 303
        assert (await root.post(f"/admin/system/jobs/{second}/drop")).status_code == 404
        for odd in ("x", "9" * 40, "%C2%B2"):
            assert (await root.post(f"/admin/system/jobs/{odd}/requeue")).status_code == 404
    assert await world.runtime.jobs.pending() == {"ready": 1, "running": 0, "dead": 0}
    async with world.runtime.database.read_session() as session:
        kept = select(AuditEvent.action, AuditEvent.details).where(AuditEvent.action.startswith("system."))
        found = {row.action: row.details for row in await session.execute(kept)}
    assert found == {"system.job_requeued": {"job": first}, "system.job_dropped": {"job": second}}


async def test_who_drops_a_job_gives_the_password_first(world: World):
    dead = await dead_job(world.runtime)
    async with tab(world, "root") as root:
        async with world.runtime.database.write_session() as session:
            await session.execute(update(UserSession).values(created_at=now() - timedelta(minutes=11)))
        answer = await root.post(f"/admin/system/jobs/{dead}/drop")
        assert answer.headers["location"].startswith("/account/prove")
    assert (await world.runtime.jobs.pending())["dead"] == 1


async def test_the_last_backup_is_known_and_whether_it_was_verified(world: World, tmp_path: Path):
    async with tab(world, "root") as root:
        assert "None is known." in text(await root.get("/admin/system"))
        await back_up(world.runtime.settings, tmp_path / "kept", force=False)
        assert "not verified" in text(await root.get("/admin/system"))
        await verify(world.runtime.settings, tmp_path / "kept")
        assert "verified on" in text(await root.get("/admin/system"))
        state = (await world.call("root", "GET", "/system")).json()
        assert (state["backup"]["people"], state["backup"]["missing"]) == (6, 0)
        await back_up(world.runtime.settings, tmp_path / "kept", force=True)
        state = (await world.call("root", "GET", "/system")).json()
        assert set(state["checks"].values()) == {"ok"}
        assert state["storage"]["files"] == 3


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("sam", 403), ("ada", 403)])
async def test_nobody_else_touches_jobs(world: World, who: str | None, status: int):
    dead = await dead_job(world.runtime)
    async with tab(world, who) as visitor:
        for what in ("requeue", "drop"):
            assert (await visitor.post(f"/admin/system/jobs/{dead}/{what}")).status_code == status
    assert (await world.runtime.jobs.pending())["dead"] == 1
