"""One enrollment driven through random steps, legal and illegal, beside a model in plain Python."""

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from studium.kit.base.clock import frozen
from studium.kit.base.ids import new_id
from studium.modules.enrollments.actions_reconcile import find_drift
from tests.answers import ok
from tests.courses.teaching import new_course, new_lesson
from tests.enrollments.model import Model
from tests.world import World, add_students, open_world

BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEOPLE = st.sampled_from(["learner"] * 6 + ["ada", "root"] * 2 + ["eve", "mia"])
PERCENT, SECONDS = st.sampled_from([0, 10, 50, 99, 100]), st.sampled_from([0, 1, 30, 60, 61, 100, 1_000, 100_000])
REPORTS: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.builds(dict, time_spent_seconds=st.just(100_000)),
    st.fixed_dictionaries(
        {},
        optional={
            "completion_percentage": PERCENT,
            "time_spent_seconds": SECONDS,
            "last_position_seconds": st.integers(0, 1_000),
        },
    ),
)


class Rig:
    """A school that outlives the examples, in an event loop of its own."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.database_url, self.folder = database_url, folder
        self.numbers = count()

    def __enter__(self) -> Self:
        self.world: World = self.run(self.stack.enter_async_context(open_world(self.database_url, self.folder)))
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    def run(self, coroutine: Any) -> Any:  # noqa: ANN401 -- any coroutine and what it returns.
        return self.runner.run(coroutine)

    def call(self, who: str | None, method: str, path: str, **content: Any) -> httpx2.Response:  # noqa: ANN401 -- whatever the client takes.
        answer = self.run(self.world.call(who, method, path, **content))
        assert isinstance(answer, httpx2.Response)
        return answer

    def renew_tokens(self) -> None:
        """Sign everybody's token anew, for the clock has moved."""
        for name, token in self.world.tokens.items():
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            kept = {"sub": claims["sub"], "sid": claims["sid"]}
            self.world.tokens[name] = self.world.runtime.keys.sign("access", kept, lifetime=timedelta(minutes=15))


class EnrollmentMachine(RuleBasedStateMachine):
    """Each step goes to the server and to the model; afterwards both must look the same."""

    rig: ClassVar[Rig]

    @initialize(size=st.integers(1, 5), is_enrolled=st.sampled_from([True, True, True, False]))
    def begin(self, size: int, *, is_enrolled: bool) -> None:
        self.clock = ExitStack()
        self.clock.enter_context(frozen(BEGIN))
        self.rig.renew_tokens()
        self.learner = f"learner{next(self.rig.numbers)}"
        self.rig.run(add_students(self.rig.world, self.learner))
        self.course = self.rig.run(new_course(self.rig.world))["id"]
        live = [self.rig.run(new_lesson(self.rig.world, self.course))["id"] for _ in range(size)]
        ok(self.rig.call("ada", "POST", f"/courses/{self.course}/publish"))
        self.model = Model(live, self.learner)
        self.known, self.path = list(live), ""
        if is_enrolled:
            self.enroll()

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        try:
            if self.path:
                self.lessons_agree()
            self.rig.run(self.nothing_has_drifted())
        finally:
            self.clock.close()

    async def nothing_has_drifted(self) -> None:
        async with self.rig.world.runtime.database.read_session() as session:
            assert await find_drift(session) == []

    def step(self, expected: tuple[int, str | None], who: str, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401 -- JSON.
        answer = self.rig.call(who, method, path, **content)
        body = answer.json() if answer.content else {}
        assert (answer.status_code, body.get("code")) == expected, (who, method, path, content, body)
        return body

    def name(self, who: str) -> str:
        return self.learner if who == "learner" else who

    def lesson(self, data: st.DataObject) -> str:
        """A lesson of the course, live, archived or gone; seldom another course's, or none at all."""
        world = self.rig.world
        return str(data.draw(st.sampled_from([*self.model.live * 4, *self.known, str(world.ids["M1"]), str(new_id())])))

    @precondition(lambda self: not self.path)
    @rule()
    def enroll(self) -> None:
        body = self.step(self.model.enroll(), self.learner, "POST", "/enrollments", json={"course_id": self.course})
        if not self.path and "id" in body:
            self.path = f"/enrollments/{body['id']}"
        if body.get("code") in ("already_enrolled", "enrollment_expired"):
            assert self.path.endswith(body["enrollment_id"])

    @precondition(lambda self: self.path)
    @rule(who=PEOPLE, wanted=st.sampled_from(["active", "completed", "dropped", "expired", "POST", "DELETE"]))
    def move(self, who: str, wanted: str) -> None:
        who = self.name(who)
        if wanted == "POST":
            self.enroll()
        elif wanted == "DELETE":
            self.step(self.model.drop(who), who, "DELETE", self.path)
        else:
            self.step(self.model.move(who, wanted), who, "PATCH", self.path, json={"status": wanted})

    @precondition(lambda self: self.path)
    @rule(who=PEOPLE, kind=st.sampled_from(["complete", "complete", "report", "report", "review"]), data=st.data())
    def learn(self, who: str, kind: str, data: st.DataObject) -> None:
        who = self.name(who)
        if kind == "review":
            rating = data.draw(st.integers(1, 5))
            self.step(self.model.review(who, rating), who, "POST", f"{self.path}/review", json={"rating": rating})
            return
        lesson = self.lesson(data)
        path = f"{self.path}/lessons/{lesson}"
        if kind == "complete":
            self.step(self.model.complete(who, lesson), who, "POST", f"{path}/complete")
        else:
            report = data.draw(REPORTS)
            self.step(self.model.report(who, lesson, report), who, "PATCH", f"{path}/progress", json=report)

    @rule(kind=st.sampled_from(["add", "add", "remove", "remove", "reorder", "publish"]), data=st.data())
    def teach(self, kind: str, data: st.DataObject) -> None:
        path, model = f"/courses/{self.course}", self.model
        if kind == "add" or not model.live:
            place = data.draw(st.integers(1, len(model.live) + 1))
            made = self.rig.run(new_lesson(self.rig.world, self.course, order_index=place))["id"]
            self.known.append(made)
            model.add(made, place)
        elif kind == "remove":
            lesson = data.draw(st.sampled_from(model.live))
            self.step(model.remove(lesson), "ada", "DELETE", f"{path}/lessons/{lesson}")
        elif kind == "reorder":
            model.live = data.draw(st.permutations(model.live))
            ok(self.rig.call("ada", "PATCH", f"{path}/lessons/reorder", json={"lesson_ids": model.live}))
        else:
            model.is_published = not model.is_published
            ok(self.rig.call("ada", "POST", f"{path}/{'publish' if model.is_published else 'unpublish'}"))

    @rule(seconds=st.sampled_from([1, 61, 500, 500]))
    def wait(self, seconds: int) -> None:
        self.model.at += seconds
        self.clock.close()
        self.clock.enter_context(frozen(BEGIN + timedelta(seconds=self.model.at)))
        self.rig.renew_tokens()

    @invariant()
    def server_and_model_agree(self) -> None:
        if not getattr(self, "path", ""):
            return
        model, seen = self.model, ok(self.rig.call(self.learner, "GET", self.path))
        names = ("status", "total_lessons_count", "completed_lessons_count", "total_time_spent_seconds", "rating")
        expected = (model.status, model.total, model.done, model.seconds, model.rating)
        assert tuple(seen[name] for name in names) == expected
        assert seen["progress_percentage"] == float(model.percentage)
        assert (seen["completed_at"] is not None) is (model.status == "completed")

    def lessons_agree(self) -> None:
        model = self.model
        rows = ok(self.rig.call(self.learner, "GET", f"{self.path}/lessons"))["items"]
        assert list(map(told, rows)) == [expected_row(model, lesson) for lesson in model.live]


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("lesson_id", "status", "completion_percentage", "time_spent_seconds", "last_position_seconds")
    return tuple(row[name] for name in names)


def expected_row(model: Model, lesson: str) -> tuple[Any, ...]:
    known = model.progress.get(lesson)
    if known is None:
        return (lesson, "not_started", 0, 0, 0)
    return (lesson, "completed" if known.is_done else "in_progress", known.percent, known.seconds, known.position)


NORMAL = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    verbosity=Verbosity.quiet,
)
LONG = settings(
    NORMAL,
    max_examples=200,
    stateful_step_count=50,
    derandomize=False,
    phases=[Phase.generate, Phase.shrink],
)


@pytest.fixture
def rig(database_url: str, tmp_path: Path) -> Iterator[Rig]:
    with Rig(database_url, tmp_path) as opened:
        EnrollmentMachine.rig = opened
        yield opened


def test_an_enrollment_goes_the_way_of_the_model(rig: Rig) -> None:
    run_state_machine_as_test(EnrollmentMachine, settings=NORMAL)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_enrollment_goes_the_way_of_the_model_for_long(rig: Rig) -> None:
    run_state_machine_as_test(EnrollmentMachine, settings=LONG)
