"""Captions come with a course, in Studium's own format and from Open edX, and go out with it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from studium.models import ImportedItem
from studium.modules.exchange.formats.own.course import CourseFormatError
from studium.modules.exchange.model.items import ImportOutcome, token_of
from studium.modules.exchange.writing.merging import digest
from tests.importing.olx import course, imported, lesson, line, said
from tests.importing.studio import exported, read, tree, upload, zipped
from tests.world import World

SRT = "1\n00:00:01,000 --> 00:00:02,000\nPush.\n"
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nPush.\n"
SJSON = json.dumps({"start": [1000, 2000], "end": [2000, 1], "text": ["Push.", None]})
OWN = {
    "course.md": "---\ntitle: Course\nslug: pumping\n---\n",
    "01-one.md": "---\ntitle: One\ntype: video\nvideo_url: https://e.org/a.mp4\n{captions}---\n\nWords.\n",
    "files/en.vtt": VTT,
    "files/ar.srt": SRT,
}
BOTH = "captions:\n  en: files/en.vtt\n  ar: files/AR.srt\n"


def source(captions: str = BOTH, **files: str) -> bytes:
    return zipped({name: text.replace("{captions}", captions) for name, text in (OWN | files).items()})


async def only_lesson(world: World, course_id: str) -> dict[str, Any]:
    (found,) = (await world.call("ada", "GET", f"/courses/{course_id}/lessons")).json()["items"]
    lesson: dict[str, Any] = found
    return lesson


async def test_captions_come_and_go_out_again(world: World) -> None:
    done = await upload(world, "ada", source())
    assert done["outcome"] == "created", done["fault"]
    (srt,) = [each for each in done["report"] if each["name"] == "ar.srt"]
    assert (srt["fate"], srt["why"]) == ("changed", "it is kept as WebVTT, so it is called .vtt here")
    captions = (await only_lesson(world, done["course_id"]))["captions"]
    assert [each["language"] for each in captions] == ["en", "ar"]
    for each in captions:
        assert (await world.call("ada", "GET", each["url"].removeprefix("/api/v1"))).text == VTT
    assert (await upload(world, "ada", source()))["outcome"] == "unchanged"
    out = await exported(world, "ada", done["course_id"])
    again = await upload(world, "ada", out)
    assert (again["outcome"], again["course_id"]) == ("unchanged", done["course_id"]), again["report"]


async def test_captions_that_were_changed_here_stay_and_others_follow(world: World) -> None:
    course_id = (await upload(world, "ada", source("")))["course_id"]
    assert (await upload(world, "ada", source()))["outcome"] == "updated"
    found = await only_lesson(world, course_id)
    assert len(found["captions"]) == 2
    path = f"/courses/{course_id}/lessons/{found['id']}"
    await world.call("ada", "PATCH", path, json={"captions": found["captions"][:1]})
    done = await upload(world, "ada", source("captions:\n  ar: files/ar.srt\n"))
    assert (await only_lesson(world, course_id))["captions"] == found["captions"][:1]
    assert any("the captions stays as it is here" in each["why"] for each in done["report"])


async def test_a_course_from_before_captions_takes_them_over(world: World) -> None:
    course_id = (await upload(world, "ada", source("")))["course_id"]
    async with world.runtime.database.write_session() as session:
        for row in (await session.execute(select(ImportedItem).where(ImportedItem.kind == "lesson"))).scalars():
            parts: dict[str, Any] = json.loads(json.dumps(row.parts))
            assert parts["values"].pop("captions") == digest({})
            row.parts = parts
    done = await upload(world, "ada", source())
    assert done["outcome"] == "updated"
    assert not any("kept" in each["what"] for each in done["report"])
    assert len((await only_lesson(world, course_id))["captions"]) == 2


async def test_captions_that_cannot_be_followed_are_named_and_left_out(world: World) -> None:
    done = await upload(world, "ada", source(**{"files/en.vtt": "WEBVTT\n\nnothing"}))
    assert done["outcome"] == "created"
    assert [each["language"] for each in (await only_lesson(world, done["course_id"]))["captions"]] == ["ar"]
    (vtt,) = [each for each in done["report"] if each["name"] == "en.vtt"]
    assert vtt["fate"] == "skipped"
    assert "line 3: expected a time" in vtt["why"]
    missing = await upload(world, "ada", source("captions:\n  en: files/none.vtt\n"), dry_run="true")
    assert any(each["name"] == "files/none.vtt" and each["fate"] == "skipped" for each in missing["report"])


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("captions: files/en.vtt", "expected lines of `language: file`"),
        ("captions:\n  en: files/en.png", "expected a file of the course"),
        ("captions:\n  en: https://e.org/en.vtt", "expected a file of the course"),
        ("captions:\n  english: files/en.vtt", "captions: String should match pattern"),
        ("captions:\n  en: [a]", "captions: expected a text"),
    ],
)
def test_a_line_about_captions_that_is_wrong_is_named(tmp_path: Path, written: str, why: str) -> None:
    files = {name: text.replace("{captions}", f"{written}\n") for name, text in OWN.items()}
    with pytest.raises(CourseFormatError, match=r"01-one\.md:[56]: ") as refused:
        read(tree(tmp_path / "course", files), tmp_path)
    assert why in str(refused.value)


# Open edX

VIDEO = "<video display_name='It' youtube='1.0:aBcDeFgHiJk' {attributes}>{inside}</video>"

ASSET = (
    "<video_asset><transcripts><transcript file_format='srt' language_code='fr' provider='x'/></transcripts>"
    "</video_asset>"
)


@pytest.mark.parametrize(
    ("attributes", "inside", "name", "language"),
    [
        ("", "<transcript language='uk' src='a.srt'/>", "a.srt", "uk"),
        ("", "<transcript language='zh_HANS' src='a b.srt'/>", "a_b.srt", "zh-HANS"),
        ("transcripts='{{&quot;de&quot;: &quot;a.vtt&quot;}}'", "", "a.vtt", "de"),
        ("sub='abc'", "", "subs_abc.srt.sjson", "en"),
        ("edx_video_id='abc'", ASSET, "abc-fr.srt", "fr"),
    ],
)
def test_captions_of_open_edx_are_taken_over(
    tmp_path: Path, attributes: str, inside: str, name: str, language: str
) -> None:
    video = VIDEO.format(attributes=attributes.replace("{{", "{").replace("}}", "}"), inside=inside)
    content = SJSON if name.endswith("sjson") else SRT
    item = imported(tmp_path, course(video) | {f"static/{name}": content})
    assert lesson(item).captions == {language: token_of(f"static/{name}")}
    assert "captions" not in line(item, "It").why


async def test_captions_of_open_edx_become_files(world: World) -> None:
    video = VIDEO.format(attributes="sub='abc'", inside="<transcript language='uk' src='a.srt'/>")
    done = await upload(world, "ada", zipped(course(video) | {"static/subs_abc.srt.sjson": SJSON, "static/a.srt": SRT}))
    assert done["outcome"] == "created", done["fault"]
    *_, found = (await world.call("ada", "GET", f"/courses/{done['course_id']}/lessons")).json()["items"]
    assert [each["language"] for each in found["captions"]] == ["uk", "en"]
    for each in found["captions"]:
        assert (await world.call("ada", "GET", each["url"].removeprefix("/api/v1"))).text == VTT


@pytest.mark.parametrize(
    ("attributes", "files"),
    [
        ("sub='abc'", {}),
        ("sub='abc'", {"static/subs_abc.srt.sjson": "[]"}),
        ("sub='abc'", {"static/subs_abc.srt.sjson": '{"start": [1], "end": [], "text": []}'}),
        ("transcripts='x'", {}),
        ("transcripts='{&quot;klingon language&quot;: &quot;a.srt&quot;}'", {"static/a.srt": SRT}),
    ],
)
def test_captions_that_cannot_be_taken_are_named(tmp_path: Path, attributes: str, files: dict[str, str]) -> None:
    item = imported(tmp_path, course(VIDEO.format(attributes=attributes, inside="")) | files)
    assert lesson(item).captions == {}
    assert "captions" in line(item, "It").why
    assert line(item, "It").fate is ImportOutcome.CHANGED


def test_captions_of_a_second_video_are_named(tmp_path: Path) -> None:
    one = VIDEO.format(attributes="", inside="")
    two = VIDEO.format(attributes="", inside="<transcript language='uk' src='a.srt'/>").replace("'It'", "'Two'")
    item = imported(tmp_path, course(one + two) | {"static/a.srt": SRT})
    assert lesson(item).captions == {}
    assert "its captions, because it is a link" in said(item)
