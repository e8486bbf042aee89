"""Whoever writes to a course, a lesson or a quiz while somebody removes it: they wait, and then nothing is there."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION
from studium.models import Course, Lesson, LessonType, QuestionType, Quiz, Role
from studium.modules.courses.actions import delete_course, publish_course
from studium.modules.courses.actions_lessons import create_lesson, delete_lesson, update_lesson
from studium.modules.courses.schemas import LessonCreate, LessonUpdate
from studium.modules.exchange.writing import updating_lesson
from studium.modules.quizzes.authoring.actions import create_quiz, delete_quiz, update_quiz
from studium.modules.quizzes.authoring.actions_import import write_questions
from studium.modules.quizzes.authoring.actions_questions import create_question
from studium.modules.quizzes.authoring.locking import lock_quiz
from studium.modules.quizzes.schemas import QuestionCreate, QuizCreate, QuizUpdate
from studium.modules.trash.actions import restore
from tests.answers import ok, refused
from tests.importing.studio import upload
from tests.importing.test_edits_stay import FOUR, OWN, THREE, gift, questions, quiz_of
from tests.trash.test_trash import COURSE, QUIZ, trash
from tests.world import World, lesson

QUESTION = QuestionCreate(question_text="Late?", question_type=QuestionType.ESSAY)


async def held_back(other: "asyncio.Task[Any]") -> None:
    """See that it does not get through while the caller holds its locks."""
    done, _ = await asyncio.wait([other], timeout=0.4)
    assert not done


async def remove(session: AsyncSession, world: World, name: str) -> None:
    course = await session.get_one(Course, world.ids["C1"])
    found = await session.get_one(Lesson, world.ids[name])
    await delete_lesson(session, None, course, found, ANY_VERSION)


async def test_no_quiz_is_hung_on_a_lesson_that_goes_to_the_trash(world: World) -> None:
    await world.add(lesson(world, "L9", "C1", 9, LessonType.QUIZ))
    wish = {"lesson_id": str(world.ids["L9"]), "title": "Late"}
    async with world.runtime.database.write_session() as session:
        await remove(session, world, "L9")
        hanging = asyncio.create_task(world.call("ada", "POST", COURSE + "/quizzes", json=wish))
        await held_back(hanging)
    refused(await hanging, 422, "not_a_quiz_lesson")


@pytest.mark.parametrize("path", [QUIZ, QUIZ + "/questions/{K1}"])
async def test_nothing_returns_to_a_lesson_that_goes_to_the_trash(world: World, path: str) -> None:
    ok(await world.call("ada", "DELETE", path), 204)
    (item,) = await trash(world)
    back = f"{COURSE}/trash/{item['id']}/restore"
    async with world.runtime.database.write_session() as session:
        await remove(session, world, "L3")
        returning = asyncio.create_task(world.call("ada", "POST", back))
        await held_back(returning)
    refused(await returning, 409, "home_is_gone")


async def test_nothing_is_written_to_a_course_that_is_deleted_meanwhile(world: World) -> None:
    ada, courses = Actor(world.ids["ada"], Role.INSTRUCTOR, new_id()), "/courses/{C9}"
    made = ok(await world.call("ada", "POST", "/courses", json={"title": "Nine", "description": "It goes."}), 201)
    world.ids["C9"] = UUID(made["id"])
    wish = {"title": "One", "lesson_type": "quiz"}
    world.ids["P1"] = UUID(ok(await world.call("ada", "POST", f"{courses}/lessons", json=wish), 201)["id"])
    wish = {"lesson_id": str(world.ids["P1"]), "title": "Nine"}
    world.ids["Q9"] = UUID(ok(await world.call("ada", "POST", f"{courses}/quizzes", json=wish), 201)["id"])
    async with world.runtime.database.read_session() as session:
        course = await session.get_one(Course, world.ids["C9"])
        one = await session.get_one(Lesson, world.ids["P1"])
        quiz = await session.get_one(Quiz, world.ids["Q9"])
        session.expunge_all()
    ok(await world.call("ada", "DELETE", courses), 204)
    async with world.runtime.database.write_session() as session:
        session.add_all([course, one, quiz])
        for late in (
            publish_course(session, ada, course, ANY_VERSION),
            delete_course(session, ada, course, ANY_VERSION),
            create_lesson(session, ada, course, LessonCreate(title="Late", lesson_type=LessonType.TEXT)),
            update_lesson(session, course, one, LessonUpdate(title="Late"), ANY_VERSION),
            create_quiz(session, ada, course, QuizCreate(lesson_id=one.id, title="Late")),
            update_quiz(session, quiz, QuizUpdate(title="Late"), ANY_VERSION),
            create_question(session, quiz, QUESTION),
            write_questions(session, quiz, [], {}),
            delete_quiz(session, ada, course, quiz, ANY_VERSION),
            restore(session, ada, course, new_id()),
        ):
            with pytest.raises(NotFound):
                await late


async def test_an_import_overwrites_no_quiz_that_is_edited_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It compares the quiz with its source before it holds it; a question that was added since is not removed."""
    course = (await gift(world, THREE))["course_id"]
    path, is_edited, is_compared = await quiz_of(world, course), asyncio.Event(), asyncio.Event()

    async def lock(session: AsyncSession, quiz: Quiz) -> None:
        is_compared.set()
        await lock_quiz(session, quiz)

    monkeypatch.setattr(updating_lesson, "lock_quiz", lock)

    async def bring() -> dict[str, Any]:
        await is_edited.wait()
        return await upload(world, "ada", FOUR.encode(), "planets.gift")

    importing = asyncio.create_task(bring())
    async with world.runtime.database.write_session() as session:
        quiz = await session.get_one(Quiz, UUID(path.rpartition("/")[2]))
        await create_question(session, quiz, QuestionCreate.model_validate(OWN))
        is_edited.set()
        if world.runtime.database.dialect == "postgresql":  # SQLite has one writer at a time.
            await asyncio.wait_for(is_compared.wait(), 30)
        await held_back(importing)
    done = await importing
    if world.runtime.database.dialect == "postgresql":
        assert (done["status"], "at the same moment" in done["fault"]["reason"]) == ("failed", True), done
        done = await gift(world, FOUR)
    assert done["status"] == "done"
    assert [each["question_text"] for each in await questions(world, path)][-2:] == ["Snow?", "Our own?"]
