"""A person's time zone: chosen in the account, used by every page and mail that says when."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from studium.models import QuizAttempt, User, UserSession
from tests.web.attempts import take_quizzes
from tests.web.school import tab, text, tree
from tests.world import World

EVENING = datetime(2026, 3, 9, 20, 30, tzinfo=UTC)


async def test_a_zone_is_chosen_and_pages_show_times_in_it(world: World):
    await take_quizzes(world)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(QuizAttempt).where(QuizAttempt.id == world.ids["T2"]).values(submitted_at=EVENING))
    async with tab(world, "sam") as sam:
        assert "9 March 2026, 20:30" in text(await sam.get("/quizzes/{Q1}"))
        assert "Times of UTC." in text(await sam.get("/quizzes/{Q1}"))
        fields = {"full_name": "Sam Example", "language": "en", "timezone": "Asia/Tokyo"}
        assert (await sam.post("/account", fields)).status_code == 303
        account = tree(await sam.get("/account"))
        assert account.xpath("//select[@id='timezone']//option[@selected]/@value") == ["Asia/Tokyo"]
        page = text(await sam.get("/quizzes/{Q1}"))
        assert "10 March 2026, 05:30" in page
        assert "Times of Asia/Tokyo." in page
        assert "(Asia/Tokyo)" in text(await sam.get("/attempts/{T1}"))
    assert (await world.row(User, "sam")).profile_metadata == {"language": "en", "timezone": "Asia/Tokyo"}


async def test_devices_say_the_time_with_its_zone(world: World):
    async with tab(world, "sam") as sam:
        async with world.runtime.database.write_session() as session:
            mine = update(User).where(User.id == world.ids["sam"])
            await session.execute(mine.values(profile_metadata={"timezone": "America/New_York"}))
            seen = update(UserSession).where(UserSession.user_agent == "tests")
            await session.execute(seen.values(last_seen_at=EVENING))
        page = text(await sam.get("/account/security"))
        assert "9 March 2026, 16:30" in page
        assert "Times of America/New_York." in page


async def test_a_zone_that_is_none_is_refused_and_an_old_spelling_is_kept(world: World):
    fields = {"full_name": "Sam Example", "language": "en"}
    async with tab(world, "sam") as sam:
        refused = await sam.post("/account", {**fields, "timezone": "Mars/Base"})
        assert (refused.status_code, tree(refused).xpath("//div[@role='alert']//a/@href")) == (422, ["#timezone"])
        assert tree(refused).xpath("//select[@id='timezone']/@aria-invalid") == ["true"]
        await sam.post("/account", {**fields, "timezone": "Asia/Calcutta"})
        chosen = tree(await sam.get("/account")).xpath("//select[@id='timezone']//option[@selected]/text()")
        assert chosen == ["Asia/Calcutta"]
        await sam.post("/account", fields)  # A form without the field changes nothing of it.
    assert ((await world.row(User, "sam")).profile_metadata or {})["timezone"] == "Asia/Calcutta"


@pytest.mark.parametrize("metadata", [None, {}, {"timezone": 7}, {"timezone": "nowhere"}, {"timezone": ["UTC"]}])
async def test_a_profile_without_a_zone_has_utc(world: World, metadata: dict[str, object] | None):
    async with world.runtime.database.write_session() as session:
        mine = update(User).where(User.id == world.ids["sam"])
        await session.execute(mine.values(profile_metadata=metadata))
    assert (await world.call("sam", "GET", "/users/me")).json()["timezone"] == "UTC"
    async with tab(world, "sam") as sam:
        page = await sam.get("/account")
        assert tree(page).xpath("//select[@id='timezone']//option[@selected]/text()") == ["UTC"]
