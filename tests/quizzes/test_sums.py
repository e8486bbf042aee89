"""Statistics from sums equal a recount of the attempts, whatever happens to them and whenever the job folds."""

import asyncio
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from statistics import mean, median, stdev
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from studium.models import AttemptStatus, QuizAttempt, QuizSum, QuizSumChange
from studium.modules.quizzes.statistics.actions_reconcile import find_sum_drift, repair_sums
from studium.modules.quizzes.statistics.jobs import fold_sums
from tests.answers import ok
from tests.quizzes.helpers import (
    CHOICE,
    ESSAY,
    SEVERAL,
    TRUTH,
    attempts,
    edit,
    enroll,
    key_of,
    new_quiz,
    said,
    start,
    take,
)
from tests.world import World

PUPILS = 3


def rounded(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


async def recounted(world: World, quiz: str) -> dict[str, Any]:
    """The figures of a quiz from its attempts alone, one by one."""
    async with world.runtime.database.read_session() as session:
        graded = QuizAttempt.quiz_id == world.ids[quiz], QuizAttempt.status == AttemptStatus.GRADED
        rows = (await session.execute(select(QuizAttempt).where(*graded))).scalars().all()
    percents = [row.percentage for row in rows if row.percentage is not None]
    chosen: Counter[tuple[str, str]] = Counter()
    points: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for row in rows:
        for answer in row.answers or []:
            picked: Any = answer["selected_option_ids"]
            chosen.update((str(answer["question_id"]), str(option)) for option in picked)
            chosen[str(answer["question_id"]), str(answer["answer_text"]).strip().lower()] += 1
        for result in row.results or []:
            given = Decimal(str(result["points_awarded"])), Decimal(str(result["points"]))
            points.setdefault(str(result["question_id"]), []).append(given)
    return {
        "attempts": len(rows),
        "learners": len({row.enrollment_id for row in rows}),
        "mean": rounded(mean(percents)) if percents else None,
        "median": rounded(median(percents)) if percents else None,
        "standard_deviation": rounded(stdev(percents)) if len(percents) > 1 else None,
        "asked": {
            question: (
                len(given),
                rounded(sum((x for x, _ in given), Decimal(0)) * 100 / sum((most for _, most in given), Decimal(0))),
            )
            for question, given in points.items()
        },
        "chosen": chosen,
    }


async def compare(world: World, quiz: str) -> None:
    told = ok(await world.call("ada", "GET", f"/courses/{{C1}}/quizzes/{{{quiz}}}/statistics"))
    known = await recounted(world, quiz)
    asked, chosen = known.pop("asked"), known.pop("chosen")
    assert {name: told[name] for name in known} == known
    for item in told["questions"]:
        assert (item["attempts"], item["facility"]) == asked.get(item["question_id"], (0, None))
        for option in item["options"]:
            assert option["count"] == chosen[item["question_id"], option["id"]], (item["question_text"], option)


class Life:
    """What may happen to attempts, in any order."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, Random(seed)
        self.names: list[str] = []

    async def begin(self) -> None:
        await new_quiz(self.world, CHOICE, SEVERAL, TRUTH, ESSAY, max_attempts=50)
        await new_quiz(self.world, CHOICE, TRUTH, name="QY", quiz_type="practice")
        self.names = [await enroll(self.world, f"pupil{number}", new=True) for number in range(PUPILS)]

    async def take(self) -> None:
        quiz, place = self.chance.choice(["QX", "QX", "QY"]), self.chance.randrange(PUPILS)
        answers = [self.answer(question) for question in await key_of(self.world, quiz) if self.chance.random() > 0.2]
        await take(self.world, *answers, quiz=quiz, who=f"pupil{place}", enrollment=self.names[place])

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["question_type"] == "multiple_choice":
            right = sum(option["is_correct"] for option in question["options"])
            most = self.chance.randint(0, 1 if right == 1 else 3)
            ids = [option["id"] for option in self.chance.sample(question["options"], most)]
            return {"question_id": question["id"], "selected_option_ids": ids}
        text = self.chance.choice(
            ["true", "False ", ""] if question["question_type"] == "true_false" else ["Words.", ""]
        )
        return said(question, text)

    async def grade(self) -> None:
        """By hand: an essay that waits, or one that was graded before."""
        async with self.world.runtime.database.read_session() as session:
            rows = (await session.execute(select(QuizAttempt).where(QuizAttempt.quiz_id == self.world.ids["QX"]))).all()
        for (row,) in self.chance.sample(rows, min(2, len(rows))):
            scores = [{"question_id": str(self.world.ids["QX4"]), "points": self.chance.randint(0, 5)}]
            path = f"/enrollments/{row.enrollment_id}/quizzes/{row.quiz_id}/attempts/{row.id}/grade"
            ok(await self.world.call("ada", "POST", path, json={"scores": scores}))

    async def regrade(self) -> None:
        (choice, *_) = await key_of(self.world)
        right = self.chance.randrange(3)
        options = [{**option, "is_correct": place == right} for place, option in enumerate(choice["options"])]
        await edit(self.world, "QX1", options=options, points=self.chance.randint(1, 3))
        wish = {"dry_run": False, "never_lower": self.chance.random() < 0.5}
        ok(await self.world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/regrade", json=wish))

    async def delete(self) -> None:
        async with self.world.runtime.database.write_session() as session:
            ids = (await session.scalars(select(QuizAttempt.id))).all()
            await session.execute(delete(QuizAttempt).where(QuizAttempt.id.in_(self.chance.sample(ids, len(ids) // 4))))

    async def fold(self) -> None:
        await fold_sums(self.world.runtime)


@pytest.mark.parametrize("seed", range(3))
async def test_figures_equal_a_recount_through_any_life(world: World, seed: int) -> None:
    life = Life(world, seed)
    await life.begin()
    for _ in range(14):
        steps = [life.take, life.take, life.take, life.grade, life.regrade, life.delete, life.fold]
        await life.chance.choice(steps)()
        for quiz in ("QX", "QY"):
            await compare(world, quiz)
    await life.fold()
    assert await world.count(QuizSumChange) == 0
    for quiz in ("QX", "QY"):
        await compare(world, quiz)
    async with world.runtime.database.snapshot() as session:
        assert await find_sum_drift(session) == []


async def test_nothing_is_lost_between_learners_and_the_job(world: World) -> None:
    await new_quiz(world, TRUTH, max_attempts=5)
    (truth,) = await key_of(world)
    names = [await enroll(world, f"pupil{number}", new=True) for number in range(6)]

    async def sit(place: int) -> None:
        for text in ("true", "false"):
            await take(world, said(truth, text), who=f"pupil{place}", enrollment=names[place])

    await asyncio.gather(*(sit(place) for place in range(len(names))), *(fold_sums(world.runtime) for _ in range(3)))
    await compare(world, "QX")
    async with world.runtime.database.snapshot() as session:
        assert await find_sum_drift(session) == []


async def test_saving_appends_nothing_and_handing_in_one_row(world: World) -> None:
    await new_quiz(world, TRUTH)
    (truth,) = await key_of(world)
    before = await world.count(QuizSumChange)
    attempt = await start(world)
    path = f"{attempts()}/{attempt['id']}"
    ok(await world.call("sam", "PATCH", path, json={"answers": [said(truth, "true")]}))
    assert await world.count(QuizSumChange) == before
    ok(await world.call("sam", "POST", f"{path}/submit", json={"answers": []}))
    assert await world.count(QuizSumChange) == before + 1


async def test_a_difference_is_named_and_put_right(world: World) -> None:
    await new_quiz(world, TRUTH)
    (truth,) = await key_of(world)
    await take(world, said(truth, "true"))
    await fold_sums(world.runtime)
    quiz, question = world.ids["QX"], UUID(truth["id"])
    async with world.runtime.database.write_session() as session:
        mine = QuizSum.quiz_id == quiz, QuizSum.question_id == question
        await session.execute(update(QuizSum).where(*mine, QuizSum.name == "n").values(amount=7))
        await session.execute(delete(QuizSum).where(*mine, QuizSum.name == "text_true"))
    async with world.runtime.database.snapshot() as session:
        found = await find_sum_drift(session)
    assert [str(drift) for drift in found] == [
        f"sum n of question {question} of quiz {quiz}: is 7, its attempts say 1",
        f"sum text_true of question {question} of quiz {quiz}: is 0, its attempts say 1",
    ]
    async with world.runtime.database.write_session() as session:
        await repair_sums(session, found)
    async with world.runtime.database.snapshot() as session:
        assert await find_sum_drift(session) == []
    await compare(world, "QX")
