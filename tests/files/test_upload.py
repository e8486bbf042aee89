"""What is taken, as what, and that it comes back."""

from collections.abc import Callable
from uuid import UUID

import pytest

from studium.models import Course, Lesson
from tests.files.helpers import Desk
from tests.files.samples import GOOD, PDF, picture


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"talk.srt"}))  # SubRip comes back as WebVTT.
async def test_every_format_is_taken_and_given_back(desk: Desk, name: str) -> None:
    file = await desk.take("sam", name, GOOD[name])
    assert file["original_filename"] == name
    assert file["uploader_id"] == str(desk.world.ids["sam"])
    assert file["filename"] != name
    assert (file["folder"], file["is_public"], file["course_id"]) == ("uploads", False, None)
    (row,) = await desk.rows()
    got = await desk.download("sam", file["id"])
    assert got.status_code == 200
    assert got.headers["content-type"] == file["mime_type"]
    assert len(got.content) == file["file_size"] == row.file_size
    if file["file_type"] != "image":
        assert got.content == GOOD[name]
    assert await desk.is_clean()


async def test_the_fields_are_kept(desk: Desk) -> None:
    course = desk.world.ids["C1"]
    file = await desk.take("ada", "a.pdf", PDF, folder="week-1_b", is_public="true", course_id=str(course))
    assert (file["folder"], file["is_public"], UUID(file["course_id"])) == ("week-1_b", True, course)
    detail = await desk.world.call("mia", "GET", f"/files/{file['id']}")
    assert detail.json() == file


async def test_empty_fields_of_a_browser_were_not_filled_in(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF, folder="", is_public="", course_id="")
    assert (file["folder"], file["is_public"], file["course_id"]) == ("uploads", False, None)


async def test_my_files_are_mine_newest_first_and_can_be_narrowed(desk: Desk) -> None:
    names = ["a.pdf", "b.pdf"]
    for name in names:
        await desk.take("mia", name, PDF, folder="papers")
    await desk.take("mia", "c.png", picture("png"))
    await desk.take("eve", "d.pdf", PDF)

    async def listed(query: str) -> list[str]:
        answer = await desk.world.call("mia", "GET", f"/files/my-files{query}")
        assert answer.status_code == 200, answer.text
        return [item["original_filename"] for item in answer.json()["items"]]

    assert await listed("") == ["c.png", "b.pdf", "a.pdf"]
    assert await listed("?file_type=image") == ["c.png"]
    assert await listed("?folder=papers") == ["b.pdf", "a.pdf"]
    assert await listed("?folder=papers&file_type=image") == []
    first = (await desk.world.call("mia", "GET", "/files/my-files?limit=2&include_total=true")).json()
    assert first["total"] == 3
    assert await listed(f"?limit=2&cursor={first['next_cursor']}") == ["a.pdf"]
    assert (await desk.world.call("mia", "GET", "/files/my-files?file_type=x")).status_code == 422
    assert (await desk.world.call("mia", "GET", "/files/my-files?folder=A B")).status_code == 422


async def test_the_list_costs_the_same_for_one_and_six(folder_desk: Desk) -> None:
    await folder_desk.take("sam", "a.pdf", PDF)
    async with folder_desk.world.counting() as before:
        await folder_desk.world.call("sam", "GET", "/files/my-files")
    for _ in range(5):
        await folder_desk.take("sam", "a.pdf", PDF)
    async with folder_desk.world.counting() as after:
        await folder_desk.world.call("sam", "GET", "/files/my-files")
    assert len(after) == len(before) <= 2


async def test_a_deleted_file_is_gone_and_its_blob_follows(desk: Desk) -> None:
    file = await desk.take("sam", "a.pdf", PDF)
    assert (await desk.world.call("sam", "DELETE", f"/files/{file['id']}")).status_code == 204
    assert (await desk.world.call("sam", "GET", f"/files/{file['id']}")).status_code == 404
    assert len(await desk.blobs()) == 1
    await desk.world.jobs()
    assert await desk.blobs() == []
    assert (await desk.world.call("sam", "DELETE", f"/files/{file['id']}")).status_code == 404


@pytest.mark.parametrize("place", ["thumbnail_url", "description", "video_url", "content"])
async def test_a_file_in_use_stays(folder_desk: Desk, place: str) -> None:
    file = await folder_desk.take("ada", "a.png", picture("png"), is_public="true")
    table, name = (Lesson, "L1") if place in {"video_url", "content"} else (Course, "C1")
    text = file["file_url"] if place.endswith("url") else f"Look: ![a]({file['file_url']})"
    async with folder_desk.world.runtime.database.write_session() as session:
        setattr(await session.get_one(table, folder_desk.world.ids[name]), place, text)
    answer = await folder_desk.world.call("ada", "DELETE", f"/files/{file['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "file_in_use")
    await folder_desk.world.jobs()
    assert await folder_desk.is_clean()
    async with folder_desk.world.runtime.database.write_session() as session:
        setattr(await session.get_one(table, folder_desk.world.ids[name]), place, None)
    assert (await folder_desk.world.call("ada", "DELETE", f"/files/{file['id']}")).status_code == 204


@pytest.mark.parametrize("spelled", [str.upper, lambda file_id: file_id.replace("-", "")], ids=["capitals", "bare"])
async def test_a_file_is_in_use_however_its_id_is_written(folder_desk: Desk, spelled: Callable[[str], str]) -> None:
    file = await folder_desk.take("ada", "a.png", picture("png"), is_public="true")
    wish = {"content": f"![a](https://school.example/api/v1/files/{spelled(file['id'])}/download)"}
    assert (await folder_desk.world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json=wish)).status_code == 200
    answer = await folder_desk.world.call("ada", "DELETE", f"/files/{file['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "file_in_use")


async def test_who_may_give_a_file_to_a_course(folder_desk: Desk) -> None:
    expected = {("sam", "C1"): 403, ("eve", "C1"): 403, ("eve", "C0"): 404, ("ada", "C0"): 201, ("root", "C1"): 201}
    for (who, course), status in expected.items():
        course_id = str(folder_desk.world.ids[course])
        answer = await folder_desk.upload(who, "a.pdf", PDF, course_id=course_id)
        assert answer.status_code == status, (who, course, answer.text)
    assert await folder_desk.is_clean()


async def test_a_file_outlives_its_course(folder_desk: Desk) -> None:
    course_id = str(folder_desk.world.ids["C0"])
    file = await folder_desk.take("ada", "a.pdf", PDF, course_id=course_id)
    assert (await folder_desk.world.call("ada", "DELETE", "/courses/{C0}")).status_code == 204
    detail = await folder_desk.world.call("ada", "GET", f"/files/{file['id']}")
    assert (detail.status_code, detail.json()["course_id"]) == (200, None)
    assert await folder_desk.is_clean()


async def test_students_publish_small_images_only(folder_desk: Desk) -> None:
    small, large = picture("jpg"), picture("jpg") + bytes(2 * 1024 * 1024 - 2000)
    assert (await folder_desk.upload("sam", "a.jpg", small, is_public="true")).status_code == 201
    assert (await folder_desk.upload("sam", "a.jpg", large, is_public="true")).status_code == 201
    refused = await folder_desk.upload("sam", "a.pdf", PDF, is_public="true")
    assert (refused.status_code, refused.json()["code"]) == (403, "public_not_allowed")
    assert (await folder_desk.upload("ada", "a.pdf", PDF, is_public="true")).status_code == 201
    assert await folder_desk.is_clean()


async def test_the_same_key_uploads_once(desk: Desk) -> None:
    first = await desk.upload("sam", "a.pdf", PDF, key="once")
    again = await desk.upload("sam", "a.pdf", PDF, key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await desk.upload("sam", "a.pdf", PDF + b"\n", key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await desk.rows()) == 1
    assert await desk.is_clean()
    assert (await desk.upload("sam", "a.pdf", PDF, key='""')).status_code == 422
