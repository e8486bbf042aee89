"""Files that are no table of people: each is refused at once with a sentence that says what to do."""

import codecs

import pytest

from studium.models import PeopleImport
from studium.modules.exchange.people.source import MOST_ROWS
from tests.importing.studio import zipped
from tests.people.helpers import HEADER, counted, people, plan, send, table
from tests.world import World

ROW = "amy@school.example,Amy Adams,student,en,S-1,,true"
LATIN = table("amy@school.example,Amy Müller,,,,,").decode().encode("latin-1")
BROKEN: dict[str, tuple[bytes, str, str]] = {
    "a zip called .csv": (zipped({"a.txt": "b"}), "no_csv", "ZIP"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x01" * 50, "no_csv", "spreadsheet"),
    "a PDF": (b"%PDF-1.7\n...", "no_csv", "PDF"),
    "a gzip archive": (b"\x1f\x8b\x08\x00rest", "no_csv", "gzip"),
    "a picture": (b"\x89PNG\r\n\x1a\n...", "no_csv", "picture"),
    "JSON": (b'[{"email": "a@school.example"}]', "no_csv", "JSON"),
    "a page": (b"<html><table><tr><td>email</td></tr></table></html>", "no_csv", "page"),
    "no header": (ROW.encode() + b"\r\n", "no_header", "Known columns: email"),
    "prose": (b"Dear all,\nplease find the list attached.\n", "no_header", "Known columns: email"),
    "an unknown column": (table(ROW + ",x", header=HEADER + ",birthday"), "unknown_column", "Column 8"),
    "a column without a name": (table("a@b.example,,Amy", header="email,,full_name"), "unknown_column", "Column 2"),
    "groups, which come later": (table(ROW + ",x", header=HEADER + ",group"), "unknown_column", "Known columns"),
    "a password column": (table(ROW + ",x", header=HEADER + ",Password"), "password_column", "Known columns"),
    "a column twice": (table(ROW + ",x", header=HEADER + ",sourcedId"), "column_twice", "same"),
    "a name and its parts": (table("a,b", header="email,full_name,givenName"), "column_twice", "same"),
    "nobody is named": (table("Amy Adams,student", header="full_name,role"), "no_identity", "email or external_id"),
    "Latin 1": (LATIN, "wrong_encoding", f"Byte {LATIN.index(0xFC) + 1} is not UTF-8"),
    "two encodings": (
        table(ROW) + LATIN,
        "wrong_encoding",
        f"Byte {len(table(ROW)) + LATIN.index(0xFC) + 1} is not UTF-8",
    ),
    "half a character": (table(ROW) + b"\xe2\x82", "wrong_encoding", "is not UTF-8"),
    "UTF-16 without its mark": (table(ROW).decode().encode("utf-16-le"), "nul", "Byte 2 is NUL"),
    "UTF-16 with half a character": (
        codecs.BOM_UTF16_LE + table(ROW).decode().encode("utf-16-le") + b"\x00",
        "wrong_encoding",
        "is not UTF-16",
    ),
    "NUL": (table(ROW, "b\0b@school.example,Bo Bo,,,,,"), "nul", "is NUL"),
    "a quotation mark that never ends": (table('"amy@school.example,Amy Adams,,,,,', ROW), "open_quote", "line 2"),
    "a quotation mark in the middle": (table('"amy"@school.example,Amy Adams,,,,,'), "broken_quotes", "line 2"),
    "a very long line": (table(ROW, "x" * 40_000), "line_too_long", "Line 3"),
    "a very long cell over many lines": (table('"' + "x\n" * 80_000 + '",a'), "open_quote", "line 2"),
    "no rows": (HEADER.encode() + b"\r\n\r\n , ,,\r\n", "no_rows", "nobody"),
    "only a mark": (codecs.BOM_UTF8, "no_header", "Known columns"),
    "too many rows": (table(*["a@b.example"] * (MOST_ROWS + 1), header="email"), "too_many_rows", "50,000"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_each_has_its_sentence(world: World, name: str) -> None:
    content, code, part = BROKEN[name]
    answer = await send(world, content)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert (problem["code"], [error["code"] for error in problem["errors"]]) == ("invalid_csv", [code])
    assert part in problem["detail"]
    assert "birthday" not in answer.text, "what was sent is not repeated"
    assert await world.count(PeopleImport) == 0
    assert [path async for path in world.runtime.storage.list("imports")] == []


async def test_what_is_no_upload_or_too_large(world: World) -> None:
    empty = await send(world, b"")
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "empty")
    assert (await world.call("root", "POST", "/users/import")).status_code == 422
    assert (await world.call("root", "POST", "/users/import", json={})).status_code == 415
    answer = await send(world, table(*[ROW] * 220_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert await world.count(PeopleImport) == 0


GOOD = {
    "with a mark": codecs.BOM_UTF8 + table(ROW),
    "UTF-16 little": codecs.BOM_UTF16_LE + table(ROW).decode().encode("utf-16-le"),
    "UTF-16 big": codecs.BOM_UTF16_BE + table(ROW).decode().encode("utf-16-be"),
    "semicolons": table(ROW).replace(b",", b";"),
    "tabs": table(ROW).replace(b",", b"\t"),
    "another order and case": table(
        "true; S-1 ;AMY@school.example; Amy  ;Adams", header="Is_Active;sourcedID;EMAIL;givenName;FAMILYNAME"
    ),
    "quotes": table('"amy@school.example","Amy Adams",student,,"S-1","",', header=f'"email",{HEADER[6:]}'),
    "lines of old": table(ROW).replace(b"\r\n", b"\r"),
    "lines of Unix, none at the end": table(ROW).replace(b"\r\n", b"\n").strip(),
    "short rows": table("amy@school.example,Amy Adams,student,,S-1"),
    "empty cells at the end": table(ROW + ",,,"),
    "empty lines": table("", ROW, " ", ",,,"),
    "columns that were emptied": table(ROW + ",,", header=HEADER + ",,"),
}


@pytest.mark.parametrize("name", GOOD)
async def test_whatever_spreadsheets_write_is_read(world: World, name: str) -> None:
    found = await plan(world, GOOD[name])
    assert counted(found) == {"create": 1}, found
    changes = {change["field"]: change["after"] for change in found["rows"][0]["changes"]}
    assert (changes["email"], changes["full_name"], changes["external_id"]) == (
        "amy@school.example",
        "Amy Adams",
        "S-1",
    )
    assert "amy" not in await people(world)
