"""What is removed from a course comes back where it was, with all that belongs to it, for thirty days."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from studium.access import trash as access_trash
from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION
from studium.models import (
    Course,
    Lesson,
    LessonProgress,
    LessonType,
    QuestionType,
    Quiz,
    QuizAccommodation,
    QuizQuestion,
    Role,
    TrashItem,
)
from studium.models.undo.trash import KEPT
from studium.modules.courses.actions_lessons import delete_lesson, update_lesson
from studium.modules.courses.schemas import MAX_LESSONS, LessonUpdate
from studium.modules.quizzes.authoring.actions import delete_quiz, publish_quiz, unpublish_quiz, update_quiz
from studium.modules.quizzes.authoring.actions_import import append_questions, write_questions
from studium.modules.quizzes.authoring.actions_questions import (
    create_question,
    delete_question,
    reorder_questions,
    update_question,
)
from studium.modules.quizzes.grading.actions_accommodations import delete_accommodation, put_accommodation
from studium.modules.quizzes.schemas import QuestionCreate, QuestionOrder, QuestionUpdate, QuizUpdate
from studium.modules.quizzes.schemas_staff import AccommodationIn
from studium.modules.trash.jobs import empty_trash
from tests.answers import ok, refused
from tests.courses.teaching import new_course, new_lesson, titles
from tests.world import World

COURSE = "/courses/{C1}"
QUIZ = COURSE + "/quizzes/{Q1}"


async def trash(world: World, course: str = "{C1}") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(await world.call("ada", "GET", f"/courses/{course}/trash"))["items"]
    return items


async def bring_back(world: World, title: str, course: str = "{C1}") -> dict[str, Any]:
    (item,) = [item for item in await trash(world, course) if item["title"] == title]
    found: dict[str, Any] = ok(await world.call("ada", "POST", f"/courses/{course}/trash/{item['id']}/restore"))
    return found


async def removed_before(world: World, age: timedelta) -> None:
    """Let everything in the trash be this old."""
    async with world.runtime.database.write_session() as session:
        await session.execute(update(TrashItem).values(removed_at=now() - age))


async def shown(world: World) -> list[Any]:
    """What staff and a learner see of the course, but for versions and times."""
    paths = (
        ("ada", COURSE + "/lessons"),
        ("ada", COURSE + "/quizzes"),
        ("ada", QUIZ + "/questions"),
        ("ada", QUIZ + "/accommodations"),
        ("sam", COURSE + "/lessons"),
        ("sam", "/enrollments/{E1}/lessons"),
        ("sam", "/enrollments/{E1}"),
    )
    answers = [ok(await world.call(who, "GET", path)) for who, path in paths]
    for answer in answers:
        for each in (answer, *answer.get("items", [])):
            each.pop("version", None)
            each.pop("updated_at", None)
    return answers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (COURSE + "/lessons/{L1}", "lesson"),
        (COURSE + "/lessons/{L3}", "lesson"),
        (QUIZ, "quiz"),
        (QUIZ + "/questions/{K1}", "question"),
    ],
)
async def test_what_comes_back_is_as_it_was(world: World, path: str, kind: str) -> None:
    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
    await world.add(QuizAccommodation(quiz_id=world.ids["Q1"], student_id=world.ids["sam"], extra_attempts=1))
    before = await shown(world)
    ok(await world.call("ada", "DELETE", path), 204)
    refused(await world.call("ada", "GET", path), 404, "not_found")
    (item,) = await trash(world)
    assert (item["kind"], item["item_id"]) == (kind, world.filled(path).rpartition("/")[2])
    answer = await bring_back(world, item["title"])
    assert (answer["kind"], answer["item_id"]) == (kind, item["item_id"])
    assert await shown(world) == before
    assert await trash(world) == []
    again = await world.call("ada", "POST", f"/courses/{{C1}}/trash/{item['id']}/restore")
    refused(again, 404, "not_found")


async def test_lessons_come_back_in_their_order_whatever_the_order_of_their_return(world: World) -> None:
    course = (await new_course(world))["id"]
    lessons = {name: (await new_lesson(world, course, name))["id"] for name in "abcde"}
    for removed, returned in (("bad", "dab"), ("abd", "bda"), ("dba", "adb"), ("ed", "ed"), ("ab", "ab")):
        for name in removed:
            ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{lessons[name]}"), 204)
        for name in returned:
            await bring_back(world, name, course)
        assert await titles(world, course) == list("abcde"), (removed, returned)


async def test_what_is_removed_names_few_of_all_that_was_removed_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_trash, "REMEMBERED", 2)
    course = (await new_course(world))["id"]
    lessons = {name: (await new_lesson(world, course, name))["id"] for name in "abcdef"}
    for name in "bcdef":
        ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{lessons[name]}"), 204)
    async with world.runtime.database.read_session() as session:
        places = (await session.execute(select(TrashItem.title, TrashItem.place))).all()
    named = {row.title: {str(each) for each in row.place["before"]} for row in places}
    assert named["f"] == {lessons[name] for name in "ade"}, "what is there, and what was removed last"
    for name in "fedcb":
        await bring_back(world, name, course)
    assert await titles(world, course) == list("abcdef")


async def test_questions_come_back_in_their_order(world: World) -> None:
    path = COURSE + "/quizzes/{Q1}/questions"
    names = [item["id"] for item in ok(await world.call("ada", "GET", path))["items"]]
    ok(await world.call("ada", "DELETE", f"{path}/{names[0]}"), 204)
    wish = {"question_text": "Third?", "question_type": "essay"}
    third = ok(await world.call("ada", "POST", path, json=wish), 201)["id"]
    ok(await world.call("ada", "DELETE", f"{path}/{names[1]}"), 204)
    for item in await trash(world):
        ok(await world.call("ada", "POST", f"/courses/{{C1}}/trash/{item['id']}/restore"))
    items = ok(await world.call("ada", "GET", path))["items"]
    assert [item["id"] for item in items] == [*names, third]
    assert [item["order_index"] for item in items] == [1, 2, 3]


async def test_a_lesson_comes_back_below_its_parent_and_above_its_children(world: World) -> None:
    course = (await new_course(world))["id"]
    lessons: dict[str, str] = {}
    for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", "b")):
        made = await new_lesson(world, course, name, parent_lesson_id=lessons.get(parent or ""))
        lessons[name] = made["id"]
    path = f"/courses/{course}/lessons"

    async def parents() -> list[str | None]:
        of = {lesson_id: name for name, lesson_id in lessons.items()}
        items = ok(await world.call("ada", "GET", path))["items"]
        return [of.get(item["parent_lesson_id"]) for item in items]

    ok(await world.call("ada", "DELETE", f"{path}/{lessons['b']}"), 204)
    assert await parents() == [None, "a", "a"]
    ok(await world.call("ada", "PATCH", f"{path}/{lessons['d']}", json={"parent_lesson_id": None}))
    await bring_back(world, "b", course)
    assert await parents() == [None, "a", "b", None], "d was moved meanwhile"
    for name in "ab":
        ok(await world.call("ada", "DELETE", f"{path}/{lessons[name]}"), 204)
    await bring_back(world, "b", course)
    assert await parents() == [None, "b", None], "its parent is gone"


async def test_a_slug_that_is_taken_meanwhile_gets_a_number(world: World) -> None:
    course = (await new_course(world))["id"]
    first = await new_lesson(world, course, "Tyres")
    await new_lesson(world, course, "Brakes")
    ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{first['id']}"), 204)
    second = await new_lesson(world, course, "Tyres", slug="tyres")
    assert second["slug"] == first["slug"]
    await bring_back(world, "Tyres", course)
    items = ok(await world.call("ada", "GET", f"/courses/{course}/lessons"))["items"]
    assert [item["slug"] for item in items] == ["tyres-2", "brakes", "tyres"]


async def test_a_removed_lesson_counts_for_nobody_and_progress_comes_back_with_it(world: World) -> None:
    async def counts() -> tuple[int, int]:
        row = ok(await world.call("sam", "GET", "/enrollments/{E1}"))
        return row["completed_lessons_count"], row["total_lessons_count"]

    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
    assert await counts() == (1, 4)
    ok(await world.call("ada", "DELETE", COURSE + "/lessons/{L1}"), 204)
    assert await counts() == (0, 3)
    await bring_back(world, "Lesson L1")
    assert await counts() == (1, 4)


async def test_a_home_that_is_gone_has_to_come_back_first(world: World) -> None:
    ok(await world.call("ada", "DELETE", QUIZ + "/questions/{K1}"), 204)
    (question,) = await trash(world)
    ok(await world.call("ada", "DELETE", QUIZ), 204)
    ok(await world.call("ada", "DELETE", COURSE + "/lessons/{L3}"), 204)
    lesson, quiz, question = await trash(world)
    path = "/courses/{C1}/trash/%s/restore"
    for item in (question, quiz):
        refused(await world.call("ada", "POST", path % item["id"]), 409, "home_is_gone")
    for item in (lesson, quiz, question):
        ok(await world.call("ada", "POST", path % item["id"]))
    assert len(ok(await world.call("ada", "GET", QUIZ + "/questions"))["items"]) == 2


async def test_a_quiz_does_not_take_the_place_of_another(world: World) -> None:
    ok(await world.call("ada", "DELETE", QUIZ), 204)
    (item,) = await trash(world)
    wish = {"lesson_id": str(world.ids["L3"]), "title": "Another"}
    other = ok(await world.call("ada", "POST", COURSE + "/quizzes", json=wish), 201)
    path = f"/courses/{{C1}}/trash/{item['id']}/restore"
    refused(await world.call("ada", "POST", path), 409, "lesson_has_quiz")
    ok(await world.call("ada", "DELETE", f"{COURSE}/quizzes/{other['id']}"), 204)
    ok(await world.call("ada", "PATCH", COURSE + "/lessons/{L3}", json={"lesson_type": "text"}))
    refused(await world.call("ada", "POST", path), 422, "not_a_quiz_lesson")
    ok(await world.call("ada", "PATCH", COURSE + "/lessons/{L3}", json={"lesson_type": "quiz"}))
    ok(await world.call("ada", "POST", path))


async def test_a_lesson_does_not_come_back_to_a_full_course(world: World) -> None:
    course = (await new_course(world))["id"]
    removed = await new_lesson(world, course, "Removed")
    ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{removed['id']}"), 204)
    await world.add(
        *(
            Lesson(course_id=UUID(course), title=f"{i}", slug=f"l-{i}", lesson_type=LessonType.TEXT, order_index=i)
            for i in range(1, MAX_LESSONS + 1)
        )
    )
    (item,) = await trash(world, course)
    path = f"/courses/{course}/trash/{item['id']}/restore"
    refused(await world.call("ada", "POST", path), 409, "too_many_lessons")
    last = ok(await world.call("ada", "GET", f"/courses/{course}/lessons", params={"limit": 1}))["items"][0]
    ok(await world.call("ada", "DELETE", f"/courses/{course}/lessons/{last['id']}"), 204)
    ok(await world.call("ada", "POST", path))


async def test_a_question_does_not_come_back_to_a_full_quiz(world: World) -> None:
    ok(await world.call("ada", "DELETE", QUIZ + "/questions/{K1}"), 204)
    (item,) = await trash(world)
    wish = {"question_text": "Why?", "question_type": "essay", "points": 999.99}
    made = [ok(await world.call("ada", "POST", QUIZ + "/questions", json=wish), 201)["id"] for _ in range(9)]
    left = Decimal("9999.99") - Decimal(str(ok(await world.call("ada", "GET", QUIZ))["total_points"]))
    ok(await world.call("ada", "POST", QUIZ + "/questions", json={**wish, "points": float(left)}), 201)
    path = f"/courses/{{C1}}/trash/{item['id']}/restore"
    refused(await world.call("ada", "POST", path), 409, "too_many_questions")
    ok(await world.call("ada", "DELETE", f"{QUIZ}/questions/{made[0]}"), 204)
    ok(await world.call("ada", "POST", path))


async def test_after_thirty_days_what_nobody_worked_on_goes_and_work_stays(world: World) -> None:
    ok(await world.call("sam", "POST", "/enrollments/{E1}/lessons/{L1}/complete"))
    ok(await world.call("ada", "DELETE", QUIZ + "/questions/{K1}"), 204)
    for path in (QUIZ, COURSE + "/lessons/{L1}", COURSE + "/lessons/{L2}"):
        ok(await world.call("ada", "DELETE", path), 204)
    items = await trash(world)
    assert len(items) == 4
    await removed_before(world, KEPT - timedelta(minutes=1))
    await empty_trash(world.runtime)
    assert len(await trash(world)) == 4
    progress = await world.count(LessonProgress)
    await removed_before(world, KEPT + timedelta(minutes=1))
    assert await trash(world) == []
    path = f"/courses/{{C1}}/trash/{items[0]['id']}/restore"
    refused(await world.call("ada", "POST", path), 404, "not_found")
    await empty_trash(world.runtime)
    assert await world.count(TrashItem) == 0
    assert await world.count(LessonProgress) == progress
    assert (await world.row(Lesson, "L1")).archived_at is not None
    async with world.runtime.database.read_session() as session:
        for table, name in ((Lesson, "L2"), (Quiz, "Q1"), (QuizQuestion, "K1")):
            assert await session.get(table, world.ids[name]) is None, name


async def test_what_was_removed_while_it_was_looked_up_is_not_there(world: World) -> None:
    """As by a button that is pressed twice: both requests find it, and one has the lock first."""
    async with world.runtime.database.read_session() as session:
        course = await session.get_one(Course, world.ids["C1"])
        lesson = await session.get_one(Lesson, world.ids["L2"])
        quiz = await session.get_one(Quiz, world.ids["Q1"])
        question = await session.get_one(QuizQuestion, world.ids["K1"])
        session.expunge_all()
    ada = Actor(world.ids["ada"], Role.INSTRUCTOR, new_id())
    written = QuestionCreate(question_text="Late?", question_type=QuestionType.ESSAY)
    for path in (QUIZ + "/questions/{K1}", QUIZ, COURSE + "/lessons/{L2}"):
        ok(await world.call("ada", "DELETE", path), 204)
    async with world.runtime.database.write_session() as session:
        session.add_all([course, lesson, quiz, question])
        for late in (
            delete_lesson(session, None, course, lesson, ANY_VERSION),
            update_lesson(session, course, lesson, LessonUpdate(title="Late"), ANY_VERSION),
            delete_quiz(session, None, course, quiz, ANY_VERSION),
            update_quiz(session, quiz, QuizUpdate(title="Late"), ANY_VERSION),
            publish_quiz(session, ada, quiz, ANY_VERSION),
            unpublish_quiz(session, ada, quiz, ANY_VERSION),
            create_question(session, quiz, written),
            append_questions(session, quiz, [written], ANY_VERSION),
            write_questions(session, quiz, [], {}),
            reorder_questions(session, quiz, QuestionOrder(question_ids=[question.id])),
            put_accommodation(session, ada, course, quiz, world.ids["sam"], AccommodationIn(), ANY_VERSION),
            delete_accommodation(session, ada, quiz, world.ids["sam"]),
            delete_question(session, ada, course, quiz, question, ANY_VERSION),
            update_question(session, quiz, question, QuestionUpdate(question_text="Late"), ANY_VERSION),
        ):
            with pytest.raises(NotFound):
                await late
    assert sorted(item["kind"] for item in await trash(world)) == ["lesson", "question", "quiz"]
