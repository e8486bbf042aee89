"""Whoever saves a table of people is on the record: with which one, how narrowed, and how many rows went out."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

import studium
from studium.access.actor import Actor
from studium.access.downloads import PeopleTable, Taken, people_csv
from studium.kit.base.ids import new_id
from studium.kit.text.csv_text import Csv
from studium.models import AuditEvent, Role
from tests.answers import ok
from tests.people.helpers import plan
from tests.web.school import tab, text
from tests.world import World

CSV = {"accept": "text/csv"}


async def entries(world: World) -> list[tuple[Any, ...]]:
    """Who took what, in order: actor, target, details."""
    columns = AuditEvent.actor_id, AuditEvent.target_type, AuditEvent.target_id, AuditEvent.details
    taken = select(*columns).where(AuditEvent.action == "users.downloaded").order_by(AuditEvent.id)
    async with world.runtime.database.read_session() as session:
        return [tuple(row) for row in (await session.execute(taken)).all()]


def lines(answer: Any) -> int:  # noqa: ANN401 -- an answer.
    """The rows below the head."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return len(answer.text.splitlines()) - 1


async def test_each_table_of_people_is_on_the_record(world: World) -> None:
    root, ada, c1 = (world.ids[name] for name in ("root", "ada", "C1"))
    people = lines(await world.call("root", "GET", "/users?role=student&is_active=true&q=example", headers=CSV))
    world.ids["I1"] = UUID((await plan(world, b"email,full_name\nnew@school.example,New Comer\n"))["id"])
    report = lines(await world.call("root", "GET", "/users/imports/{I1}", headers=CSV))
    async with tab(world, "root") as admin:
        all_of_them = lines(await admin.get("/admin/people.csv"))
        again = lines(await admin.get("/admin/people/imports/{I1}/report.csv"))
    async with tab(world, "ada") as teacher:
        roster = lines(await teacher.get("/teach/courses/{C1}/learners.csv?q=Sam&status=active&silent_days=3"))
        whole_roster = lines(await teacher.get("/teach/courses/{C1}/learners.csv"))
    assert (people, all_of_them, roster, whole_roster) == (2, 6, 0, 1)
    imported = "people_import", world.ids["I1"]
    narrowed = {"role": "student", "account": True, "searched": True}
    assert await entries(world) == [
        (root, None, None, {"table": "table_people", **narrowed, "rows": 2, "whole": True}),
        (root, *imported, {"table": "table_import", "rows": report, "whole": True}),
        (root, None, None, {"table": "table_people", "rows": 6, "whole": True}),
        (root, *imported, {"table": "table_import", "rows": again, "whole": True}),
        (
            ada,
            "course",
            c1,
            {"table": "table_roster", "status": "active", "silent_days": 3, "searched": True, "rows": 0, "whole": True},
        ),
        (ada, "course", c1, {"table": "table_roster", "rows": 1, "whole": True}),
    ]
    async with tab(world, "root") as admin:
        shown = " ".join(text(await admin.get("/admin/audit?action=users.downloaded")).split())
    assert "Table of people saved" in shown
    # PostgreSQL keeps details in an order of its own.
    only = "only accounts that may log in", "only those who were searched for"
    for said in ("Table: People", "Role: Learner", *only, "Rows: 2", "Table: Learners", "Rows: 0"):
        assert said in shown


async def test_whoever_may_not_have_a_table_is_not_said_to_have_it(world: World) -> None:
    assert (await world.call("ada", "GET", "/users", headers=CSV)).status_code == 403
    async with tab(world, "eve") as eve:
        assert (await eve.get("/teach/courses/{C1}/learners.csv")).status_code == 403
    ok(await world.call("root", "GET", "/users"))
    assert await entries(world) == []


async def test_rows_go_out_one_by_one_and_a_reader_who_leaves_is_on_the_record(world: World) -> None:
    made = []

    async def pieces() -> AsyncGenerator[Sequence[Sequence[object]]]:
        for number in range(9):
            made.append(number)
            yield [[number], [number]]

    taken = Taken(Actor(world.ids["root"], Role.ADMIN, new_id()), PeopleTable.PEOPLE)
    stream = people_csv(world.runtime, taken, "people.csv", ("number",), pieces(), Csv.PLAIN)
    sent = stream.body_iterator
    assert isinstance(sent, AsyncGenerator)
    assert [await anext(sent), await anext(sent)] == [b"number\r\n", b"0\r\n0\r\n"]
    assert (made, await entries(world)) == ([0], [])
    await sent.aclose()
    assert [entry[3] for entry in await entries(world)] == [{"table": "table_people", "rows": 2, "whole": False}]


async def test_a_table_that_cannot_be_put_on_the_record_says_so_in_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("studium.access.downloads.record_audit", None)
    assert lines(await world.call("root", "GET", "/users", headers=CSV)) == 6
    assert "download not on the record" in capsys.readouterr().out


def test_tables_of_people_go_out_in_this_way_alone() -> None:
    package = Path(studium.__file__).parent
    users = {path.name for path in package.rglob("*.py") if "csv_stream(" in path.read_text(encoding="utf-8")}
    assert users == {"streams.py", "downloads.py"}
