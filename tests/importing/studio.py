"""What the tests of imports have in common: archives, uploads, and learners who know every key."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tarfile import TarInfo
from tarfile import open as open_tar
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from studium.modules.exchange.model.items import CourseItem
from studium.modules.exchange.reading.reader import read_material
from studium.modules.files.temporary_uploads import new_path
from tests.world import World

ROOT = Path(__file__).parents[2]
BICYCLE = ROOT / "examples" / "bicycle-olx"
FIXTURES = Path(os.environ.get("STUDIUM_TEST_FIXTURES", ROOT.parent / "shared" / "fixtures"))
DEMO = FIXTURES / "olx-demo-course"
needs_demo = pytest.mark.skipif(not DEMO.is_dir(), reason="the fixtures are not here: set STUDIUM_TEST_FIXTURES")
FILE_MAX = 1 << 25


def tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Mapping[str, str | bytes], *more: TarInfo, is_gzip: bool = True) -> bytes:
    buffer = BytesIO()
    with open_tar(fileobj=buffer, mode="w:gz" if is_gzip else "w") as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
        for member in more:
            archive.addfile(member)
    return buffer.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def read(path: Path, scratch: Path) -> CourseItem:
    """What is read of a material; its spool is gone again."""
    spool = new_path(scratch)
    try:
        return read_material(path, path.name, spool, FILE_MAX).item
    finally:
        spool.unlink(missing_ok=True)


async def upload(world: World, who: str, data: bytes, name: str = "course.zip", **fields: str) -> dict[str, Any]:
    """Import over HTTP and return the finished import."""
    answer = await world.call(who, "POST", "/courses/import", files={"file": (name, data)}, data=fields)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "queued"
    await world.jobs()
    found = await world.call(who, "GET", f"/courses/imports/{answer.json()['id']}")
    assert found.status_code == 200, found.text
    done: dict[str, Any] = found.json()
    return done


async def exported(world: World, who: str, course_id: str) -> bytes:
    answer = await world.call(who, "GET", f"/courses/{course_id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def right_answer(question: dict[str, Any]) -> dict[str, Any]:
    if question["question_type"] == "multiple_choice":
        right = [option["id"] for option in question["options"] if option["is_correct"]]
        return {"question_id": question["id"], "selected_option_ids": right}
    return {"question_id": question["id"], "answer_text": question["correct_answer"].partition("|")[0]}


async def walk_through(world: World, teacher: str, learner: str, course_id: str) -> dict[str, Any]:
    """The learner does every lesson in order and passes every quiz; returns the enrollment at the end."""
    path = f"/courses/{course_id}"
    enrolled = await world.call(learner, "POST", "/enrollments", json={"course_id": course_id})
    assert enrolled.status_code == 201, enrolled.text
    mine = f"/enrollments/{enrolled.json()['id']}"
    for lesson in (await world.call(learner, "GET", f"{path}/lessons")).json()["items"]:
        if lesson["quiz_id"] is None:
            done = await world.call(learner, "POST", f"{mine}/lessons/{lesson['id']}/complete")
            assert done.status_code == 200, done.text
            continue
        asked = await world.call(teacher, "GET", f"{path}/quizzes/{lesson['quiz_id']}/questions")
        answers = [right_answer(question) for question in asked.json()["items"]]
        attempts = f"{mine}/quizzes/{lesson['quiz_id']}/attempts"
        attempt = (await world.call(learner, "POST", attempts)).json()["id"]
        result = await world.call(learner, "POST", f"{attempts}/{attempt}/submit", json={"answers": answers})
        assert (result.status_code, result.json()["percentage"]) == (200, 100), result.text
    found: dict[str, Any] = (await world.call(learner, "GET", mine)).json()
    return found
