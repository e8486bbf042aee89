"""Item statistics, against the same figures worked out from the answers one by one."""

import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from statistics import correlation, mean, median, stdev
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from studium.kit.base.clock import now
from studium.models import AttemptStatus, QuizAttempt
from studium.modules.quizzes.attempts.actions import grade_columns
from studium.modules.quizzes.marking import mark, total
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.snapshot import AnswerKey, Snapshot
from studium.modules.quizzes.statistics.figures import ItemSums, discrimination_index, facility, standard_deviation
from tests.answers import ok
from tests.quizzes.helpers import CHOICE, SEVERAL, SHORT, TRUTH, enroll, key_of, new_quiz, said, start, take
from tests.world import World

PATH = "/courses/{C1}/quizzes/{QX}/statistics"


def rounded(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


async def answered_by(world: World, people: int, chance: random.Random) -> list[QuizAttempt]:
    """Learners who answer at random, each twice, straight into the database; what they handed in."""
    await new_quiz(world, CHOICE, SEVERAL, TRUTH, SHORT, max_attempts=2)
    template = await start(world)
    async with world.runtime.database.read_session() as session:
        row = await session.get_one(QuizAttempt, UUID(template["id"]))
    snapshot = Snapshot(row.paper, AnswerKey.from_json(row.key))
    rows: list[QuizAttempt] = []
    for i in range(people):
        name = await enroll(world, f"pupil{i}", new=True)
        place = world.ids[name], world.ids["QX"]
        rows.extend(graded(*place, number, snapshot, given(snapshot, chance)) for number in (1, 2))
    await world.add(*rows)
    return rows


def graded(enrollment: Any, quiz: Any, number: int, snapshot: Any, answers: list[Answer]) -> QuizAttempt:  # noqa: ANN401 -- ids and a snapshot.
    return QuizAttempt(
        enrollment_id=enrollment,
        quiz_id=quiz,
        attempt_number=number,
        started_at=now(),
        submitted_at=now(),
        paper=snapshot.paper,
        key=snapshot.key.to_json(),
        answers=[answer._asdict() for answer in answers],
        **grade_columns(total(snapshot.key, mark(snapshot.key, answers))),
    )


def given(snapshot: Any, chance: random.Random) -> list[Answer]:  # noqa: ANN401 -- a snapshot.
    """Somebody's answers: some questions are left out."""
    choice, several, truth, short = snapshot.key.questions
    one = tuple(chance.sample(choice.option_ids, 1))
    some = tuple(chance.sample(several.option_ids, chance.randint(0, 3)))
    answers = [
        Answer(question_id=choice.question_id, selected_option_ids=one),
        Answer(question_id=several.question_id, selected_option_ids=some),
        Answer(question_id=truth.question_id, answer_text=chance.choice(["true", "FALSE", " True ", ""])),
        Answer(question_id=short.question_id, answer_text=chance.choice(["Paris", "Rome", ""])),
    ]
    return [answer for answer in answers if chance.random() > 0.15]


async def test_figures_agree_with_brute_force(world: World) -> None:
    attempts = await answered_by(world, 15, random.Random(20))
    told = ok(await world.call("ada", "GET", PATH))
    percentages = [attempt.percentage for attempt in attempts if attempt.percentage is not None]
    assert (told["attempts"], told["learners"]) == (len(attempts), 15)
    assert told["mean"] == rounded(mean(percentages))
    assert told["median"] == rounded(median(percentages))
    assert told["standard_deviation"] == rounded(stdev(percentages))
    assert told["histogram"] == [sum(min(int(each) // 10, 9) == tenth for each in percentages) for tenth in range(10)]
    for place, item in enumerate(told["questions"]):
        check_item(place, item, attempts)


def check_item(place: int, item: dict[str, Any], attempts: list[QuizAttempt]) -> None:
    results = [(attempt.results or [])[place] for attempt in attempts]
    assert {result["question_id"] for result in results} == {item["question_id"]}
    points = [Decimal(str(result["points_awarded"])) for result in results]
    rest = [(attempt.score or Decimal(0)) - own for attempt, own in zip(attempts, points, strict=True)]
    worth = Decimal(str(results[0]["points"]))
    assert item["facility"] == rounded(mean(points) * 100 / worth)
    expected = correlation([float(own) for own in points], [float(other) for other in rest])
    assert item["discrimination_index"] == pytest.approx(expected, abs=5e-5)
    answers = [a for attempt in attempts for a in attempt.answers or [] if a["question_id"] == item["question_id"]]
    chosen = Counter(option for answer in answers for option in answer["selected_option_ids"])  # type: ignore[attr-defined]  # JSON.
    chosen.update(str(answer["answer_text"]).strip().lower() for answer in answers)
    assert {option["id"]: option["count"] for option in item["options"]} == {
        option["id"]: chosen[option["id"]] for option in item["options"]
    }


async def test_only_graded_attempts_count_and_none_is_no_figure(world: World) -> None:
    await new_quiz(world, TRUTH, CHOICE)
    nothing = ok(await world.call("ada", "GET", PATH))
    assert (nothing["attempts"], nothing["mean"], nothing["median"], nothing["standard_deviation"]) == (
        0,
        None,
        None,
        None,
    )
    assert [(item["attempts"], item["facility"]) for item in nothing["questions"]] == [(0, None)] * 2
    await take(world)
    await start(world)
    one = ok(await world.call("ada", "GET", PATH))
    assert (one["attempts"], one["mean"], one["median"], one["standard_deviation"]) == (1, 0, 0, None)
    assert one["questions"][0]["discrimination_index"] is None


async def test_true_counts_as_true_however_it_was_typed(world: World) -> None:
    """Whatever is marked as true is counted as true; an essay that says so is not."""
    await new_quiz(world, TRUTH, SHORT, max_attempts=10)
    question, short = await key_of(world)
    for text in ("true", " TRUE ", "true\n", "\uff34\uff32\uff35\uff25", "tr\u00adue", "FALSE\t"):
        await take(world, said(question, text), said(short, "true"))
    told = ok(await world.call("ada", "GET", PATH))["questions"]
    assert {option["id"]: option["count"] for option in told[0]["options"]} == {"true": 5, "false": 1}
    assert (told[0]["facility"], told[1]["options"]) == (83.33, [])


async def test_the_number_of_statements_does_not_grow(world: World) -> None:
    await new_quiz(world, TRUTH, CHOICE)
    await take(world)
    async with world.counting() as before:
        ok(await world.call("ada", "GET", PATH))
    await take(world)
    async with world.counting() as after:
        ok(await world.call("ada", "GET", PATH))
    assert len(after) == len(before) <= 9


async def test_questions_of_today(world: World) -> None:
    """A question that is gone is not shown; one that nobody was asked has no figures."""
    await new_quiz(world, TRUTH, CHOICE)
    await take(world)
    ok(await world.call("ada", "DELETE", "/courses/{C1}/quizzes/{QX}/questions/{QX1}"), 204)
    ok(await world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/questions", json=SHORT), 201)
    told = ok(await world.call("ada", "GET", PATH))
    assert [(item["question_text"], item["attempts"]) for item in told["questions"]] == [
        (CHOICE["question_text"], 1),
        (SHORT["question_text"], 0),
    ]
    assert len(await key_of(world)) == 2
    async with world.runtime.database.read_session() as session:
        found = await session.scalars(select(QuizAttempt.status).where(QuizAttempt.quiz_id == world.ids["QX"]))
        assert found.all() == [AttemptStatus.GRADED]


def test_by_hand() -> None:
    """Four attempts: x = 1 1 0 0 and t = 3 2 1 2 points, so r = 2 1 1 2: C = 0, and facility 50 %."""
    sums = ItemSums(n=4, maximum=400, x=200, t=800, xx=20_000, tt=180_000, xt=50_000)
    assert (facility(sums), discrimination_index(sums)) == (Decimal("50.00"), 0)
    # x = 1 0 and t = 2 0 points: r = 1 0 goes wholly with x.
    assert discrimination_index(ItemSums(n=2, maximum=200, x=100, t=200, xx=10_000, tt=40_000, xt=20_000)) == 1
    # 2, 4, 4, 4, 5, 5, 7, 9: the squares of the deviations sum to 32, and 32 / 7 is 4.571…
    values = [200, 400, 400, 400, 500, 500, 700, 900]
    assert standard_deviation(8, sum(values), sum(v * v for v in values)) == Decimal("2.14")
