"""`Idempotency-Key` on every POST that creates or acts: once, whoever tries what with it."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select

from studium.app import module_routes
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.http.routing import API
from studium.models import (
    Course,
    Enrollment,
    IdempotencyKey,
    JoinCode,
    LessonType,
    PeopleImport,
    PeopleImportStatus,
    UploadedFile,
)
from tests.files.helpers import Desk
from tests.importing.studio import zipped
from tests.jobs.dead import dead_job
from tests.world import World, lesson

ESSAY = "/enrollments/{E1}/quizzes/{Q2}/attempts"
QUESTION = {"question_text": "Is it?", "question_type": "true_false", "correct_answer": "true", "points": 1}
Post = tuple[str, str, dict[str, Any]]


async def posts(world: World) -> list[Post]:
    """One request for each route that takes a key, in an order in which all of them succeed."""
    await world.add(lesson(world, "L9", "C0", 1, LessonType.QUIZ))
    await world.add(JoinCode(id=new_id(), course_id=world.ids["C1"], code="ABCDEFGH"))
    planned = PeopleImport(id=new_id(), owner_id=world.ids["root"], original_filename="people.csv", file_size=5)
    planned.status, planned.planned_at = PeopleImportStatus.PLANNED, now()
    planned.counts = {"create": 0, "change": 0}
    await world.add(planned)
    await world.add(lesson(world, "L6", "C1", 6, LessonType.TEXT))
    await world.call("ada", "DELETE", "/courses/{C1}/lessons/{L6}")
    await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": "Other words."})
    (removed,) = (await world.call("ada", "GET", "/courses/{C1}/trash")).json()["items"]
    courses, quiz, people = "/courses/{C1}", "/courses/{C1}/quizzes/{Q1}", {"email": "new@school.example"}
    course = zipped({"course/course.yaml": "title: Brought\n", "course/01.md": "# One\n\nWords."})
    return [
        ("root", "/users", {"json": {**people, "full_name": "New", "role": "student"}}),
        ("ada", "/courses", {"json": {"title": "Anew", "description": "What.", "category": "Science"}}),
        ("ada", f"{courses}/unpublish", {}),
        ("ada", f"{courses}/publish", {}),
        ("ada", f"{courses}/lessons", {"json": {"title": "More", "lesson_type": "text", "content": "Words."}}),
        ("ada", f"{courses}/trash/{removed['id']}/restore", {}),
        ("ada", f"{courses}/lessons/{{L2}}/versions/1/restore", {}),
        ("ada", "/courses/{C0}/quizzes", {"json": _quiz(world)}),
        ("ada", f"{quiz}/questions", {"json": QUESTION}),
        ("ada", f"{quiz}/questions/paste", {"json": {"text": "Is it?\n= true", "dry_run": False}}),
        ("ada", f"{quiz}/unpublish", {}),
        ("ada", f"{quiz}/publish", {}),
        ("ada", f"{quiz}/regrade", {"json": {"dry_run": True}}),
        ("ada", f"{quiz}/release", {}),
        ("ada", "/grading/comments", {"json": {"text": "Well said."}}),
        ("mia", "/enrollments", {"json": {"course_id": str(world.ids["C2"])}}),
        ("ada", "/enrollments/courses/{C1}", {"json": {"people": [{"email": "late@school.example"}]}}),
        ("ada", f"{courses}/join-codes", {"json": {}}),
        ("mia", "/enrollments/join", {"json": {"code": "ABCDEFGH"}}),
        ("sam", "/enrollments/{E1}/lessons/{L1}/complete", {}),
        ("sam", "/enrollments/{E3}/review", {"json": {"rating": 4}}),
        ("sam", ESSAY, {}),
        ("sam", ESSAY + "/{A1}/submit", {"json": {"answers": [_essay(world)]}}),
        ("ada", ESSAY + "/{A1}/grade", {"json": {"scores": [{"question_id": str(world.ids["K3"]), "points": 3}]}}),
        ("sam", "/certificates/enrollments/{E3}/generate", {}),
        ("root", "/certificates/{X3}/revoke", {"json": {"reason": "A mistake."}}),
        ("root", "/users/{mia}/anonymize", {"json": {"reason": "Left the school."}}),
        ("sam", "/users/me/export", {}),
        ("root", "/users/{mia}/export", {"json": {"reason": "Asked for it."}}),
        ("sam", "/files/upload", {"files": {"file": ("a.txt", b"hello")}}),
        ("ada", "/courses/import", {"files": {"file": ("course.zip", course)}}),
        ("root", "/users/import", {"files": {"file": ("people.csv", b"email\nsam@school.example\n")}}),
        ("root", f"/users/imports/{planned.id}/apply", {}),
        ("root", f"/system/jobs/{await dead_job(world.runtime)}/requeue", {}),
    ]


def _quiz(world: World) -> dict[str, Any]:
    return {"lesson_id": str(world.ids["L9"]), "title": "Quiz", "quiz_type": "practice", "passing_score": 50}


def _essay(world: World) -> dict[str, Any]:
    return {"question_id": str(world.ids["K3"]), "answer_text": "Because."}


def routes() -> set[str]:
    """The POST routes that take a key: all but those of log-in and registration."""
    found = {route.path for route in module_routes() if isinstance(route, APIRoute) and "POST" in (route.methods or ())}
    return {path for path in found if not path.startswith((f"{API}/auth/", f"{API}/users/register"))}


async def rows(world: World) -> int:
    """The rows of all tables that such a request may add to, but for the keys themselves."""
    async with world.runtime.database.read_session() as session:
        tables = [table for table in IdempotencyKey.metadata.sorted_tables if table.name != "idempotency_keys"]
        return sum([await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables])


ENDS_ITS_SESSION = {"/api/v1/users/me/erasure"}
"""Whoever repeats it is not logged in any more."""


async def test_every_post_acts_once_and_answers_the_same_again(world: World) -> None:
    asked = set()
    for number, (who, path, content) in enumerate(await posts(world)):
        headers = {"Idempotency-Key": f'"key {number}"'}
        first = await world.call(who, "POST", path, headers=headers, **content)
        assert first.status_code in (200, 201, 202), (path, first.text)
        asked.add(first.request.url.path if not path.startswith("/") else API + path)
        if path == ESSAY:
            world.ids["A1"] = first.json()["id"]
        before = await rows(world)
        # The key may come bare or quoted.
        again = await world.call(who, "POST", path, headers={"Idempotency-Key": f"key {number}"}, **content)
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert again.headers["idempotency-replayed"] == "true", path
        assert "idempotency-replayed" not in first.headers
        for name in ("content-type", "etag", "location"):
            assert again.headers.get(name) == first.headers.get(name), (path, name)
        assert await rows(world) == before, path
    assert len(asked) == len(routes() - ENDS_ITS_SESSION), "every route that takes a key is tried here"


def course(title: str) -> dict[str, str]:
    return {"title": title, "description": "What there is.", "category": "Science"}


async def test_a_key_is_its_owners_alone(world: World) -> None:
    key = {"Idempotency-Key": "shared"}
    ours = await world.call("ada", "POST", "/courses", json=course("Ours"), headers=key)
    theirs = await world.call("eve", "POST", "/courses", json=course("Ours"), headers=key)
    assert (ours.status_code, theirs.status_code) == (201, 201)
    assert ours.json()["id"] != theirs.json()["id"]
    assert "idempotency-replayed" not in theirs.headers


async def test_another_address_body_or_query_is_another_request(world: World) -> None:
    key, files = {"Idempotency-Key": "one"}, await world.count(UploadedFile)
    assert (await world.call("ada", "POST", "/courses/{C1}/unpublish", headers=key)).status_code == 200
    others: list[tuple[str, dict[str, Any]]] = [
        ("/courses/{C1}/publish", {}),
        ("/courses/{C3}/unpublish", {}),
        ("/courses/{C1}/unpublish", {"content": b" "}),
        ("/courses", {"json": course("Else")}),
        ("/files/upload", {"files": {"file": ("a.txt", b"hello")}}),
    ]
    for path, content in others:
        answer = await world.call("ada", "POST", path, headers=key, **content)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused"), (path, answer.text)
    assert await world.count(UploadedFile) == files


async def test_in_parallel_one_acts(world: World) -> None:
    key, before = {"Idempotency-Key": "parallel"}, await world.count(Course)
    body = course("Parallel")
    answers = await asyncio.gather(*(world.call("ada", "POST", "/courses", json=body, headers=key) for _ in range(12)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {201, 409}, statuses
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 409)
    assert await world.count(Course) == before + 1


async def test_uploads_in_parallel_are_one(world: World) -> None:
    key, before = {"Idempotency-Key": "upload"}, await world.count(UploadedFile)
    files = {"file": ("a.txt", b"hello")}
    answers = await asyncio.gather(
        *(world.call("sam", "POST", "/files/upload", files=files, headers=key) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await world.count(UploadedFile) == before + 1
    assert len(await Desk(world).blobs()) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, '"' + "x" * 256 + '"', "tab\tbed", "\x7f"])
async def test_what_is_no_key_is_refused_and_nothing_happens(world: World, key: str) -> None:
    before = await world.count(Enrollment)
    wish = {"course_id": str(world.ids["C2"])}
    answer = await world.call("mia", "POST", "/enrollments", json=wish, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert await world.count(Enrollment) == before


async def test_a_refusal_keeps_no_key_and_a_key_opens_no_door(world: World) -> None:
    key = {"Idempotency-Key": "refused"}
    answer = await world.call("mia", "POST", "/courses", json=course("Mine"), headers=key)
    assert answer.status_code == 403
    assert await world.count(IdempotencyKey) == 0
    kept = await world.call("ada", "POST", "/courses", json=course("Mine"), headers=key)
    assert kept.status_code == 201
    # What a key replays is for who may act: the demoted, the deactivated and the anonymous hear what everybody hears.
    assert (await world.call(None, "POST", "/courses", json=course("Mine"), headers=key)).status_code == 401
    assert (await world.call("dan", "POST", "/courses", json=course("Mine"), headers=key)).status_code == 401
    assert "idempotency-replayed" not in (await world.call("ada", "GET", "/courses", headers=key)).headers
    assert json.loads(kept.content)["title"] == "Mine"
