"""What is exported comes back as the same course, here and in another school, to the byte."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from shutil import copy
from zipfile import ZipFile

import pytest
from PIL import Image

from studium.models import LessonType, QuestionType, QuizType
from studium.modules.exchange.export import add_texts
from studium.modules.exchange.formats.own.course import read_course
from studium.modules.exchange.formats.own.writer import write_course
from studium.modules.exchange.model.texts import (
    CourseText,
    JsonObject,
    LessonText,
    OptionText,
    QuestionText,
    QuizText,
)
from tests.importing.studio import BICYCLE, contents, exported, read, upload, zipped
from tests.world import World, open_world

FILES = {f"bicycle-olx/{name}": content for name, content in contents(BICYCLE).items()}


def photo() -> bytes:
    buffer = BytesIO()
    Image.effect_noise((120, 80), 90).convert("RGB").save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


PAGE = b'<p><img src="/static/a photo.jpg" alt="x"/> <a href="/static/list.txt">list</a></p>'
WITH_PHOTO = FILES | {
    "bicycle-olx/static/a photo.jpg": photo(),
    "bicycle-olx/static/list.txt": b"levers, patches",
    "bicycle-olx/html/puncture.html": PAGE,
}


async def test_here_it_changes_nothing(world: World) -> None:
    course = (await upload(world, "ada", zipped(WITH_PHOTO)))["course_id"]
    first = await exported(world, "ada", course)
    again = await upload(world, "ada", first)
    assert (again["outcome"], again["course_id"]) == ("unchanged", course)
    assert await exported(world, "ada", course) == first


async def test_in_another_school_it_is_the_same(world: World, migrated_file: Path, tmp_path: Path) -> None:
    course = (await upload(world, "ada", zipped(WITH_PHOTO)))["course_id"]
    first = await exported(world, "ada", course)
    database = copy(migrated_file, tmp_path / "other.db")
    async with open_world(f"sqlite:///{database}", tmp_path / "other") as other:
        there = await upload(other, "eve", first)
        assert (there["status"], there["outcome"]) == ("done", "created"), there["fault"]
        assert await exported(other, "eve", there["course_id"]) == first


async def test_a_course_made_here_goes_out_and_comes_back(world: World) -> None:
    path = "/courses/{C1}"
    first = await exported(world, "ada", str(world.ids["C1"]))
    names = ZipFile(BytesIO(first)).namelist()
    assert names[0] == "course.md"
    assert len(names) >= 5
    again = await upload(world, "ada", first)
    assert (again["outcome"], again["course_id"]) == ("unchanged", str(world.ids["C1"]))
    await world.call("ada", "PATCH", f"{path}/lessons/{{L1}}", json={"content": "Other words."})
    back = await upload(world, "ada", first)
    assert back["outcome"] == "unchanged", "what came with the same checksum leaves edits alone"


async def test_texts_show_files_by_relative_paths(world: World) -> None:
    course = (await upload(world, "ada", zipped(WITH_PHOTO)))["course_id"]
    archive = ZipFile(BytesIO(await exported(world, "ada", course)))
    page = archive.read("01-wheels/01-tyres/02-mending-a-puncture.md").decode()
    assert "![x](../../files/a-photo.jpg) [list](../../files/list.txt)" in page
    assert "thumbnail_url: files/wheel.png" in archive.read("course.md").decode()
    assert {"files/a-photo.jpg", "files/list.txt", "files/wheel.png"} <= set(archive.namelist())


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("sam", 403), ("ada", 200), ("eve", 403), ("root", 200)])
async def test_who_may_export(world: World, who: str | None, status: int) -> None:
    assert (await world.call(who, "GET", "/courses/{C1}/export")).status_code == status


HUGE = QuestionText(
    QuestionType.MULTIPLE_CHOICE,
    "x" * 20_000,
    options=tuple(OptionText(f"{number:02}" + "y" * 1_998, is_correct=number < 2) for number in range(20)),
    explanation="z" * 20_000,
    metadata={
        "nfd": "cafe\u0301",
        "pile": "e" + "\u0301" * 5_000,
        **{f"key{number}": "v" * 90 for number in range(60)},
    },
)


def test_the_longest_texts_of_a_quiz_come_back_from_an_archive(tmp_path: Path) -> None:
    """And do not look like a bomb, though they shrink like one."""
    quiz = QuizText("Quiz", quiz_type=QuizType.PRACTICE, questions=(HUGE,) * 20)
    course = CourseText("Long", "long", lessons=(LessonText("Quiz", "quiz", LessonType.QUIZ, quiz=quiz),))
    path = tmp_path / "long.zip"
    with ZipFile(path, "w") as archive:
        add_texts(archive, course)
    assert read(path, tmp_path).course == course


@pytest.mark.slow
def test_a_quiz_may_have_as_many_values_as_the_api_takes(tmp_path: Path) -> None:
    metadata: JsonObject = {f"key{number}": number for number in range(64)}
    small = replace(HUGE, question_text="x", explanation=None, metadata=metadata)
    quiz = QuizText("Quiz", quiz_type=QuizType.PRACTICE, questions=(small,) * 500)
    course = CourseText("Many", "many", lessons=(LessonText("Quiz", "quiz", LessonType.QUIZ, quiz=quiz),))
    write_course(course, tmp_path / "many")
    assert read_course(tmp_path / "many") == course
