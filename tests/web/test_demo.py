"""The demo school's log-ins on the first page: while Studium is tried out, never in production."""

import secrets
from pathlib import Path

import pytest

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.security.passwords import executor
from studium.models import Role, User
from studium.modules.users.demo import PASSWORD, SHOWN
from tests.web.school import tab, tree
from tests.world import World, open_world


async def settle(world: World) -> None:
    hashed = await executor.hash(PASSWORD)
    roles = (Role.STUDENT, Role.INSTRUCTOR, Role.ADMIN)
    await world.add(
        *(
            User(
                id=new_id(),
                email=email,
                full_name=f"{role.value} <of> the demo",
                role=role,
                password_hash=hashed,
                is_active=True,
                email_verified_at=now(),
            )
            for email, role in zip(SHOWN, roles, strict=True)
        )
    )


async def test_the_first_page_lets_anyone_in_who_tries_studium_out(world: World):
    await settle(world)
    async with tab(world) as nobody:
        page = tree(await nobody.get("/"))
        forms = page.xpath("//section[@aria-labelledby='demo']//form")
        assert [form.xpath(".//input[@name='email']/@value")[0] for form in forms] == list(SHOWN)
    for form, place in zip(forms, ("/home", "/teach", "/admin"), strict=True):
        typed = {one.get("name"): one.get("value") for one in form.xpath(".//input")}
        async with tab(world) as somebody:
            answer = await somebody.post(form.get("action"), typed)
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            assert (await somebody.get("/")).headers["location"] == place, "the first page of each role"
            assert (await somebody.get(place)).status_code == 200
    async with tab(world) as nobody:
        assert PASSWORD not in (await nobody.get("/courses")).text


async def test_without_the_demo_school_there_is_nothing_to_offer(world: World):
    async with tab(world) as nobody:
        assert tree(await nobody.get("/")).xpath("//section[@aria-labelledby='demo']") == []


@pytest.mark.parametrize("path", ["/", "/courses", "/login"])
async def test_production_offers_no_log_in_even_if_the_demo_school_is_there(
    database_url: str, tmp_path: Path, path: str
):
    key = secrets.token_urlsafe(48)
    async with open_world(database_url, tmp_path, mode="production", secret_key=key, trusted_proxies="none") as world:
        await settle(world)
        async with tab(world) as nobody:
            answer = await nobody.get(path)
    assert answer.status_code == 200
    assert PASSWORD not in answer.text
    assert SHOWN[0] not in answer.text
