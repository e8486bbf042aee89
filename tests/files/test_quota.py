"""What one person may store, decided under a lock, and a disk that is full."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from studium.models import UploadedFile
from tests.files.helpers import MIB, Desk
from tests.files.samples import PDF, picture
from tests.world import open_world


def pdf(size: int) -> bytes:
    return PDF + bytes(size - len(PDF))


async def test_a_quota_is_exact_to_the_byte(folder_desk: Desk) -> None:
    async with folder_desk.world.runtime.database.write_session() as session:
        await session.execute(update(UploadedFile).values(file_size=0))
    for _ in range(3):
        await folder_desk.take("sam", "a.pdf", pdf(MIB))
    refused = await folder_desk.upload("sam", "a.pdf", pdf(MIB + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert (refused.json()["quota_bytes"], refused.json()["used_bytes"]) == (4 * MIB, 3 * MIB)
    last = await folder_desk.take("sam", "a.pdf", pdf(MIB))
    assert (await folder_desk.upload("sam", "a.pdf", PDF)).status_code == 413
    assert (await folder_desk.upload("mia", "a.pdf", PDF)).status_code == 201, "everyone has their own"
    await folder_desk.world.call("sam", "DELETE", f"/files/{last['id']}")
    assert (await folder_desk.upload("sam", "a.pdf", PDF)).status_code == 201, "deleting makes room"
    await folder_desk.world.jobs()
    assert await folder_desk.is_clean()


async def test_files_at_once_do_not_exceed_the_quota(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten files at once, of which all were let in and three fit."""
    settings = desk.world.runtime.settings.model_copy(update={"quota_mib": 1})
    monkeypatch.setattr(desk.world.runtime, "settings", settings)
    content = pdf(300 * 1024)
    answers = await asyncio.gather(*(desk.upload("mia", "a.pdf", content) for _ in range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 3 + [413] * 7
    assert len(await desk.rows()) == 3
    assert await desk.is_clean()


async def test_the_same_key_at_once_stores_one_file(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.upload("mia", "a.pdf", PDF, key="k") for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(await desk.rows()) == 1
    assert await desk.is_clean()


async def test_a_file_is_deleted_once(desk: Desk) -> None:
    file = await desk.take("sam", "a.pdf", PDF)
    paths = [f"/files/{file['id']}"] * 5
    answers = await asyncio.gather(*(desk.world.call("sam", "DELETE", path) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 4
    await desk.world.jobs()
    assert await desk.blobs() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_full_disk_is_507_and_keeps_nothing(database_url: str, tmp_path: Path, small_disk: Path) -> None:
    async with open_world(database_url, tmp_path, storage_url=f"file://{small_disk}") as world:
        desk = Desk(world)
        small = await desk.take("sam", "a.pdf", pdf(MIB // 2))
        for name, content in {"a.pdf": pdf(3 * MIB), "a.png": picture("png", (900, 500))}.items():
            answer = await desk.upload("sam", name, content)
            assert (answer.status_code, answer.json()["code"]) == (507, "storage_full"), answer.text
            assert await desk.is_clean()
        assert (await desk.download("sam", small["id"])).content == pdf(MIB // 2)
        await desk.take("sam", "b.pdf", pdf(MIB))
        assert await desk.is_clean()
