"""A worker killed in the middle of an import: the course comes once and whole, and no content is left over."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from studium.kit.base.config import load_settings
from studium.kit.runtime import Runtime, open_runtime
from studium.models import Course, CourseImport, Lesson, QuizQuestion, UploadedFile
from studium.modules.exchange import jobs as import_jobs
from studium.modules.files import jobs as file_jobs
from tests.importing.studio import BICYCLE, contents, read, zipped
from tests.processes.dying_importer import POINTS
from tests.processes.school import School, school, stop, until
from tests.world import open_world

DRIVER = Path(__file__).with_name("dying_importer.py")
COUNTED = (Course, Lesson, QuizQuestion, UploadedFile)


QUICK = "before commit"
"""The others take as long, and are for the runs that have the time."""


@pytest.mark.parametrize(
    "point", [pytest.param(each, marks=() if each == QUICK else pytest.mark.slow) for each in POINTS]
)
async def test_it_comes_once_and_whole(
    database_url: str, tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(database_url, tmp_path) as world:
        before, ada = await counted(world.runtime), world.tokens["ada"]
    with school(tmp_path, database_url=database_url, jobs="external") as open_school:
        open_school.environment["DIES_AT"] = point
        done = imported(open_school, ada)
    assert (done["status"], done["outcome"]) == ("done", "created")
    monkeypatch.setattr(import_jobs, "GRACE", timedelta(hours=-1))
    monkeypatch.setattr(file_jobs, "GRACE", timedelta(hours=-1))
    async with open_runtime(load_settings(database_url=database_url, data_dir=tmp_path, _env_file=None)) as runtime:
        after = await counted(runtime)
        came = read(BICYCLE, tmp_path)
        questions = sum(len(each.quiz.questions) for each in came.course.lessons if each.quiz)
        wanted = [1, len(came.course.lessons), questions, len(came.files)]
        assert [after[name] - before[name] for name in after] == wanted
        await import_jobs.sweep_uploads(runtime)
        await file_jobs.sweep_orphans(runtime)
        await check_content(runtime)


def imported(open_school: School, ada: str) -> dict[str, Any]:
    """Send a course to a worker that dies of it and another that does not, and return the finished import."""
    server, dying = open_school.serve(), open_school.start(str(DRIVER))
    upload = {"file": ("bicycle.zip", zipped(contents(BICYCLE)))}
    asked = open_school.call("POST", "/courses/import", ada, files=upload)
    assert asked.status_code == 202, asked.text
    assert dying.wait(timeout=20) == -signal.SIGKILL

    def found() -> dict[str, Any]:
        answer: dict[str, Any] = open_school.call("GET", f"/courses/imports/{asked.json()['id']}", ada).json()
        return answer

    worker = open_school.start("worker")
    until(lambda: found()["status"] not in {"queued", "running"})
    until(open_school.is_idle)
    done = found()
    assert [stop(process) for process in (worker, server)] == [0, 0]
    return done


async def counted(runtime: Runtime) -> dict[str, int]:
    async with runtime.database.read_session() as session:
        return {table.__name__: await session.scalar(select(func.count()).select_from(table)) or 0 for table in COUNTED}


async def check_content(runtime: Runtime) -> None:
    """Every blob has its row, every row its blob, and no upload waits."""
    async with runtime.database.read_session() as session:
        rows = set((await session.execute(select(UploadedFile.storage_path))).scalars())
        waiting = set((await session.execute(select(CourseImport.storage_path))).scalars())
    assert {path async for path in runtime.storage.list("uploads")} == rows
    assert [path async for path in runtime.storage.list("imports")] == []
    assert waiting == {None}
