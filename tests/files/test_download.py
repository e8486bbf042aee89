"""Whole files, parts of them, and what their headers say."""

import httpx2
import pytest
from sqlalchemy import update

from studium.models import Enrollment, EnrollmentStatus
from tests.files.helpers import Desk
from tests.files.samples import GOOD, PDF, picture

TEXT = b"0123456789"


async def test_a_file_is_shown_or_saved_but_never_run(folder_desk: Desk) -> None:
    shown = await folder_desk.take("sam", 'Łódź, "1".png', picture("png"))
    saved = await folder_desk.take("sam", "a.txt", TEXT)
    picture_answer = await folder_desk.download("sam", shown["id"])
    text_answer = await folder_desk.download("sam", saved["id"])
    for answer in (picture_answer, text_answer):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].endswith("; sandbox")
        assert answer.headers["cache-control"] == "private, no-cache"
    assert picture_answer.headers["content-disposition"].startswith("inline; ")
    assert text_answer.headers["content-disposition"] == "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["slides.pdf", "talk.mp4", "talk.webm", "photo.jpg", "photo.gif", "photo.webp"])
async def test_what_browsers_show_is_inline(folder_desk: Desk, name: str) -> None:
    file = await folder_desk.take("sam", name, GOOD[name])
    answer = await folder_desk.download("sam", file["id"])
    assert answer.headers["content-disposition"].startswith("inline; ")


@pytest.mark.parametrize(
    "name", ['a"b.txt', "a\\\r\nSet-Cookie: x=1.txt", "你好.txt", "a%22b;c=d.txt", "é" * 300 + ".txt", "\u202egpj.txt"]
)
async def test_no_name_breaks_out_of_its_header(desk: Desk, name: str) -> None:
    file = await desk.take("sam", name, TEXT)
    assert len(file["original_filename"]) <= 255
    answer = await desk.download("sam", file["id"])
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    header = answer.headers["content-disposition"]
    plain, encoded = header.removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert header.isascii()
    assert '"' not in plain
    assert ";" not in encoded
    assert httpx2.QueryParams(f"x={encoded}")["x"] == file["original_filename"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("bytes=0-3", "bytes 0-3/10"),
        ("bytes=4-", "bytes 4-9/10"),
        ("bytes=9-9", "bytes 9-9/10"),
        ("bytes=2-99999999999999999", "bytes 2-9/10"),
        ("bytes=-3", "bytes 7-9/10"),
        ("bytes=-99", "bytes 0-9/10"),
    ],
)
async def test_a_part(folder_desk: Desk, asked: str, given: str) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    answer = await folder_desk.download("sam", file["id"], range=asked)
    first, last = given.removeprefix("bytes ").removesuffix("/10").split("-")
    assert (answer.status_code, answer.headers["content-range"]) == (206, given)
    assert answer.content == TEXT[int(first) : int(last) + 1]
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
async def test_a_part_beyond_the_end(folder_desk: Desk, asked: str) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    answer = await folder_desk.download("sam", file["id"], range=asked)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")
    assert answer.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=" + "9" * 50 + "-", ""]
)
async def test_what_is_no_single_part_gives_all(folder_desk: Desk, asked: str) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    answer = await folder_desk.download("sam", file["id"], range=asked)
    assert (answer.status_code, answer.content) == (200, TEXT)


async def test_a_part_of_another_version_gives_all(folder_desk: Desk) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    etag = (await folder_desk.download("sam", file["id"])).headers["etag"]
    same = await folder_desk.download("sam", file["id"], range="bytes=0-1", if_range=etag)
    other = await folder_desk.download("sam", file["id"], range="bytes=0-1", if_range='"other"')
    assert (same.status_code, other.status_code) == (206, 200)


async def test_what_the_caller_has_is_not_sent_again(folder_desk: Desk) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    etag = (await folder_desk.download("sam", file["id"])).headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        answer = await folder_desk.download("sam", file["id"], if_none_match=known)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert (await folder_desk.download("sam", file["id"], if_none_match='"other"')).status_code == 200


async def test_having_it_already_says_nothing_to_strangers(folder_desk: Desk) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    assert (await folder_desk.download("mia", file["id"], if_none_match="*")).status_code == 404
    assert (await folder_desk.download(None, file["id"], if_none_match="*")).status_code == 401


async def test_a_course_file_is_for_those_who_may_read_its_lessons(desk: Desk) -> None:
    file = await desk.take("ada", "a.pdf", PDF, course_id=str(desk.world.ids["C1"]))
    expected: dict[str | None, int] = {"sam": 200, "ada": 200, "root": 200, "mia": 404, "eve": 404, None: 401}
    for who, status in expected.items():
        assert (await desk.download(who, file["id"])).status_code == status, who
    for gone in (EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED):
        async with desk.world.runtime.database.write_session() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == desk.world.ids["E1"]).values(status=gone))
        assert (await desk.download("sam", file["id"])).status_code == 404


async def test_s3_gives_an_address_for_a_minute(desk: Desk) -> None:
    file = await desk.take("sam", "你 好.txt", TEXT)
    answer = await desk.world.call("sam", "GET", f"/files/{file['id']}/download")
    if desk.world.runtime.storage.is_local:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
    assert "X-Amz-Expires=60" in answer.headers["location"]
    got = await desk.download("sam", file["id"])
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["content-disposition"].startswith("attachment; ")


async def test_a_file_whose_blob_is_lost_is_404(folder_desk: Desk) -> None:
    file = await folder_desk.take("sam", "a.txt", TEXT)
    (row,) = await folder_desk.rows()
    await folder_desk.world.runtime.storage.delete(row.storage_path)
    answer = await folder_desk.download("sam", file["id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
