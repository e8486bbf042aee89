"""Everybody as CSV, and back: unchanged, it changes nothing, and nothing in it is a formula."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from studium.kit.text.csv_text import csv_line, restored
from studium.models import User
from studium.modules.users import export
from tests.answers import ok
from tests.people.helpers import HEADER, bring, counted, exported, people, plan, table
from tests.world import World, add_students

NAMES = [
    "=1+1 Name",
    "+Plus",
    "-Minus",
    "@At",
    "'Quoted",
    "'=Both",
    "''+More",
    "Com,ma",
    'Quo"te',
    "Semi;colon",
    "عمر الخيّام",
    "李雷",
]


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


async def test_an_unchanged_export_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 3)
    await bring(world, table("amy@school.example,Amy Adams,student,ar,=S-1,course-c1,true"))
    lines = [csv_line([f"p{i}@school.example", name, "", "", str(i), "", ""]).strip() for i, name in enumerate(NAMES)]
    await bring(world, table(*lines))
    person = {"email": "self@school.example", "full_name": "Self Made", "password": "orange bicycle 12"}
    ok(await world.call(None, "POST", "/auth/register", json=person), 201)
    content = await exported(world)
    rows = rows_of(content)
    assert content.decode("utf-8-sig").splitlines()[0] == HEADER
    assert len(rows) == len(await people(world))
    by_email = {row["email"].partition("@")[0]: row for row in rows}
    assert by_email["sam"]["courses"] == "course-c1 course-c3"
    assert by_email["amy"]["external_id"] == "'=S-1"
    assert [restored(by_email[f"p{i}"]["full_name"]) for i in range(len(NAMES))] == NAMES
    for sent in (content, await exported(world, kind="text/csv; bom=no")):
        found = await plan(world, sent, invite="none")
        assert counted(found) == {"unchanged": len(rows)}, found["rows"]


async def test_filters_hold_and_json_stays(world: World) -> None:
    assert {row["role"] for row in rows_of(await exported(world, "?role=instructor"))} == {"instructor"}
    assert [row["is_active"] for row in rows_of(await exported(world, "?is_active=false"))] == ["false"]
    answer = await world.call("root", "GET", "/users", headers={"Accept": "application/json, text/csv;q=0.5"})
    assert answer.json()["items"]
    for who, status in ((None, 401), ("sam", 403), ("ada", 403)):
        assert (await world.call(who, "GET", "/users", headers={"Accept": "text/csv"})).status_code == status


async def test_one_changed_cell_is_one_change(world: World) -> None:
    await add_students(world, "amy", "ben")
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["amy"]).values(full_name="Amy Before"))
    changed = (await exported(world)).replace(b"Amy Before", b"Amy After")
    found = await bring(world, changed)
    assert (found["counts"]["change"], found["counts"]["error"]) == (1, 0)
    assert (await people(world))["amy"].full_name == "Amy After"


@given(st.text())
def test_what_is_made_harmless_comes_back(text: str) -> None:
    (cells,) = csv.reader(StringIO(csv_line([text]), newline=""), strict=True)
    assert restored(cells[0]) == text
