"""What everybody does about their own data on pages: a copy of it, to be forgotten, another address."""

import re
from datetime import timedelta

from sqlalchemy import update

from studium.kit.base.clock import now
from studium.models import AddressChange, DataExport, Erasure, User, UserSession
from tests.web.school import tab, text, tree
from tests.world import PASSWORD, World


async def test_a_copy_of_ones_data_is_asked_for_and_comes_by_mail(world: World):
    async with tab(world, "sam") as sam, tab(world) as nobody:
        assert (await sam.post("/account/privacy/export")).headers["location"] == "/account/privacy"
        assert "is being put together since" in text(await sam.get("/account/privacy"))
        await world.jobs()
        assert "is ready. The link is in your mail" in text(await sam.get("/account/privacy"))
        found = re.search(
            r"(/api/v1/exports/\S+?ticket=[\w.=-]+)", "".join(world.mails()).replace("=\n", "").replace("=3D", "=")
        )
        assert found is not None
        copy = await nobody.client.get(found[1])
        assert (copy.status_code, copy.headers["content-type"]) == (200, "application/zip")
        again = await sam.post("/account/privacy/export")
        assert (again.status_code, "Too many tries" in text(again)) == (429, True)
    assert await world.count(DataExport) == 1


async def test_what_an_admin_asked_for_is_not_shown_as_ones_own(world: World):
    sam, root = world.ids["sam"], world.ids["root"]
    row = DataExport(user_id=sam, requested_by=root, reason="A letter", expires_at=now() + timedelta(days=1))
    await world.add(row)
    async with tab(world, "sam") as visitor:
        assert "put together" not in text(await visitor.get("/account/privacy"))
    assert (await world.call("sam", "GET", "/users/me/export")).status_code == 404


async def test_who_asks_to_be_forgotten_may_stay_after_all(world: World):
    async with tab(world, "sam") as sam:
        assert "14 days" in text(await sam.get("/account/privacy/erasure"))
        answer = await sam.post("/account/privacy/erasure")
        assert answer.headers["location"] == "/login"
        assert answer.headers["clear-site-data"]
        assert (await sam.get("/home")).status_code == 303
        assert await world.count(Erasure) == 1
    async with tab(world, "sam") as sam:
        page = await sam.get("/account/privacy")
        assert "You will be forgotten on" in text(page)
        assert not tree(page).xpath("//a[@href='/account/privacy/erasure']")
        assert (await sam.post("/account/privacy/erasure/cancel")).status_code == 303
        assert "You will be forgotten on" not in text(await sam.get("/account/privacy"))
        assert (await sam.post("/account/privacy/erasure/cancel")).status_code == 404


async def test_the_last_admin_cannot_be_forgotten(world: World):
    async with tab(world, "root") as root:
        answer = await root.post("/account/privacy/erasure")
        assert (answer.status_code, "last admin" in text(answer)) == (409, True)


async def test_another_address_is_agreed_to_in_both_mailboxes(world: World):
    async with tab(world, "sam") as sam:
        for wrong, said in (("nonsense", "Write an address"), ("sam@school.example", "your address already")):
            answer = await sam.post("/account/address", {"email": wrong})
            assert (answer.status_code, said in text(answer)) == (422, True)
        assert (await sam.post("/account/address", {"email": "new@school.example"})).status_code == 303
        assert "Two mails are on their way." in text(await sam.get("/account/security"))
        await world.jobs()
        mails = "".join(world.mails()).replace("=\n", "").replace("=3D", "=")
        links = set(re.findall(r"/confirm-address\?token=([\w.-]+)", mails))
        assert len(links) == 2
        for token in links:
            await sam.post("/confirm-address", {"token": token})
    assert (await world.row(User, "sam")).email == "new@school.example"


async def test_all_of_it_asks_for_the_password_and_keeps_what_was_typed(world: World):
    async with tab(world, "sam") as sam:
        async with world.runtime.database.write_session() as session:
            await session.execute(update(UserSession).values(created_at=now() - timedelta(minutes=11)))
        for path in ("/account/privacy/export", "/account/privacy/erasure", "/account/privacy/erasure/cancel"):
            assert (await sam.post(path)).headers["location"].startswith("/account/prove"), path
        asked = await sam.post("/account/address", {"email": "new@school.example"})
        kept = tree(asked).xpath("//input[@name='kept']/@value")[0]
        resumed = await sam.post("/account/prove", {"password": PASSWORD, "kept": kept, "next": "/"})
        assert tree(resumed).xpath("//form[@action='/account/address']")
    assert await world.count(DataExport) == await world.count(Erasure) == await world.count(AddressChange) == 0
