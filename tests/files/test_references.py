"""Which texts keep a file: those of its owner's courses and of its own course, wherever they stand."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON, String, delete, select, update
from sqlalchemy.orm import ColumnProperty

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.tables import EnumText
from studium.models import Course, FileReference, Lesson, Quiz, QuizQuestion, TrashItem
from studium.models.file_reference import HOLDERS, named_files
from studium.models.undo.trash import KEPT
from studium.modules.files.actions_references import find_reference_drift, repair_references
from studium.modules.trash.jobs import empty_trash
from tests.files.helpers import Desk
from tests.files.samples import PDF

COURSE = {"title": "Mine", "description": "A course."}


async def ok(desk: Desk, who: str, method: str, path: str, wish: object = None) -> dict[str, Any]:
    answer = await desk.world.call(who, method, path, json=wish)
    assert answer.status_code in {200, 201, 204}, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def is_kept(desk: Desk, who: str, file: dict[str, Any]) -> bool:
    """Whether a deletion is refused because the file is in use."""
    answer = await desk.world.call(who, "DELETE", f"/files/{file['id']}")
    assert (answer.status_code, answer.json()["code"] if answer.content else "") in {(204, ""), (409, "file_in_use")}
    return answer.status_code == 409


async def kept(desk: Desk) -> list[FileReference]:
    async with desk.world.runtime.database.read_session() as session:
        return list((await session.execute(select(FileReference).order_by(FileReference.id))).scalars())


async def test_what_others_write_about_a_file_does_not_keep_it(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF, is_public="true")
    wish = {"title": "Hers", "description": file["file_url"]}
    await ok(folder_desk, "eve", "POST", "/courses", wish)
    assert len(await kept(folder_desk)) == 1
    assert not await is_kept(folder_desk, "ada", file)


async def test_the_files_own_course_keeps_it_whoever_uploaded_it(folder_desk: Desk) -> None:
    course = str(folder_desk.world.ids["C1"])
    file = await folder_desk.take("root", "a.pdf", PDF, course_id=course)
    await ok(folder_desk, "ada", "PATCH", "/courses/{C1}/lessons/{L1}", {"content": file["file_url"]})
    assert await is_kept(folder_desk, "root", file)


async def test_a_course_that_changes_hands_counts_for_its_new_owner(folder_desk: Desk) -> None:
    file = await folder_desk.take("eve", "a.pdf", PDF, is_public="true")
    course = await ok(folder_desk, "ada", "POST", "/courses", {**COURSE, "description": file["file_url"]})
    eve = str(folder_desk.world.ids["eve"])
    await ok(folder_desk, "root", "PATCH", f"/courses/{course['id']}", {"instructor_id": eve})
    assert await is_kept(folder_desk, "eve", file)


async def written(desk: Desk, place: str, text: str | None) -> None:
    """Write a text of ada's course C1 over HTTP, in any place that takes one."""
    calls: dict[str, tuple[str, str, Any]] = {
        "thumbnail": ("PATCH", "/courses/{C1}", {"thumbnail_url": text}),
        "description": ("PATCH", "/courses/{C1}", {"description": text}),
        "course metadata": ("PATCH", "/courses/{C1}", {"metadata": {"more": [text]}}),
        "content": ("PATCH", "/courses/{C1}/lessons/{L1}", {"content": text}),
        "lesson description": ("PATCH", "/courses/{C1}/lessons/{L1}", {"description": text}),
        "lesson metadata": ("PATCH", "/courses/{C1}/lessons/{L1}", {"metadata": {"captions": text}}),
    }
    method, path, wish = calls[place]
    await ok(desk, "ada", method, path, wish)


PLACES = ["thumbnail", "description", "course metadata", "content", "lesson description", "lesson metadata"]


@pytest.mark.parametrize("place", PLACES)
async def test_every_text_of_a_course_keeps_a_file_as_long_as_it_names_it(folder_desk: Desk, place: str) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF, is_public="true")
    await written(folder_desk, place, file["file_url"])
    await written(folder_desk, place, file["file_url"])
    assert len(await kept(folder_desk)) == 1
    assert await is_kept(folder_desk, "ada", file)
    await written(folder_desk, place, None)
    assert await kept(folder_desk) == []
    assert not await is_kept(folder_desk, "ada", file)


def rows_naming(course_id: UUID, file_url: str) -> list[Any]:
    """A lesson with a quiz and a question in it, each of which names a file."""
    lesson = Lesson(
        id=new_id(), course_id=course_id, title="A", slug="naming", lesson_type="quiz", order_index=90, content=file_url
    )
    quiz = Quiz(id=new_id(), lesson_id=lesson.id, title="A", description=f"See {file_url}")
    options = [
        {"id": "a", "text": f"![]({file_url})", "is_correct": True},
        {"id": "b", "text": "B", "is_correct": False},
    ]
    question = QuizQuestion(
        id=new_id(),
        quiz_id=quiz.id,
        question_text="A?",
        question_type="multiple_choice",
        order_index=1,
        options=options,
    )
    return [lesson, quiz, question]


async def test_quizzes_and_questions_keep_files_and_let_them_go(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF)
    lesson, quiz, question = rows_naming(folder_desk.world.ids["C1"], file["file_url"])
    database = folder_desk.world.runtime.database
    for row in (lesson, quiz, question):
        async with database.write_session() as session:
            session.add(row)
    levels = [(row.lesson_id, row.quiz_id, row.question_id) for row in await kept(folder_desk)]
    assert levels == [(lesson.id, None, None), (lesson.id, quiz.id, None), (lesson.id, quiz.id, question.id)]
    for table, row in ((QuizQuestion, question), (Quiz, quiz), (Lesson, lesson)):
        assert await is_kept(folder_desk, "ada", file)
        async with database.write_session() as session:
            await session.execute(delete(table).where(table.id == row.id))
    assert not await is_kept(folder_desk, "ada", file)


async def test_an_archived_lesson_and_a_deleted_course_let_a_file_go(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF)
    course = await ok(folder_desk, "ada", "POST", "/courses", {**COURSE, "description": file["file_url"]})
    assert await is_kept(folder_desk, "ada", file)
    await ok(folder_desk, "ada", "DELETE", f"/courses/{course['id']}")
    assert not await is_kept(folder_desk, "ada", file)


async def test_a_file_stays_in_use_while_what_shows_it_can_come_back(folder_desk: Desk) -> None:
    shown_by = {
        "/courses/{C1}/lessons/{L2}": "content",
        "/courses/{C1}/quizzes/{Q1}": "description",
        "/courses/{C1}/quizzes/{Q1}/questions/{K2}": "explanation",
    }
    files = {}
    for path, text in shown_by.items():
        files[path] = await folder_desk.take("ada", "a.pdf", PDF)
        await ok(folder_desk, "ada", "PATCH", path, {text: files[path]["file_url"]})
    for path in reversed(shown_by):
        await ok(folder_desk, "ada", "DELETE", path)
        assert await is_kept(folder_desk, "ada", files[path])
    async with folder_desk.world.runtime.database.snapshot() as session:
        assert await find_reference_drift(session) == []
    async with folder_desk.world.runtime.database.write_session() as session:
        await session.execute(update(TrashItem).values(removed_at=now() - KEPT))
    await empty_trash(folder_desk.world.runtime)
    for file in files.values():
        assert not await is_kept(folder_desk, "ada", file)


@pytest.mark.parametrize("spelled", ["{0}", "urn:uuid:{0}", "{{{0}}}", "%7B{0}%7D"])
def test_every_spelling_that_a_route_understands_names_the_file(database_url: str, spelled: str) -> None:
    file_id = new_id()
    for written_id in (str(file_id), file_id.hex, str(file_id).upper()):
        address = f"/api/v1/files/{spelled.format(written_id)}/download"
        assert named_files([None, "/files/", f"a {address} b", {"deep": [address]}]) == {file_id}


def test_every_text_of_the_holders_is_watched(database_url: str) -> None:
    """A new column of text or JSON in one of these tables is either watched or named here with its reason."""
    not_texts = {
        "title",
        "slug",
        "category",
        "external_id",
        "difficulty_level",
        "lesson_type",
        "quiz_type",
        "release",
        "question_type",
    }
    for holder in HOLDERS:
        columns = {column.key for column in holder.model.__mapper__.column_attrs if _may_name(column)}
        assert columns - not_texts == {text.key for text in holder.texts}


def _may_name(column: ColumnProperty[Any]) -> bool:
    return isinstance(column.columns[0].type, String | JSON | EnumText)


async def test_a_deletion_reads_no_texts(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF)
    async with folder_desk.world.counting() as statements:
        assert not await is_kept(folder_desk, "ada", file)
    assert not any("lessons.content" in statement for statement in statements)
    (look_up,) = [statement for statement in statements if "EXISTS" in statement and "file_references" in statement]
    assert "LIKE" not in look_up


async def test_a_text_without_files_costs_nothing(folder_desk: Desk) -> None:
    async with folder_desk.world.counting() as statements:
        await ok(folder_desk, "ada", "PATCH", "/courses/{C1}/lessons/{L1}", {"content": "No file."})
    assert not any("file_references" in statement for statement in statements)


async def test_a_text_that_names_thousands_of_files_is_taken(folder_desk: Desk) -> None:
    content = "".join(f"/files/{new_id()} " for _ in range(2000))
    await ok(folder_desk, "ada", "PATCH", "/courses/{C1}/lessons/{L1}", {"content": content})
    assert len(await kept(folder_desk)) == 2000


async def test_a_deletion_waits_for_a_text_that_is_being_written(folder_desk: Desk) -> None:
    """On SQLite one writer waits for the other anyway; on PostgreSQL the text holds the file."""
    file = await folder_desk.take("ada", "a.pdf", PDF)
    async with folder_desk.world.runtime.database.write_session() as session:
        course = await session.get_one(Course, folder_desk.world.ids["C1"])
        course.description = file["file_url"]
        await session.flush()
        deletion = asyncio.create_task(folder_desk.world.call("ada", "DELETE", f"/files/{file['id']}"))
        await asyncio.sleep(0.3)
        assert not deletion.done()
    assert (await deletion).status_code == 409


async def test_reconcile_names_and_mends_what_differs(folder_desk: Desk) -> None:
    file = await folder_desk.take("ada", "a.pdf", PDF)
    database = folder_desk.world.runtime.database
    rows = rows_naming(folder_desk.world.ids["C1"], file["file_url"])
    for row in rows:
        async with database.write_session() as session:
            session.add(row)
    async with database.snapshot() as session:
        assert await find_reference_drift(session) == []
    async with database.write_session() as session:
        await session.execute(delete(FileReference).where(FileReference.question_id.is_not(None)))
        session.add(FileReference(file_id=new_id(), course_id=folder_desk.world.ids["C1"]))
    async with database.snapshot() as session:
        found = await find_reference_drift(session)
    assert [(drift.row_id, len(drift.stored), len(drift.named)) for drift in found] == [
        (folder_desk.world.ids["C1"], 1, 0),
        (rows[2].id, 0, 1),
    ]
    assert str(found[1]) == f"quiz_questions {rows[2].id}: 0 files are kept as named, its texts name 1"
    for drift in found:
        async with database.write_session() as session:
            await repair_references(session, drift)
    async with database.snapshot() as session:
        assert await find_reference_drift(session) == []
    assert len(await kept(folder_desk)) == 3
