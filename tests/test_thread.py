"""The thread that everything hangs on: from registration to a certificate that anybody can verify."""

from typing import Any

import httpx2

from tests.world import World

PASSWORD = "a long walk in autumn"


def ok(answer: httpx2.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def a_course(world: World) -> dict[str, Any]:
    """Ada makes a course with a lesson of each type and a quiz, and publishes it."""
    course = ok(await world.call("ada", "POST", "/courses", json={"title": "Walking"}), 201)
    path = f"/courses/{course['id']}"
    lessons = {}
    for kind in ("text", "video", "assignment", "quiz"):
        wish = {"title": f"A {kind}", "lesson_type": kind}
        lessons[kind] = ok(await world.call("ada", "POST", f"{path}/lessons", json=wish), 201)
    refused = await world.call("ada", "POST", f"{path}/publish")
    assert refused.status_code == 409
    assert refused.json()["reasons"] == ["The quiz lesson “A quiz” has no published quiz."]
    wish = {"lesson_id": lessons["quiz"]["id"], "title": "The end"}
    quiz = ok(await world.call("ada", "POST", f"{path}/quizzes", json=wish), 201)
    choice = {
        "question_text": "2 + 2?",
        "question_type": "multiple_choice",
        "options": [{"text": "4", "is_correct": True}, {"text": "5"}],
    }
    truth = {"question_text": "True?", "question_type": "true_false", "correct_answer": "true", "points": 2.5}
    questions = [
        ok(await world.call("ada", "POST", f"{path}/quizzes/{quiz['id']}/questions", json=wish), 201)
        for wish in (choice, truth)
    ]
    ok(await world.call("ada", "POST", f"{path}/quizzes/{quiz['id']}/publish"))
    ok(await world.call("ada", "POST", f"{path}/publish"))
    return {"id": course["id"], "lessons": lessons, "quiz": quiz["id"], "questions": questions}


async def a_student(world: World) -> None:
    """Noor registers, logs in and refreshes."""
    who = {"email": "noor@walk.example", "full_name": "نور Walker", "password": PASSWORD}
    ok(await world.call(None, "POST", "/auth/register", json=who), 201)
    log_in = {"email": who["email"], "password": PASSWORD}
    tokens = ok(await world.call(None, "POST", "/auth/login", json=log_in))
    tokens = ok(await world.call(None, "POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]}))
    world.tokens["noor"] = tokens["access_token"]
    assert ok(await world.call("noor", "GET", "/users/me"))["role"] == "student"


async def take_quiz(world: World, enrollment: str, course: dict[str, Any]) -> dict[str, Any]:
    path = f"/enrollments/{enrollment}/quizzes/{course['quiz']}/attempts"
    attempt = ok(await world.call("noor", "POST", path), 201)
    choice, truth = course["questions"]
    right = [option["id"] for option in choice["options"] if option["is_correct"]]
    saved = {"answers": [{"question_id": choice["id"], "selected_option_ids": right}]}
    ok(await world.call("noor", "PATCH", f"{path}/{attempt['id']}", json=saved))
    last = {"answers": [{"question_id": truth["id"], "answer_text": "True"}]}
    return ok(await world.call("noor", "POST", f"{path}/{attempt['id']}/submit", json=last))


async def test_from_registration_to_a_verified_certificate(world: World) -> None:
    course = await a_course(world)
    await a_student(world)
    enrollment = ok(await world.call("noor", "POST", "/enrollments", json={"course_id": course["id"]}), 201)["id"]
    for done, kind in enumerate(("text", "video", "assignment"), 1):
        path = f"/enrollments/{enrollment}/lessons/{course['lessons'][kind]['id']}/complete"
        progress = ok(await world.call("noor", "POST", path))
        assert progress["enrollment"]["progress_percentage"] == 25 * done
    result = await take_quiz(world, enrollment, course)
    assert (result["status"], result["percentage"], result["is_passed"]) == ("graded", 100, True)
    assert ok(await world.call("noor", "GET", f"/enrollments/{enrollment}"))["status"] == "completed"

    await world.jobs()
    certificate = ok(await world.call("noor", "GET", "/certificates/my-certificates"))["items"][0]
    pdf = await world.call("noor", "GET", f"/certificates/{certificate['id']}/download")
    assert pdf.content.startswith(b"%PDF-")
    number = certificate["certificate_number"]
    verified = ok(await world.call(None, "GET", f"/certificates/verify/{number}"))
    assert (verified["valid"], verified["student_name"]) == (True, "نور Walker")
    page = await world.client.get(f"http://test/verify/{number}")
    assert page.status_code == 200
    assert "نور Walker" in page.text
    assert sum(number in mail for mail in world.mails()) == 1

    assert (await world.call("noor", "POST", "/auth/logout")).status_code == 204
    assert (await world.call("noor", "GET", "/users/me")).status_code == 401
