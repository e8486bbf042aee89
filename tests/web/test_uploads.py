"""Uploading on a page: the API's own limits and words, no script, no transaction open while it comes."""

from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from studium.kit.http.uploads import UPLOADS
from studium.models import UploadedFile
from studium.web.app import page_routes
from studium.web.routing import PageRoute
from tests.files.samples import picture
from tests.web.school import Tab, tab, text, tree
from tests.world import World, open_world

PATH = "/my/files/upload"
OWN = {"sec-fetch-site": "same-origin"}


async def send(sam: Tab, name: str, content: bytes, **more: object) -> httpx2.Response:
    return await sam.client.post(PATH, files={"file": (name, content, "x/y")}, data=more or None, headers=OWN)


async def labels(world: World) -> list[str]:
    async with world.runtime.database.read_session() as session:
        found = select(UploadedFile.original_filename).where(UploadedFile.uploader_id == world.ids["sam"])
        return list((await session.execute(found)).scalars())


def test_every_form_with_a_file_takes_what_is_large_and_slow() -> None:
    taking = [route.path for route in page_routes() if isinstance(route, PageRoute) and takes(route)]
    assert len(taking) > 5
    assert [path for path in taking if not path.startswith(UPLOADS)] == []


def takes(route: PageRoute) -> bool:
    return getattr(route.endpoint, "takes_files", False)


async def test_a_file_is_taken_and_stands_in_the_list(world: World):
    async with tab(world, "sam") as sam:
        form = tree(await sam.get("/my/files")).xpath(f"//form[starts-with(@action, '{PATH}')]")[0]
        assert (form.get("method"), form.get("enctype")) == ("post", "multipart/form-data")
        assert ".pdf" in form.xpath(".//input/@accept")[0]
        answer = await send(sam, "notes & <b>.txt", b"What I read.")
        assert (answer.status_code, answer.headers["location"]) == (303, "/my/files")
        page = await sam.get("/my/files")
        assert "The file is uploaded." in text(page)
        assert tree(page).xpath("//th[@scope='row']//bdi/text()")[0] == "notes & <b>.txt"
        address = str(tree(page).xpath("//th[@scope='row']/a/@href")[0])
        assert (await sam.get(address)).content == b"What I read."
        drawn = await send(sam, "me.png", picture("png"))
        assert drawn.status_code == 303


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("virus.exe", b"MZ\x90\x00" * 50, 415, "Files of this kind are not taken."),
        ("picture.png", b"no picture at all", 415, "Files of this kind are not taken."),
        ("empty.txt", b"", 422, "The file is empty."),
        ("", b"some text", 422, "Choose a file."),
        ("large.txt", b"a" * (1 << 20 | 1), 413, "The file is too large."),
    ],
)
async def test_what_the_api_refuses_is_refused_in_words(
    database_url: str, tmp_path: Path, name: str, content: bytes, status: int, words: str
):
    async with open_world(database_url, tmp_path, upload_max_mib=1) as world, tab(world, "sam") as sam:
        before = await labels(world)
        refused = await send(sam, name, content)
        assert (refused.status_code, words in text(refused)) == (status, True), text(refused)
        assert len(tree(refused).xpath("//div[@role='alert']")) == 1
        assert await labels(world) == before
        assert not list(world.runtime.storage.incoming.iterdir())


async def test_the_quota_holds(database_url: str, tmp_path: Path):
    async with open_world(database_url, tmp_path, quota_mib=1) as world, tab(world, "sam") as sam:
        assert (await send(sam, "one.txt", b"a" * 700_000)).status_code == 303
        refused = await send(sam, "two.txt", b"b" * 700_000)
        assert (refused.status_code, "does not fit" in text(refused)) == (413, True)
        assert "two.txt" not in await labels(world)


async def test_who_is_logged_out_is_sent_to_the_log_in_and_foreign_forms_are_refused(world: World):
    before = await world.count(UploadedFile)
    async with tab(world) as nobody:
        answer = await send(nobody, "a.txt", b"text")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")
    async with tab(world, "sam") as sam:
        files = {"file": ("a.txt", b"text", "text/plain")}
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}):
            assert (await sam.client.post(PATH, files=files, headers=headers)).status_code == 403
        for field in ("unknown", "file"):
            assert (await send(sam, "a.txt", b"text", **{field: "x"})).status_code == 422
        assert (await sam.post(PATH, {"file": "x"})).status_code == 415
        broken = await sam.client.post(
            PATH, content=b"--x\r\nno end", headers={**OWN, "content-type": "multipart/form-data; boundary=x"}
        )
        assert broken.status_code == 400
    assert await world.count(UploadedFile) == before
