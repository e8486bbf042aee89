"""The school with its files in a folder and in S3."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.files.helpers import Desk
from tests.servers import Server, s3_server
from tests.world import open_world


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return f"file://{tmp_path}/files"
    port = request.getfixturevalue("s3").port
    keys = "access_key_id=test&secret_access_key=test"
    return f"s3://school/{tmp_path.name}?endpoint=http://127.0.0.1:{port}&{keys}"


@pytest.fixture
async def desk(database_url: str, storage_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The school on either database, with its files in either place."""
    async with open_world(database_url, tmp_path, storage_url=storage_url) as world:
        yield Desk(world)


@pytest.fixture
async def folder_desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The school with its files in a folder, and little room: 2 MiB for a file, 3 for a video, 4 in all."""
    room = {"upload_max_mib": 2, "upload_video_max_mib": 3, "quota_mib": 4}
    async with open_world(database_url, tmp_path, **room) as world:
        yield Desk(world)
