"""An export costs others nothing: linear in its files, beside the event loop, and without a database connection."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import perf_counter, process_time
from uuid import UUID

import pytest

from studium.kit.base.ids import new_id
from studium.kit.storage import Storage
from studium.models import UploadedFile
from studium.modules.exchange.model.file_names import file_names
from tests.importing.studio import exported, upload, zipped
from tests.importing.test_export import WITH_PHOTO
from tests.world import World


@dataclass(frozen=True)
class File:
    id: UUID
    filename: str
    original_filename: str


def called(*names: str) -> list[File]:
    return [File(new_id(), "ab12.png", name) for name in names]


def test_files_of_one_name_are_numbered_in_order() -> None:
    files = called("a.png", "a.png", "a-2.png", "A.png", "a.png")
    assert list(file_names(files).values()) == ["a.png", "a-2.png", "a-2-2.png", "a-3.png", "a-4.png"]


@pytest.mark.parametrize("name", ["image.png", "x" * 100 + ".png", "image-2.png"])
def test_ten_times_the_files_take_ten_times_as_long(name: str) -> None:
    def seconds(count: int) -> float:
        files = called(*[name] * count)
        before = process_time()
        assert len(set(file_names(files).values())) == count
        return process_time() - before

    seconds(1_000)
    small, large = min(seconds(2_000) for _ in range(3)), seconds(20_000)
    assert large < 40 * small, "quadratic would be a hundred times"


async def test_no_connection_is_held_while_the_archive_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = (await upload(world, "ada", zipped(WITH_PHOTO)))["course_id"]
    stream, busy = Storage.stream, []

    async def watched(storage: Storage, path: str, *more: int) -> AsyncGenerator[bytes]:
        pool = world.runtime.database.engine.pool
        busy.append(pool.checkedout())  # type: ignore[attr-defined]  # every pool of ours has it.
        async for chunk in stream(storage, path, *more):
            yield chunk

    monkeypatch.setattr(Storage, "stream", watched)
    await exported(world, "ada", course)
    assert busy == [0] * len(busy)
    assert len(busy) >= 3


@pytest.mark.alone
async def test_others_are_served_while_two_thousand_files_of_one_name_go_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their blobs are left out: what is measured is the work on names, texts and the archive's directory."""
    owner, course = world.ids["ada"], world.ids["C1"]
    await world.add(*(row(owner, course) for _ in range(2_000)))

    async def empty(storage: Storage, path: str) -> AsyncGenerator[bytes]:
        del storage, path
        yield b""

    monkeypatch.setattr(Storage, "stream", empty)
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, perf_counter() - before)

    pulse = asyncio.create_task(beat())
    await exported(world, "ada", str(course))
    pulse.cancel()
    assert longest < 0.5, "the work of all files at once would hold the loop for seconds"


def row(owner: UUID, course: UUID) -> UploadedFile:
    name = f"{new_id().hex}.txt"
    return UploadedFile(
        id=new_id(), uploader_id=owner, course_id=course, filename=name, original_filename="image.txt",
        file_url=name, storage_path=f"uploads/{name}", mime_type="text/plain", file_size=0, checksum="0" * 64,
    )  # fmt: skip
