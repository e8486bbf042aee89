"""A server killed in the middle of an attempt: every acknowledged answer is there, and the deadline stands."""

import signal
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2

from tests.answers import ok
from tests.processes.school import School, school, until
from tests.quizzes.helpers import ESSAY, attempts, new_quiz
from tests.world import open_world

QUESTIONS = 50


async def test_no_saved_answer_is_lost_and_no_deadline_moves(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        await new_quiz(world, *[ESSAY] * QUESTIONS, time_limit_minutes=30)
        path, token = world.filled(attempts()), world.tokens["sam"]
    with school(tmp_path, database_url=database_url) as opened:
        server = opened.serve()
        attempt = ok(opened.call("POST", path, token), 201)
        saved: list[str] = []
        learner = Thread(target=answer_one_by_one, args=(opened, f"{path}/{attempt['id']}", token, attempt, saved))
        learner.start()
        until(lambda: len(saved) >= 5)
        server.send_signal(signal.SIGKILL)
        server.wait()
        learner.join()
        assert len(saved) < QUESTIONS
        opened.serve()
        read = ok(opened.call("GET", f"{path}/{attempt['id']}", token))
        check(attempt, read, saved)
        done = ok(opened.call("POST", f"{path}/{attempt['id']}/submit", token))
        assert done["answers"] == read["answers"]
        assert opened.call("POST", f"{path}/{attempt['id']}/submit", token).status_code == 409


def answer_one_by_one(opened: School, path: str, token: str, attempt: dict[str, Any], saved: list[str]) -> None:
    """Answer question after question until the server is gone, and note what it acknowledged."""
    for question in attempt["questions"]:
        body = {"answers": [{"question_id": question["id"], "answer_text": f"About {question['id']}"}]}
        try:
            answer = opened.call("PATCH", path, token, json=body)
        except httpx2.TransportError:
            return
        assert answer.status_code == 200
        saved.append(question["id"])


def check(attempt: dict[str, Any], read: dict[str, Any], saved: list[str]) -> None:
    kept = {answer["question_id"]: answer["answer_text"] for answer in read["answers"]}
    assert kept.keys() >= set(saved)
    assert len(kept) <= len(saved) + 1  # The last one may have been stored without an answer leaving.
    assert all(text == f"About {question}" for question, text in kept.items())
    assert (read["status"], read["deadline_at"]) == ("in_progress", attempt["deadline_at"])
    assert (read["started_at"], read["questions"]) == (attempt["started_at"], attempt["questions"])
