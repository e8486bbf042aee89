"""Blobs without rows are swept, rows without blobs are named."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import time

import pytest

from studium.kit.base.clock import shifted
from studium.kit.base.scratch import own_folder
from studium.models import UploadedFile
from studium.modules.files import actions_reconcile
from studium.modules.files.actions_reconcile import LostBlob, find_lost
from studium.modules.files.jobs import sweep_orphans
from studium.modules.files.temporary_uploads import new_draft
from tests.files.helpers import Desk
from tests.files.samples import PDF


async def test_blobs_without_a_row_are_swept_after_an_hour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions_reconcile, "_LISTED", 2)
    storage = desk.world.runtime.storage
    kept = await desk.take("sam", "a.pdf", PDF)
    orphans = [f"uploads/ab/{'ab' * 16}{number}.pdf" for number in range(5)]
    for path in (*orphans, "certificates/x.pdf"):
        await storage.put(path, b"x")
    await sweep_orphans(desk.world.runtime)
    assert set(orphans) < set(await desk.blobs()), "a row may be about to come"
    with shifted(timedelta(hours=2)):
        await sweep_orphans(desk.world.runtime)
    assert await desk.is_clean()
    assert (await desk.download("sam", kept["id"])).content == PDF
    assert await storage.size("certificates/x.pdf") == 1, "other blobs are none of its business"


async def test_a_blob_elsewhere_under_a_known_name_is_an_orphan(folder_desk: Desk) -> None:
    await folder_desk.take("sam", "a.pdf", PDF)
    (row,) = await folder_desk.rows()
    await folder_desk.world.runtime.storage.put(f"uploads/other/{row.filename}", b"x")
    with shifted(timedelta(hours=2)):
        await sweep_orphans(folder_desk.world.runtime)
    assert await folder_desk.is_clean()


def leave(folder: Path, **ages: int) -> None:
    """Files that nobody has written to for so many seconds."""
    folder.mkdir(exist_ok=True)
    for name, age in ages.items():
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time() - age, time() - age))


async def test_what_a_killed_process_was_receiving_is_swept(folder_desk: Desk) -> None:
    root = folder_desk.world.runtime.storage.scratch.root
    leave(root, old=7200, young=60)
    gone = root / "gone"
    os.close(own_folder(gone))
    (gone / "a.part").write_bytes(b"x")
    async with new_draft(folder_desk.world.runtime.storage.incoming) as draft:
        await sweep_orphans(folder_desk.world.runtime)
        assert draft.path.exists(), "it is being received"
    left = {path.name for path in root.glob("*")}
    assert left == {"young", folder_desk.world.runtime.storage.incoming.name}


async def test_rows_without_their_blob_are_named(desk: Desk) -> None:
    storage = desk.world.runtime.storage
    assert await find_lost(desk.world.runtime) == []
    short, gone = await desk.world.row(UploadedFile, "F1"), await desk.world.row(UploadedFile, "F3")
    await storage.put(short.storage_path, b"hell")
    await storage.delete(gone.storage_path)
    lost = await find_lost(desk.world.runtime)
    assert lost == [LostBlob(short.id, 5, 4), LostBlob(gone.id, 5, None)]
    assert [str(one) for one in lost] == [
        f"file {short.id}: its content has 4 bytes, its row says 5",
        f"file {gone.id}: its content is missing",
    ]


async def test_many_rows_are_looked_at(folder_desk: Desk, file_row: Callable[[int], UploadedFile]) -> None:
    await folder_desk.world.add(*(file_row(number) for number in range(250)))
    assert len(await find_lost(folder_desk.world.runtime)) == 250


@pytest.fixture
def file_row(folder_desk: Desk) -> Callable[[int], UploadedFile]:
    def row(number: int) -> UploadedFile:
        return UploadedFile(
            uploader_id=folder_desk.world.ids["sam"],
            filename=f"{number}.txt",
            original_filename="a.txt",
            file_url="",
            storage_path=f"uploads/{number}.txt",
            mime_type="text/plain",
            file_size=5,
            checksum="1" * 64,
        )

    return row
