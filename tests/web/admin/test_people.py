"""The admin's pages of people: who is found, what is done about one, and what it takes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from studium.kit.base.clock import now
from studium.models import AuditEvent, DataExport, Erasure, MfaMethod, Role, User, UserSession
from tests.web.school import Tab, tab, text, tree
from tests.world import PASSWORD, World, add_students

LONG_AGO = timedelta(minutes=11)


async def _sessions(world: World, who: str) -> int:
    live = UserSession.user_id == world.ids[who], UserSession.revoked_at.is_(None)
    async with world.runtime.database.read_session() as session:
        return len((await session.execute(select(UserSession.id).where(*live))).all())


async def _age(world: World, who: str) -> None:
    """Let the log-in of somebody be too long ago for what asks for the password."""
    async with world.runtime.database.write_session() as session:
        old = now() - LONG_AGO
        values = {"created_at": old, "authenticated_at": old}
        await session.execute(update(UserSession).where(UserSession.user_id == world.ids[who]).values(**values))


def names(page: Any) -> list[str]:  # noqa: ANN401 -- an answer.
    return [str(one) for one in tree(page).xpath("//tbody//th//a//bdi/text()")]


async def test_people_are_found_by_words_role_and_state(world: World):
    async with tab(world, "root") as root:
        assert len(names(await root.get("/admin/people"))) == 6
        assert names(await root.get("/admin/people?q=sam+exa")) == ["Sam Example"]
        assert names(await root.get("/admin/people?role=instructor")) == ["Eve Example", "Ada Example"]
        assert names(await root.get("/admin/people?state=inactive")) == ["Dan Example"]
        page = await root.get("/admin/people?role=student&state=active&q=example")
        chosen = tree(page).xpath("//nav[contains(@class, 'chips')]//a[@aria-current]/text()")
        assert chosen == ["Learners", "Active"]
        assert tree(page).xpath("//a[@href='/admin/people.csv?q=example&role=student&state=active']")
        table = await root.get("/admin/people.csv?role=instructor")
        assert table.headers["content-type"].startswith("text/csv")
        assert [line.split(",")[1] for line in table.text.splitlines()] == ["full_name", "Ada Example", "Eve Example"]
        assert (await root.get("/admin/people?role=king")).status_code == 422


async def test_pages_of_people_follow_one_another(world: World):
    await add_students(world, *(f"p{number}" for number in range(50)))
    seen, path, pages = [], "/admin/people", 0
    async with tab(world, "root") as root:
        while path:
            answer = await root.get(path)
            seen += names(answer)
            path = next(iter(tree(answer).xpath("//nav[@class='pager noprint']/a[contains(., 'More')]/@href")), "")
            pages += 1
    assert (pages, len(seen), len(set(seen))) == (2, 56, 56)


async def test_a_list_costs_the_same_for_few_and_many(world: World):
    counts = []
    async with tab(world, "root") as root:
        for more in ([], [f"p{number}" for number in range(50)]):
            await add_students(world, *more)
            async with world.counting() as statements:
                assert (await root.get("/admin/people")).status_code == 200
            counts.append(len(statements))
    assert counts[0] == counts[1] <= 3


async def test_somebody_is_invited(world: World):
    async with tab(world, "root") as root:
        wanted = {"email": "new@school.example", "full_name": "Neha Sharma", "role": "student", "external_id": ""}
        answer = await root.post("/admin/people/new", {**wanted, "email": "nonsense"})
        assert answer.status_code == 422
        assert tree(answer).xpath("//input[@id='full_name']/@value") == ["Neha Sharma"]
        answer = await root.post("/admin/people/new", wanted)
        assert answer.status_code == 303
        page = await root.get(answer.headers["location"])
        assert "Neha Sharma" in text(page)
        assert "Not here yet" in text(page)
        assert "The account is made" in text(page)
        again = await root.post("/admin/people/new", wanted)
        assert (again.status_code, "There is an account with this e-mail address" in text(again)) == (409, True)
    await world.jobs()
    assert any("new@school.example" in mail for mail in world.mails())


async def test_who_lets_more_than_learners_in_gives_the_password_first(world: World):
    wanted = {"email": "new@school.example", "full_name": "Neha Sharma", "role": "instructor"}
    async with tab(world, "root") as root:
        await _age(world, "root")
        asked = await root.post("/admin/people/new", wanted)
        assert asked.status_code == 403
        kept = tree(asked).xpath("//input[@name='kept']/@value")[0]
        resumed = await root.post("/account/prove", {"password": PASSWORD, "kept": kept, "next": "/"})
        form = tree(resumed).xpath("//form[@action='/admin/people/new']")[0]
        again = {one.get("name"): one.get("value") for one in form.xpath(".//input | .//textarea") if one.get("name")}
        assert (await root.post("/admin/people/new", again or wanted)).status_code == 303


async def _fields(root: Tab, who: str, **changes: str) -> dict[str, str]:
    page = tree(await root.get(f"/admin/people/{{{who}}}"))
    version = page.xpath("//input[@name='version']/@value")[0]
    present = {
        "full_name": f"{who.title()} Example",
        "role": page.xpath("//select[@id='role']/option[@selected]/@value")[0],
    }
    return {**present, "version": version, "external_id": "", **changes}


async def test_a_person_is_changed_once_as_it_was_seen(world: World):
    async with tab(world, "root") as root:
        fields = await _fields(root, "sam", full_name="Samuel Example", external_id="s-7")
        assert (await root.post("/admin/people/{sam}", fields)).status_code == 303
        sam = await world.row(User, "sam")
        assert (sam.full_name, sam.external_id, sam.role) == ("Samuel Example", "s-7", Role.STUDENT)
        late = await root.post("/admin/people/{sam}", {**fields, "full_name": "Sammy"})
        assert (late.status_code, "It was changed meanwhile" in text(late)) == (412, True)
        cleared = await _fields(root, "sam", full_name="Samuel Example", legal_hold="on")
        assert (await root.post("/admin/people/{sam}", cleared)).status_code == 303
        sam = await world.row(User, "sam")
        assert (sam.external_id, sam.legal_hold) == (None, True)
        for version in ("", "x", "²", "9" * 5_000):
            odd = await root.post("/admin/people/{sam}", {**cleared, "full_name": "Odd Name", "version": version})
            assert odd.status_code == 412


@pytest.mark.parametrize("change", [{"role": "instructor"}, {"legal_hold": "on"}])
async def test_power_asks_for_the_password(world: World, change: dict[str, str]):
    async with tab(world, "root") as root:
        fields = await _fields(root, "sam", **change)
        await _age(world, "root")
        assert (await root.post("/admin/people/{sam}", fields)).status_code == 403
        assert (await world.row(User, "sam")).version == int(fields["version"])


async def test_what_may_not_be_is_said(world: World):
    async with tab(world, "root") as root:
        demoted = await root.post("/admin/people/{ada}", await _fields(root, "ada", role="student"))
        assert (demoted.status_code, "owns courses" in text(demoted)) == (409, True)
        own = await root.post("/admin/people/{root}", await _fields(root, "root", role="student"))
        assert (own.status_code, "Another admin has to do this" in text(own)) == (409, True)
        nobody = await root.get("/admin/people/00000000-0000-7000-8000-000000000000")
        assert nobody.status_code == 404


async def test_a_person_is_shut_out_and_let_in(world: World):
    async with tab(world, "sam") as sam, tab(world, "root") as root:
        assert (await sam.get("/home")).status_code == 200
        answer = await root.post("/admin/people/{sam}/activity", {"is_active": "false"})
        assert answer.status_code == 303
        assert "Deactivated" in text(await root.get("/admin/people/{sam}"))
        assert (await sam.get("/home")).status_code == 303
        await root.post("/admin/people/{sam}/activity", {"is_active": "true"})
        assert (await world.row(User, "sam")).is_active


async def test_sessions_are_ended_and_a_second_factor_is_reset(world: World):
    async with tab(world, "sam"), tab(world, "root") as root:
        assert await _sessions(world, "sam") == 2
        assert (await root.post("/admin/people/{sam}/sessions/end")).status_code == 303
        assert await _sessions(world, "sam") == 0
        assert "Nowhere." in text(await root.get("/admin/people/{sam}"))
        async with world.runtime.database.write_session() as session:
            sam = await session.get_one(User, world.ids["sam"])
            sam.mfa_enabled, sam.mfa_method = True, MfaMethod.EMAIL
        assert (await root.post("/admin/people/{sam}/second-factor/reset")).status_code == 303
        assert not (await world.row(User, "sam")).mfa_enabled


async def test_an_export_and_an_erasure_want_a_reason(world: World):
    async with tab(world, "root") as root:
        for path in ("/admin/people/{sam}/export", "/admin/people/{sam}/anonymize"):
            empty = await root.post(path, {"reason": "   ", "certificates": "keep"})
            assert (empty.status_code, "Reason" in text(empty)) == (422, True)
        assert (await root.post("/admin/people/{sam}/export", {"reason": "A letter"})).status_code == 303
        assert await world.count(DataExport) == 1
        again = await root.post("/admin/people/{sam}/export", {"reason": "A letter"})
        assert (again.status_code, int(again.headers["retry-after"]) > 3600) == (429, True)
        wanted = {"reason": "Asked by mail", "certificates": "withhold_name"}
        assert (await root.post("/admin/people/{sam}/anonymize", wanted)).status_code == 303
        assert await world.count(Erasure) == 1
        assert "will be anonymized on" in text(await root.get("/admin/people/{sam}"))
        assert (await root.post("/admin/people/{sam}/keep")).status_code == 303
        assert "will be anonymized on" not in text(await root.get("/admin/people/{sam}"))
    async with world.runtime.database.read_session() as session:
        done = (
            await session.execute(select(AuditEvent.action).where(AuditEvent.target_id == world.ids["sam"]))
        ).scalars()
        assert {"users.export_requested", "users.erasure_requested", "users.erasure_cancelled"} <= set(done)


POSTS = (
    *("/admin/people/new", "/admin/people/import", "/admin/people/{sam}", "/admin/people/{sam}/activity"),
    *("/admin/people/{sam}/sessions/end", "/admin/people/{sam}/second-factor/reset", "/admin/people/{sam}/export"),
    *("/admin/people/{sam}/anonymize", "/admin/people/{sam}/keep", "/admin/people/imports/{sam}/apply"),
)


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("sam", 403), ("ada", 403)])
async def test_nobody_else_does_any_of_it(world: World, who: str | None, status: int):
    async with tab(world, who) as visitor:
        answers = {path: await visitor.post(path) for path in POSTS}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(POSTS, status)
    assert [path for path, answer in answers.items() if "sam@school.example" in answer.text] == []
