"""The captions of a lesson: caption files that its readers may read, in any number of languages."""

from typing import Any

from tests.answers import ok, refused
from tests.courses.teaching import new_course, new_lesson
from tests.files.helpers import Desk
from tests.world import World

VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello.\n"


async def captions(world: World, language: str = "en", who: str = "ada", **fields: str) -> dict[str, Any]:
    file = await Desk(world).take(who, f"talk.{language}.vtt", VTT, **fields)
    return {"language": language, "url": file["file_url"]}


async def test_a_lesson_has_captions_in_several_languages(world: World) -> None:
    course = (await new_course(world))["id"]
    both = [await captions(world, "pt-BR", course_id=course), await captions(world, "ar", is_public="true")]
    made = await new_lesson(world, course, lesson_type="video", captions=both)
    assert made["captions"] == both
    path = f"/courses/{course}/lessons/{made['id']}"
    assert ok(await world.call("ada", "GET", path))["captions"] == both
    patched = ok(await world.call("ada", "PATCH", path, json={"captions": both[:1]}))
    assert (patched["captions"], patched["version"]) == (both[:1], 2)
    same = ok(await world.call("ada", "PATCH", path, json={"captions": both[:1]}))
    assert same["version"] == 2
    assert ok(await world.call("ada", "PATCH", path, json={"captions": []}))["captions"] == []
    assert (await new_lesson(world, course))["captions"] == []


async def test_only_caption_files_that_every_reader_may_read_are_taken(world: World) -> None:
    course, other = (await new_course(world))["id"], (await new_course(world, "Other"))["id"]
    path = f"/courses/{course}/lessons"
    text = (await Desk(world).take("ada", "a.txt", b"words", course_id=course))["file_url"]
    good = await captions(world, course_id=course)
    for url in (
        text,
        (await captions(world, course_id=other))["url"],
        (await captions(world))["url"],
        "/api/v1/files/01890000-0000-7000-8000-000000000000/download",
    ):
        wish = {"title": "x", "lesson_type": "video", "captions": [good, {"language": "ar", "url": url}]}
        answer = await world.call("ada", "POST", path, json=wish)
        (error,) = refused(answer, 422, "invalid_input")["errors"]
        assert (error["pointer"], error["code"]) == ("/captions/1/url", "no_captions")
    lesson = (await new_lesson(world, course))["id"]
    answer = await world.call("ada", "PATCH", f"{path}/{lesson}", json={"captions": [{"language": "en", "url": text}]})
    refused(answer, 422, "invalid_input")
    for wrong in (
        {"language": "en", "url": "https://videos.example.com/a.vtt"},
        {"language": "english", "url": good["url"]},
        {"language": "", "url": good["url"]},
        {"url": good["url"]},
        {**good, "label": "x"},
        None,
    ):
        refused(await world.call("ada", "PATCH", f"{path}/{lesson}", json={"captions": [wrong]}), 422, "invalid_input")
    for many in ([good, {**good, "language": "EN"}], [{**good, "language": f"a{n:c}"} for n in range(97, 118)], None):
        refused(await world.call("ada", "PATCH", f"{path}/{lesson}", json={"captions": many}), 422, "invalid_input")


async def test_captions_are_locked_with_their_lesson_and_keep_their_file(world: World) -> None:
    c1 = str(world.ids["C1"])
    said = await captions(world, course_id=c1)
    path = f"/courses/{c1}/lessons/{world.ids['L2']}"
    ok(await world.call("ada", "PATCH", path, json={"captions": [said]}))
    items = ok(await world.call("mia", "GET", f"/courses/{c1}/lessons"))["items"]
    assert next(item["captions"] for item in items if item["id"] == str(world.ids["L2"])) is None
    assert ok(await world.call("sam", "GET", path))["captions"] == [said]
    file = said["url"].split("/")[-2]
    refused(await world.call("ada", "DELETE", f"/files/{file}"), 409, "file_in_use")
    ok(await world.call("ada", "PATCH", path, json={"captions": []}))
    assert (await world.call("ada", "DELETE", f"/files/{file}")).status_code == 204
