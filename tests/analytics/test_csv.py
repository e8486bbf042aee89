"""Each table as CSV: the rows of the JSON, harmless in spreadsheets."""

import csv
from io import StringIO

import pytest
from sqlalchemy import update

from studium.kit.text.csv_text import Csv, csv_of, csv_wanted, prefers_csv
from studium.models import Course
from tests.world import World

TABLES = {
    "my-progress": ("totals", "enrollments", "quizzes"),
    "my-dashboard": ("continue_learning", "recent_activity", "recommendations"),
    "courses/{C1}": ("lessons", "quizzes", "trend", "totals", "enrollments", "ratings"),
    "instructors/{ada}/overview": ("courses", "trend", "totals"),
    "system/overview": ("popular_courses", "trend", "totals", "users", "enrollments"),
}
NAMED = [(path, table) for path, tables in TABLES.items() for table in tables]


@pytest.mark.parametrize(("path", "table"), NAMED)
async def test_a_table_holds_what_the_json_holds(world: World, path: str, table: str) -> None:
    figures = (await world.call("root", "GET", f"/analytics/{path}")).json()
    answer = await world.call("root", "GET", f"/analytics/{path}?table={table}", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.csv"'
    assert answer.headers["x-as-of"] >= figures["as_of"]
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    content = figures if table == "totals" else figures[table]
    if isinstance(content, list):
        assert rows == [{name: shown(value) for name, value in row.items()} for row in content]
    elif table in ("enrollments", "users", "ratings"):
        assert [list(row.values()) for row in rows] == [[key, str(many)] for key, many in content.items()]
    else:
        (row,) = rows
        assert all(row[name] == shown(content[name]) for name in row if name != "as_of")


def shown(value: object) -> str:
    return "" if value is None else str(value)


async def test_the_first_table_is_the_one_without_a_name(world: World) -> None:
    for path, tables in TABLES.items():
        answer = await world.call("root", "GET", f"/analytics/{path}", headers={"Accept": "text/csv"})
        assert f'"{tables[0]}.csv"' in answer.headers["content-disposition"]


async def test_json_says_that_there_is_another_form(world: World) -> None:
    answer = await world.call("root", "GET", "/analytics/system/overview?table=users")
    assert (answer.headers["content-type"], answer.headers["vary"]) == ("application/json", "Accept")


async def test_a_title_is_not_run_as_a_formula(world: World) -> None:
    title = '=HYPERLINK("https://evil.example","a, b")'
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Course).where(Course.id == world.ids["C2"]).values(title=title))
    answer = await world.call("root", "GET", "/analytics/system/overview", headers={"Accept": "text/csv"})
    assert f"'{title}" in {row["title"] for row in csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", " \uff0b1"])
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert next(csv.reader(StringIO(csv_of([text], [], Csv.PLAIN), newline=""))) == [text]
    assert list(csv.reader(StringIO(csv_of(["a"], [[text]]), newline="")))[1] == [f"'{text}"]


def test_numbers_are_numbers_and_nothing_is_empty() -> None:
    assert csv_of(["a", "b", "c"], [[-1, None, 'say "hi"']], Csv.PLAIN) == 'a,b,c\r\n-1,,"say ""hi"""\r\n'


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        (None, False),
        ("*/*", False),
        ("application/json", False),
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("application/json;q=0.5, text/csv", True),
        ("application/json, text/csv;q=0.5", False),
        ("text/csv;q=0", False),
        ("text/csv;q=x", False),
    ],
)
def test_who_asks_for_csv(accept: str | None, is_csv: bool) -> None:  # noqa: FBT001 -- what is expected.
    assert prefers_csv(accept) is is_csv


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, Csv.NO),
        ("application/json", Csv.NO),
        ("text/csv;q=0; bom=no", Csv.NO),
        ("text/csv", Csv.MARKED),
        ("text/csv; bom=yes", Csv.MARKED),
        ("text/csv;BOM=no", Csv.PLAIN),
        ("application/json;q=0.5, text/csv; bom=no", Csv.PLAIN),
    ],
)
def test_who_wants_a_mark(accept: str | None, kind: Csv) -> None:
    assert csv_wanted(accept) is kind


async def test_letters_of_any_language_open_as_they_are(world: World) -> None:
    title = "Caf\u00e9 \u0627\u0644\u0639\u0631\u0628\u064a\u0629"
    async with world.runtime.database.write_session() as session:
        (await session.get_one(Course, world.ids["C1"])).title = title
    marked = await world.call("root", "GET", "/analytics/system/overview", headers={"Accept": "text/csv"})
    # As Excel reads it: UTF-8 only behind the mark, else the letters of Western Europe.
    encoding = "utf-8-sig" if marked.content.startswith(b"\xef\xbb\xbf") else "cp1252"
    rows = list(csv.DictReader(StringIO(marked.content.decode(encoding))))
    assert title in {row["title"] for row in rows}
    assert "\ufeff" not in "".join(rows[0])
    plain = await world.call("root", "GET", "/analytics/system/overview", headers={"Accept": "text/csv; bom=no"})
    assert b"\xef\xbb\xbf" + plain.content == marked.content
