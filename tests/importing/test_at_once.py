"""The same material imported several times at once: one course, each file once, and nothing left over."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest
from sqlalchemy import select

from studium.access.actor import Actor
from studium.entrypoints.operations.reconcile import broken_invariants, reconcile
from studium.kit.runtime import Runtime
from studium.models import Course, Role, UploadedFile
from studium.modules.exchange.actions import import_course
from studium.modules.exchange.model.imports import ImportRequest, Report
from studium.modules.exchange.writing import taking
from studium.modules.files import actions_intake
from studium.modules.files.actions_intake import Source, Taken
from tests.importing.studio import exported, upload, zipped
from tests.importing.test_export import WITH_PHOTO
from tests.world import World

TIMES = 6
NAMES = {
    "olx": ["a photo.jpg", "list.txt", "wheel.png"],
    "markdown": ["a-photo.jpg", "list.txt", "wheel.png"],
}


def keep_abreast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody take the photo before all are about to: each has looked by then, and found nothing."""
    barrier, take = asyncio.Barrier(TIMES), actions_intake.take

    async def in_transaction(
        runtime: Runtime, filename: str, source: Source, ours: Collection[tuple[str, str]], *, keep: bool
    ) -> Taken:
        if "photo" in filename:
            async with asyncio.timeout(20):
                await barrier.wait()
        return await take(runtime, filename, source, ours, keep=keep)

    monkeypatch.setattr(taking, "take", in_transaction)


async def at_once(world: World, who: str, path: Path) -> list[Report]:
    owner = Actor(world.ids[who], Role.INSTRUCTOR, world.ids[who])

    async def finish(session: object, report: Report) -> None:
        del session, report

    def one() -> asyncio.Task[Report]:
        wish = ImportRequest(path, "course.zip", owner)
        return asyncio.create_task(import_course(world.runtime, wish, lambda *_: None, finish))

    return list(await asyncio.gather(*(one() for _ in range(TIMES))))


async def blobs(world: World) -> set[str]:
    return {path async for path in world.runtime.storage.list("uploads")}


@pytest.mark.parametrize("kind", ["olx", "markdown"])
async def test_one_course_comes_of_six_imports_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    material = zipped(WITH_PHOTO)
    if kind == "markdown":
        material = await exported(world, "eve", (await upload(world, "eve", material))["course_id"])
    path = tmp_path / "material.zip"
    path.write_bytes(material)
    before, courses = await blobs(world), await world.count(Course)
    keep_abreast(monkeypatch)
    reports = await at_once(world, "ada", path)
    assert [report.fault for report in reports] == [None] * TIMES
    assert sorted(str(report.outcome) for report in reports) == ["created", *["unchanged"] * (TIMES - 1)]
    assert len({report.course_id for report in reports}) == len({report.items for report in reports}) == 1
    assert await world.count(Course) == courses + 1
    async with world.runtime.database.read_session() as session:
        statement = select(UploadedFile).where(UploadedFile.course_id == reports[0].course_id)
        files = (await session.execute(statement)).scalars().all()
    assert sorted(file.original_filename for file in files) == NAMES[kind]
    assert await blobs(world) - before == {file.storage_path for file in files}
    assert await broken_invariants(world.runtime.settings) == []
    assert await reconcile(world.runtime.settings, fix=False) == ([], [])
