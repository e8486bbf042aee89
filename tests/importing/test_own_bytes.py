"""Each file of a material is taken in with its own bytes, however many threads read at once, and reported the same."""

import hashlib
import pickle
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path, PurePath
from uuid import UUID

import pytest
from sqlalchemy import select, update

from studium.entrypoints.operations.reconcile import broken_invariants
from studium.models import ImportedItem, UploadedFile
from studium.modules.exchange.model.items import CourseItem, Extent, FileItem
from studium.modules.exchange.model.material import FolderMaterial, ImportSource, TarMaterial, ZipMaterial
from studium.modules.exchange.model.spool import Spooled
from studium.modules.exchange.reading.reader import read_material
from studium.modules.files.actions_intake import take
from tests.importing.studio import FILE_MAX, tarred, tree, upload, zipped
from tests.world import World

TIMES = 20
_random = random.Random(120)
BYTES = {
    f"part-{number:03}.txt": "".join(_random.choices("abcdefghij \n", k=_random.randint(1_000, 200_000))).encode()
    for number in range(120)
}
COURSE: dict[str, str | bytes] = {"course.md": "---\ntitle: Many files\n---\n", "01-one.md": "---\ntitle: One\n---\n"}
FILES: dict[str, str | bytes] = COURSE | {f"files/{name}": data for name, data in BYTES.items()}
KINDS = ("folder", "zip", "tar", "tar.gz")


@pytest.fixture(autouse=True)
def many_switches() -> Iterator[None]:
    """Threads take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def packed(kind: str, folder: Path) -> Path:
    if kind == "folder":
        return tree(folder / "course", FILES)
    path = folder / f"course.{kind}"
    path.write_bytes(zipped(FILES) if kind == "zip" else tarred(FILES, is_gzip=kind == "tar.gz"))
    return path


def material_of(kind: str, folder: Path) -> ImportSource:
    path = packed(kind, folder)
    if kind == "folder":
        return FolderMaterial(path)
    return ZipMaterial(path) if kind == "zip" else TarMaterial(path, path.name, folder / "scratch")


@pytest.mark.parametrize("kind", KINDS)
def test_threads_that_read_at_once_get_each_file_whole(kind: str, tmp_path: Path) -> None:
    asked = [name for name in BYTES for _ in range(5)]
    _random.shuffle(asked)

    def read(name: str) -> bool:
        return material.read(PurePath("files", name), FILE_MAX) == BYTES[name]

    with closing(material_of(kind, tmp_path)) as material, ThreadPoolExecutor(16) as threads:
        assert all(threads.map(read, asked))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_read_is_plain_data_and_the_same_each_time(kind: str, tmp_path: Path) -> None:
    """Another process may have read it: it can be pickled, and names the bytes by their place in a file."""
    path = packed(kind, tmp_path)
    found = []
    for number in range(TIMES):
        spool = tmp_path / f"spool-{number}"
        found.append(pickle.loads(pickle.dumps(read_material(path, path.name, spool, FILE_MAX))))  # noqa: S301 -- our own.
        assert spool_contents(found[-1].item, spool) == BYTES
        spool.unlink()
    assert all(each == found[0] for each in found)


def spool_contents(item: CourseItem, spool: Path) -> dict[str, bytes]:
    def content(file: FileItem) -> bytes:
        assert isinstance(file.content, Extent)
        return b"".join(Spooled(spool, file.content).pieces())

    with ThreadPoolExecutor(16) as threads:
        contents = threads.map(content, item.files)
        return {file.filename: data for file, data in zip(item.files, contents, strict=True)}


async def test_twenty_imports_store_what_was_sent_and_report_the_same(world: World) -> None:
    data = tarred(FILES)
    reports = []
    for number in range(TIMES):
        who = ("ada", "eve")[number % 2]
        done = await upload(world, who, data, "course.tar.gz")
        assert (done["status"], done["outcome"]) == ("done", "created" if number < 2 else "unchanged"), done["fault"]
        reports.append(done["report"])
        course = UUID(done["course_id"])
        async with world.runtime.database.read_session() as session:
            statement = select(UploadedFile).where(UploadedFile.course_id == course)
            rows = (await session.execute(statement)).scalars().all()
        stored = {row.original_filename: await blob(world, row) for row in rows}
        assert stored == BYTES
    assert all(report == reports[0] for report in reports)
    assert {each["fate"] for each in reports[0]} == {"imported"}


async def blob(world: World, row: UploadedFile) -> bytes:
    buffer = BytesIO()
    async for chunk in world.runtime.storage.stream(row.storage_path):
        buffer.write(chunk)
    return buffer.getvalue()


class _Swapped:
    """Says the digest of one file, and gives the bytes of another."""

    size, checksum = 3, hashlib.sha256(b"one").hexdigest()

    def pieces(self) -> Iterator[bytes]:
        yield b"two"


async def test_other_bytes_than_the_source_has_are_never_stored(world: World) -> None:
    with pytest.raises(RuntimeError, match="other bytes than its source"):
        await take(world.runtime, "a.txt", _Swapped(), frozenset(), keep=True)


async def test_a_file_that_is_not_what_was_taken_in_is_found(world: World) -> None:
    done = await upload(world, "ada", zipped(COURSE | {"files/a.txt": b"a", "files/b.txt": b"b"}))
    assert await broken_invariants(world.runtime.settings) == []
    async with world.runtime.database.write_session() as session:
        rows = (await session.execute(select(ImportedItem).where(ImportedItem.kind == "file"))).scalars().all()
        other = update(UploadedFile).where(UploadedFile.id == rows[0].item_id).values(checksum=rows[1].checksum)
        await session.execute(other)
    (breach,) = await broken_invariants(world.runtime.settings)
    words = f"file {rows[0].item_id} of course {done['course_id']} is not what was taken in; import the course again"
    assert str(breach).endswith(words)
