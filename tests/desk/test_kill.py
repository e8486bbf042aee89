"""A server that is killed while a grader marks one piece after another: no mark is lost, and none is given twice."""

import signal
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import AttemptStatus, Enrollment, GradeChange, GradingComment, QuizAttempt
from tests.answers import ok
from tests.processes.school import School, school
from tests.quizzes.helpers import ESSAY, new_quiz
from tests.world import World, add_students, open_attempt, open_world

pytestmark = pytest.mark.timeout(300)
FEW, MANY, KILLS = 12, 200, 2


@pytest.mark.parametrize("pieces", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
async def test_no_mark_is_lost_and_none_is_given_twice(database_url: str, tmp_path: Path, pieces: int) -> None:
    async with open_world(database_url, tmp_path) as world:
        await essays(world, pieces)
        token, comment = world.tokens["ada"], new_id()
        await world.add(GradingComment(id=comment, owner_id=world.ids["ada"], text="Say why."))
    with school(tmp_path, database_url=database_url) as opened:
        desk = Desk(opened, token, str(comment))
        # The server dies while marks are on their way: just before, in the middle of, or just after the commit.
        desk.deaths = {pieces * kill // (KILLS + 1) for kill in range(1, KILLS + 1)}
        desk.mark_everything()
        assert len(desk.given) == pieces
        assert desk.restarts == KILLS
        assert ok(opened.call("GET", "/grading/summary", token))["waiting"] == 0
        assert ok(opened.call("GET", "/grading/comments", token))["items"][0]["uses"] == pieces
    async with open_world_again(database_url, tmp_path) as runtime, runtime.database.read_session() as session:
        rows = (await session.execute(select(QuizAttempt.id, QuizAttempt.score))).all()
        assert {str(row.id): -1 if row.score is None else float(row.score) for row in rows} == desk.given
        changes = Counter((await session.execute(select(GradeChange.attempt_id))).scalars())
        assert set(changes.values()) == {1}
        assert len(changes) == pieces


def open_world_again(database_url: str, folder: Path) -> Any:  # noqa: ANN401 -- a runtime's context.
    from studium.kit.base.config import load_settings  # noqa: PLC0415 -- for this alone.
    from studium.kit.runtime import open_runtime  # noqa: PLC0415 -- as above.

    return open_runtime(load_settings(database_url=database_url, data_dir=folder, _env_file=None))


async def essays(world: World, many: int) -> None:
    """As many learners, each with an essay that waits."""
    await new_quiz(world, ESSAY)
    names = [f"learner{number}" for number in range(many)]
    await add_students(world, *names)
    given = [{"question_id": str(world.ids["QX1"]), "answer_text": "Because.", "selected_option_ids": []}]
    waiting = [{"question_id": str(world.ids["QX1"]), "points": "5", "points_awarded": None}]
    at = now() - timedelta(hours=1)
    for place, name in enumerate(names):
        enrollment = Enrollment(
            id=new_id(), student_id=world.ids[name], course_id=world.ids["C1"], total_lessons_count=5
        )
        await world.add(enrollment)
        done = {"status": AttemptStatus.SUBMITTED, "submitted_at": at + timedelta(seconds=place)}
        await open_attempt(
            world, f"T-{name}", "QX", enrollment_id=enrollment.id, answers=given, results=waiting, **done
        )


class Desk:
    """A grader's program: it marks what waits, oldest first, and sends again under the same key what got no answer."""

    def __init__(self, opened: School, token: str, comment: str) -> None:
        self.opened, self.token, self.comment = opened, token, comment
        self.given: dict[str, float] = {}
        self.deaths: set[int] = set()
        self.restarts = 0
        self.server = opened.serve()

    def mark_everything(self) -> None:
        while items := ok(self.opened.call("GET", "/grading?limit=7", self.token))["items"]:
            for item in items:
                self.mark(item)

    def mark(self, item: dict[str, Any]) -> None:
        """Give a mark; the server may die of it."""
        points = float(len(self.given) % 6)
        body = {
            "scores": [{"question_id": item["question_ids"][0], "points": points}],
            "comment_ids": [self.comment],
        }
        headers = {"If-Match": f'"v{item["version"]}"', "Idempotency-Key": f"mark-{item['id']}"}
        path = f"{item['link'].removeprefix('/api/v1')}/grade"
        if len(self.given) in self.deaths:
            self.deaths.remove(len(self.given))
            self.send_and_kill(path, body, headers)
        answer = self.opened.call("POST", path, self.token, json=body, headers=headers)
        assert ok(answer)["score"] == points
        self.given[item["id"]] = points

    def send_and_kill(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
        """Send it without waiting for the answer, kill the server, and start another one."""
        impatient = {"timeout": 0.02 if self.restarts else 0.005}
        with suppress(httpx2.TransportError):
            self.opened.call("POST", path, self.token, json=body, headers=headers, **impatient)
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.restarts += 1
        self.server = self.opened.serve()
