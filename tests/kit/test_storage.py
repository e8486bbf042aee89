"""Blobs in a local folder and in S3 (moto's server), through the one port."""

import errno
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from studium.kit.base.problems import DependencyDown, StorageFull
from studium.kit.storage import BlobMissing, Storage, open_storage
from tests.servers import Server, free_port, s3_server

MIB = 1 << 20


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return open_storage(f"file://{tmp_path}/files")
    port = request.getfixturevalue("s3").port
    keys = "access_key_id=test&secret_access_key=test"
    return open_storage(f"s3://school/{tmp_path.name}?endpoint=http://127.0.0.1:{port}&{keys}")


async def chunks(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * MIB


async def read(storage: Storage, path: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in storage.stream(path, start, end)])


def files_below(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_blob_is_what_was_put(storage: Storage) -> None:
    assert await storage.put("uploads/a.txt", b"hello") == 5
    assert await storage.get("uploads/a.txt") == b"hello"
    assert await storage.size("uploads/a.txt") == 5
    await storage.put("uploads/a.txt", b"")
    assert await storage.get("uploads/a.txt") == b""


async def test_large_ones_stream_both_ways(storage: Storage) -> None:
    assert await storage.put("uploads/large", chunks(12)) == 12 * MIB
    assert await read(storage, "uploads/large") == b"".join([chunk async for chunk in chunks(12)])
    assert await read(storage, "uploads/large", 3 * MIB - 2, 3 * MIB + 3) == b"\x02\x02\x03\x03\x03"
    assert await read(storage, "uploads/large", 12 * MIB - 1) == b"\x0b"


async def test_what_is_not_there(storage: Storage) -> None:
    assert await storage.size("nothing") is None
    await storage.delete("nothing")
    with pytest.raises(BlobMissing):
        await storage.get("nothing")
    with pytest.raises(BlobMissing):
        await read(storage, "nothing")


async def test_deleted_is_gone(storage: Storage) -> None:
    await storage.put("uploads/a", b"x")
    await storage.delete("uploads/a")
    assert await storage.size("uploads/a") is None


async def test_the_list_names_what_is_below_a_prefix(storage: Storage) -> None:
    for path in ("uploads/a/1", "uploads/a/2", "uploads/b", "certificates/c"):
        await storage.put(path, b"x")
    assert sorted([path async for path in storage.list("uploads")]) == ["uploads/a/1", "uploads/a/2", "uploads/b"]
    assert len([path async for path in storage.list()]) == 4


async def test_a_source_that_breaks_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"x" * (6 * MIB)
        raise ConnectionResetError(errno.ECONNRESET, "the client is gone")

    with pytest.raises(DependencyDown):
        await storage.put("uploads/broken", breaks())
    assert await storage.size("uploads/broken") is None
    assert [path async for path in storage.list()] == []
    assert files_below(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "a/../../b", "", "a//b", "a\\b", "a\x00b", ".hidden", "ü"]
)
async def test_only_plain_paths(storage: Storage, path: str) -> None:
    with pytest.raises(ValueError, match="not a path of our own"):
        await storage.put(path, b"x")
    with pytest.raises(ValueError, match="not a path of our own"):
        await storage.get(path)


async def test_ping(storage: Storage) -> None:
    await storage.ping()


@pytest.mark.parametrize("storage", ["s3"], indirect=True)
async def test_an_address_of_limited_time(storage: Storage) -> None:
    await storage.put("uploads/a.txt", b"hello")
    address = await storage.presigned("uploads/a.txt", 60)
    assert address is not None
    async with httpx2.AsyncClient() as client:
        assert (await client.get(address)).content == b"hello"


async def test_an_address_leads_to_where_browsers_are(s3: Server, tmp_path: Path) -> None:
    """Signed for that name: under the one that Studium itself uses it would be worth nothing."""
    url = f"s3://school/{tmp_path.name}?endpoint=http://127.0.0.1:{s3.port}&access_key_id=test&secret_access_key=test"
    storage = open_storage(f"{url}&public_endpoint=http://localhost:{s3.port}")
    await storage.put("uploads/a.txt", b"hello")
    address = await storage.presigned("uploads/a.txt", 60)
    assert address is not None
    assert address.startswith(f"http://localhost:{s3.port}/school/{tmp_path.name}/uploads/a.txt?")
    assert "X-Amz-SignedHeaders=host" in address
    async with httpx2.AsyncClient() as has_external_effects:
        assert (await has_external_effects.get(address)).content == b"hello"
    over_tls = await open_storage(f"{url}&public_endpoint=https://files.school.example").presigned("a.txt", 60)
    assert over_tls is not None
    assert over_tls.startswith("https://files.school.example/school/")


@pytest.mark.parametrize("storage", ["local"], indirect=True)
async def test_a_folder_gives_no_address(storage: Storage) -> None:
    await storage.put("uploads/a.txt", b"hello")
    assert await storage.presigned("uploads/a.txt", 60) is None


async def test_a_store_that_is_down_is_503() -> None:
    storage = open_storage(f"s3://school?endpoint=http://127.0.0.1:{free_port()}&access_key_id=a&secret_access_key=b")
    with pytest.raises(DependencyDown):
        await storage.ping()
    with pytest.raises(DependencyDown):
        await storage.put("uploads/a", b"x")


async def test_a_folder_that_is_gone_is_503(tmp_path: Path) -> None:
    storage = open_storage(f"file://{tmp_path}/files")
    (tmp_path / "files").rmdir()
    with pytest.raises(DependencyDown):
        await storage.ping()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_full_disk_is_507_and_keeps_nothing(small_disk: Path) -> None:
    storage = open_storage(f"file://{small_disk}")
    await storage.put("uploads/small", b"x")
    with pytest.raises(StorageFull):
        await storage.put("uploads/large", chunks(3))
    assert [path async for path in storage.list()] == ["uploads/small"]
    assert files_below(small_disk) == ["small"]
    await storage.put("uploads/again", b"x" * 1000)
    storage.scratch.close()
