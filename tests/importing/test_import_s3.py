"""Imports and exports where the files lie in S3: the upload waits in the bucket, pictures come and go through it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.importing.studio import BICYCLE, contents, exported, upload, zipped
from tests.servers import Server, s3_server
from tests.world import World, open_world

FILES = contents(BICYCLE)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
async def world(database_url: str, tmp_path: Path, s3: Server) -> AsyncIterator[World]:
    keys = "access_key_id=test&secret_access_key=test"
    url = f"s3://school/{tmp_path.name}?endpoint=http://127.0.0.1:{s3.port}&{keys}"
    async with open_world(database_url, tmp_path, storage_url=url) as opened:
        yield opened


async def blobs(world: World, folder: str) -> set[str]:
    return {path async for path in world.runtime.storage.list(folder)}


async def test_a_course_comes_in_and_goes_out(world: World) -> None:
    before = await blobs(world, "uploads")
    done = await upload(world, "ada", zipped(FILES))
    assert (done["status"], done["outcome"]) == ("done", "created")
    assert len(await blobs(world, "uploads") - before) == 1
    assert await blobs(world, "imports") == set()
    course = (await world.call("ada", "GET", f"/courses/{done['course_id']}")).json()
    shown = await world.call("ada", "GET", course["thumbnail_url"].removeprefix("/api/v1"))
    assert shown.status_code == 307
    async with httpx2.AsyncClient() as has_external_effects:
        picture = (await has_external_effects.get(shown.headers["location"])).content
    assert picture.startswith(b"\x89PNG")
    archive = await exported(world, "ada", done["course_id"])
    assert picture in archive  # Files are stored in it as they are.
    again = await upload(world, "ada", archive)
    assert (again["outcome"], again["course_id"]) == ("unchanged", done["course_id"])
    assert await exported(world, "ada", done["course_id"]) == archive


@pytest.mark.parametrize("files", [FILES | {"chapter/wheels.xml": b"<chapter>"}, FILES], ids=["broken", "dry run"])
async def test_nothing_stays_in_the_bucket(world: World, files: dict[str, bytes]) -> None:
    before = await blobs(world, "")
    fields = {"dry_run": "true"} if files is FILES else {}
    done = await upload(world, "ada", zipped(files), **fields)
    assert done["status"] == ("done" if fields else "failed")
    assert await blobs(world, "") == before
