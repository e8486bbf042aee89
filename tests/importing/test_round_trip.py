"""Whatever course the product can hold goes out, comes in elsewhere, and goes out as the same bytes."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID
from zipfile import ZipFile

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select, update

from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models import (
    Course,
    Difficulty,
    Lesson,
    LessonProgress,
    LessonType,
    ProgressStatus,
    QuestionType,
    QuizType,
)
from studium.modules.courses.schemas import CourseCreate, LessonCreate
from studium.modules.quizzes.schemas import QuestionCreate, QuizCreate
from tests.importing.studio import exported, upload
from tests.world import World, open_world

Request = dict[str, Any]
OWN = {"course_imports", "imported_items"}
"""The tables in which an import keeps what it is about itself."""


@asynccontextmanager
async def other_school(migrated: Path, folder: Path) -> AsyncIterator[World]:
    """A school in which no course has a slug of ours."""
    async with open_world(f"sqlite:///{copy(migrated, folder / 'other.db')}", folder / "other") as other:
        await set_aside(other)
        yield other


async def set_aside(world: World) -> None:
    """Give every course another slug, so that those that come in have theirs and are new."""
    async with world.runtime.database.write_session() as session:
        for course in (await session.execute(select(Course))).scalars():
            name = f"aside-{course.id}"
            await session.execute(update(Course).where(Course.id == course.id).values(slug=name, external_id=name))


async def digest(world: World) -> dict[str, str]:
    """What every table holds, but for the import's own."""
    found = {}
    async with world.runtime.database.read_session() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in OWN:
                rows = sorted(map(repr, (await session.execute(select(table))).all()))
                found[table.name] = sha256("\n".join(rows).encode()).hexdigest()
    return found


def check_same(first: bytes, second: bytes) -> None:
    """Compare by the files, so that a failure shows what differs, and to the byte."""
    before, after = ZipFile(BytesIO(first)), ZipFile(BytesIO(second))
    assert after.namelist() == before.namelist()
    for name in before.namelist():
        assert after.read(name) == before.read(name), name
    assert second == first


async def comes_back(world: World, other: World, course_id: str) -> None:
    """Out of one school, into another and out of it; again into the first; and anew into the first."""
    first = await exported(world, "ada", course_id)
    there = await upload(other, "eve", first)
    assert (there["status"], there["outcome"]) == ("done", "created"), there["fault"]
    check_same(first, await exported(other, "eve", there["course_id"]))
    before = await digest(world)
    again = await upload(world, "ada", first)
    assert (again["outcome"], again["course_id"]) == ("unchanged", course_id), again["fault"]
    assert await digest(world) == before
    check_same(first, await exported(world, "ada", course_id))
    await set_aside(world)
    anew = await upload(world, "eve", first)
    assert anew["outcome"] == "created", anew["fault"]
    check_same(first, await exported(world, "eve", anew["course_id"]))
    await set_aside(world)
    await set_aside(other)


async def made(world: World, path: str, **fields: Any) -> str:  # noqa: ANN401 -- whatever the request takes.
    answer = await world.call("ada", "POST", path, json=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_the_course_of_the_school(world: World, migrated_file: Path, tmp_path: Path) -> None:
    async with other_school(migrated_file, tmp_path) as other:
        await comes_back(world, other, str(world.ids["C1"]))


# A course with everything in it

NOISE = Image.effect_noise((90, 60), 90)
COLOURS = Image.merge("RGBA", [NOISE, NOISE.rotate(90), NOISE.rotate(180), Image.linear_gradient("L").resize((90, 60))])


def picture(kind: str, **options: Any) -> bytes:  # noqa: ANN401 -- Pillow's.
    buffer = BytesIO()
    image = {"JPEG": COLOURS.convert("RGB"), "GIF": NOISE}.get(kind, COLOURS)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


UPLOADS = {
    "wheel.png": picture("PNG"),
    "Ein Rad.JPEG": picture("JPEG", quality=60),
    "frames.gif": picture("GIF", save_all=True, append_images=[NOISE.rotate(90)], duration=100, loop=0),
    "soft.webp": picture("WEBP", quality=70),
    "moving.webp": picture("WEBP", quality=70, save_all=True, append_images=[COLOURS.rotate(90)], duration=100),
    "sharp.webp": picture("WEBP", lossless=True),
    "talk.en.vtt": b"\xef\xbb\xbfWEBVTT\r\n\r\n00:01.000 --> 00:02.000 align:start\r\nHello.\r\n",
    "paper.pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
    "notes.txt": b"one\r\ntwo  \n\n",
    "x" * 150 + ".txt": b"first",
    "x" * 160 + ".txt": b"second",
    "a..b-2.txt": b"dots",
}


async def file(world: World, name: str, data: bytes, **fields: str) -> str:
    sent = {"file": (name, data, "application/octet-stream")}
    answer = await world.call("ada", "POST", "/files/upload", files=sent, data=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_url"])


QUESTIONS: list[Request] = [
    {"question_type": "multiple_choice", "question_text": " Which?\r\n", "points": 0.25, "explanation": "\r\nx ",
     "options": [{"text": " a \r\n b ", "is_correct": True}, {"text": "```quiz", "is_correct": True}, {"text": "no"}],
     "metadata": {"scoring": "partial", "odd": ["1", 1, None, {"\r": " "}], "e\u0301": "e\u0301\r\n"}},
    {"question_type": "multiple_choice", "question_text": "---", "options": [{"text": "1", "is_correct": True},
     {"text": "true"}], "metadata": {"scoring": "all_or_nothing", "tolerance": 1, "match": "exact"}},
    {"question_type": "true_false", "question_text": "# t: f\n", "correct_answer": "false",
     "metadata": {"match": "odd"}},
    {"question_type": "short_answer", "question_text": "n", "correct_answer": "\u22125|\u0663 | 1e3||.5",
     "metadata": {"match": "numeric", "tolerance": 0.5}},
    {"question_type": "short_answer", "question_text": "t", "correct_answer": "1", "metadata": {"match": "numeric",
     "tolerance": "0.5"}},
    {"question_type": "short_answer", "question_text": "e", "correct_answer": " true |x\r\ny", "explanation": " ",
     "metadata": {"match": "exact", "tolerance": 3}},
    {"question_type": "short_answer", "question_text": "k", "correct_answer": "key words", "metadata": {}},
    {"question_type": "essay", "question_text": "Why?\n\n\n", "points": 99.5,
     "explanation": "Look\tfor   \n\n that.\n"},
]  # fmt: skip
QUIZZES: list[Request] = [
    {"title": "Graded", "quiz_type": "graded", "passing_score": 33.33, "time_limit_minutes": 1, "max_attempts": 100,
     "shuffle_questions": False, "shuffle_options": False, "show_correct_answers": False,
     "release": "together", "description": " d\r\n"},
    {"title": "Practice", "quiz_type": "practice", "passing_score": 0, "description": ""},
    {"title": "Plain", "quiz_type": "graded"},
]  # fmt: skip
CONTENTS = [
    "    indented\r\n\r\n# Two\r\n  \r\n", "\n\n ```python\nnever closed  ", "```quiz\nx\n```\n\n\n", "   \r\n", "",
    "a\rb\u2028c\u00a0\n\u3000", "\u0338 e\u0301 \ufeff", "---\n...\n--- |\n", "files/notes.txt [x](files/notes.txt) y",
    "[x](studium-file:00000000000000000000000000000000) studium-file:00000000000000000000000000000000",
]  # fmt: skip


async def full_course(world: World) -> str:
    course = await made(
        world, "/courses", title=" Every  thing: “x” #1 ", slug="every-thing", description=" \r\nAll\r\nof it. \n\n",
        category="no", difficulty_level="advanced", estimated_duration_minutes=7,
        metadata={"b": {"deep": [[]]}, "a": "  x\r\n", "n": 1.5, "e": "", "": 1e22, "t\u0001": "\u0085\u2028"},
    )  # fmt: skip
    urls = {name: await file(world, name, data, course_id=course) for name, data in UPLOADS.items()}
    urls["own.txt"] = await file(world, "notes.txt", b"of the owner, of no course")
    shown = "\n".join(f'![p]({url}) [p](<{url}?x=1> "t") <{url}> {url}.\n\n[r]: {url}' for url in urls.values())
    await world.call("ada", "PATCH", f"/courses/{course}", json={"thumbnail_url": urls["wheel.png"]})
    path, parents = f"/courses/{course}/lessons", [None, 0, 1, 1, 0, None, 5, 0, None, 2]
    lessons: list[str] = []
    for number, content in enumerate(CONTENTS):
        parent = parents[number] if number < 9 else 1
        lessons.append(await made(
            world, path, title=f" Lesson: {number} ", lesson_type=["text", "video", "assignment"][number % 3],
            content=content, parent_lesson_id=None if parent is None else lessons[parent], is_preview=number % 2 == 1,
            video_url=urls["wheel.png"] if number == 1 else None,
            captions=[{"language": "pt-BR", "url": urls["talk.en.vtt"]}] if number % 3 == 1 else [],
            description=["", " d\r\n ", None, "x\n"][number % 4],
            duration_minutes=number or None, metadata={"z": 1, "a": {}} if number % 2 else {},
        ))  # fmt: skip
    lessons.append(await made(world, path, title="Shown", lesson_type="text", content=shown, order_index=1))
    for number, quiz in enumerate(QUIZZES):
        lesson = await made(
            world, path, title="Graded", lesson_type="quiz", content="~~~~\nopen" if number else " Read\r\n",
            parent_lesson_id=lessons[1],
        )  # fmt: skip
        quiz_id = await made(world, f"/courses/{course}/quizzes", lesson_id=lesson, **quiz)
        for question in QUESTIONS if number < 2 else ():
            fields = question | {"question_text": f"{question['question_text']} ![f]({urls['paper.pdf']})"}
            await made(world, f"/courses/{course}/quizzes/{quiz_id}/questions", **fields)
    lessons.append(await made(world, path, title="No quiz yet", lesson_type="quiz"))
    order = [each["id"] for each in (await world.call("ada", "GET", f"{path}?limit=100")).json()["items"]]
    turned = await world.call("ada", "PATCH", f"{path}/reorder", json={"lesson_ids": order[::-1]})
    assert turned.status_code < 300, turned.text
    return course


async def archive_one(world: World, course_id: str) -> None:
    """Archive a lesson that has children and somebody's progress."""
    statement = select(Lesson).where(Lesson.course_id == UUID(course_id), Lesson.title == "Lesson: 1")
    async with world.runtime.database.read_session() as session:
        lesson = (await session.execute(statement)).scalar_one()
    await world.add(
        LessonProgress(
            id=new_id(), enrollment_id=world.ids["E1"], lesson_id=lesson.id, status=ProgressStatus.IN_PROGRESS
        )
    )
    gone = await world.call("ada", "DELETE", f"/courses/{course_id}/lessons/{lesson.id}")
    assert gone.status_code == 204, gone.text
    async with world.runtime.database.read_session() as session:
        archived = select(func.count()).where(Lesson.course_id == lesson.course_id, Lesson.archived_at.is_not(None))
        assert await session.scalar(archived) == 1


async def test_a_course_with_everything_in_it(world: World, migrated_file: Path, tmp_path: Path) -> None:
    course = await full_course(world)
    async with other_school(migrated_file, tmp_path) as other:
        await comes_back(world, other, course)


async def test_a_course_with_an_archived_lesson(world: World, migrated_file: Path, tmp_path: Path) -> None:
    course = await full_course(world)
    await archive_one(world, course)
    async with other_school(migrated_file, tmp_path) as other:
        await comes_back(world, other, course)


# Courses by chance

PIECES = [
    "\r\n",
    "\n",
    "  ",
    "\t",
    "```",
    "```quiz",
    "~~~",
    "---",
    "# a: b",
    "- x",
    "|",
    "true",
    "1",
    "e\u0301",
]
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
TEXT = st.lists(LETTERS | st.sampled_from(PIECES), max_size=6).map("".join)
FILLED = TEXT.filter(lambda text: bool(text.strip()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
METADATA = st.none() | st.dictionaries(TEXT, JSON, max_size=3)
FLAGS = {name: st.booleans() for name in ("shuffle_questions", "shuffle_options", "show_correct_answers")}
CENTS = st.integers(1, 9_999).map(lambda cents: cents / 100)


def requests(model: type[BaseModel], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Request]:
    """Requests of this kind that its input model takes."""

    def is_taken(request: Request) -> bool:
        try:
            model.model_validate_json(json.dumps(request))
        except ValidationError:
            return False
        return True

    return st.fixed_dictionaries(fields).filter(is_taken)


COURSES = requests(
    CourseCreate, title=FILLED, description=st.none() | TEXT, category=st.none() | FILLED, metadata=METADATA,
    difficulty_level=st.sampled_from([None, *Difficulty]), estimated_duration_minutes=st.none() | st.integers(1, 9),
)  # fmt: skip
LESSONS = requests(
    LessonCreate, title=FILLED, lesson_type=st.sampled_from(LessonType), description=st.none() | TEXT,
    content=st.none() | TEXT, duration_minutes=st.none() | st.integers(1, 9), is_preview=st.booleans(),
    metadata=METADATA, video_url=st.sampled_from([None, "https://a.example/b?c=d#e:f"]),
    order_index=st.sampled_from([None, 1]),
)  # fmt: skip
QUIZ = requests(
    QuizCreate, lesson_id=st.just(str(UUID(int=1))), title=FILLED, description=st.none() | TEXT,
    quiz_type=st.sampled_from(QuizType), passing_score=st.none() | CENTS, max_attempts=st.none() | st.integers(1, 100),
    time_limit_minutes=st.none() | st.integers(1, 1_440), **FLAGS,
)  # fmt: skip
OPTIONS = st.lists(st.fixed_dictionaries({"text": FILLED, "is_correct": st.booleans()}), min_size=2, max_size=3)
QUESTION = requests(
    QuestionCreate, question_type=st.sampled_from(QuestionType), question_text=TEXT, points=st.none() | CENTS,
    explanation=st.none() | TEXT, options=OPTIONS, correct_answer=TEXT | st.sampled_from(["true", "1|2", "a | b|"]),
    metadata=METADATA,
)  # fmt: skip
OUTLINES = st.lists(st.tuples(LESSONS, st.integers(0, 5), QUIZ, st.lists(QUESTION, max_size=3)), max_size=4)


def fitting(question: Request) -> Request:
    """The question without what its type has no use for."""
    kind = question["question_type"]
    unused = {"multiple_choice": ("correct_answer",), "essay": ("correct_answer", "options")}.get(kind, ("options",))
    return {name: value for name, value in question.items() if name not in unused}


async def random_course(
    world: World, course: Request, outline: list[tuple[Request, int, Request, list[Request]]]
) -> str:
    """Make the course as far as the API takes it."""
    course_id = await made(world, "/courses", **course)
    lessons: list[str | None] = [None]
    for lesson, parent, quiz, questions in outline:
        under = lesson | {"parent_lesson_id": lessons[parent % len(lessons)]}
        answer = await world.call("ada", "POST", f"/courses/{course_id}/lessons", json=under)
        if answer.status_code == 422:
            answer = await world.call("ada", "POST", f"/courses/{course_id}/lessons", json=lesson)
        assert answer.status_code == 201, answer.text
        lessons.append(answer.json()["id"])
        if lesson["lesson_type"] == "quiz":
            quizzes = f"/courses/{course_id}/quizzes"
            quiz_id = await made(world, quizzes, **quiz | {"lesson_id": lessons[-1]})
            for question in questions:
                done = await world.call("ada", "POST", f"{quizzes}/{quiz_id}/questions", json=fitting(question))
                assert done.status_code in {201, 422}, done.text
    return course_id


EXAMPLES = int(os.environ.get("STUDIUM_TEST_ROUND_TRIPS", "6"))


async def test_courses_by_chance(world: World, migrated_file: Path, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with other_school(migrated_file, tmp_path) as other:

        async def check(course: Request, outline: list[Any]) -> None:
            await comes_back(world, other, await random_course(world, course, outline))

        @settings(max_examples=EXAMPLES, phases=[Phase.generate], derandomize=True, deadline=None, database=None)
        @given(COURSES, OUTLINES)
        def by_chance(course: Request, outline: list[Any]) -> None:
            asyncio.run_coroutine_threadsafe(check(course, outline), loop).result(60)

        await asyncio.to_thread(by_chance)


async def test_a_question_has_words(world: World) -> None:
    """One of spaces alone would not come back."""
    wish = {"question_text": " \r\n\u2028", "question_type": "essay"}
    answer = await world.call("ada", "POST", "/courses/{C1}/quizzes/{Q2}/questions", json=wish)
    assert (answer.status_code, "blank" in answer.text) == (422, True)
