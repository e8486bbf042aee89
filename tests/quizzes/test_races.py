"""Two tabs, or twenty: one attempt is open at a time, and it is handed in once."""

import asyncio
from collections import Counter

from studium.models import QuizAttempt
from tests.world import World

ATTEMPTS = "/enrollments/{E1}/quizzes/{Q1}/attempts"


async def test_starts_and_submits_are_decided_by_the_database(world: World) -> None:
    for used in range(1, 4):
        started = await asyncio.gather(*(world.call("sam", "POST", ATTEMPTS) for _ in range(12)))
        assert Counter(answer.status_code for answer in started) == {201: 1, 409: 11}
        attempt = next(answer.json()["id"] for answer in started if answer.status_code == 201)
        submit = f"{ATTEMPTS}/{attempt}/submit"
        handed_in = await asyncio.gather(*(world.call("sam", "POST", submit) for _ in range(12)))
        assert Counter(answer.status_code for answer in handed_in) == {200: 1, 409: 11}
        assert await world.count(QuizAttempt) == used
    last = await world.call("sam", "POST", ATTEMPTS)
    assert (last.status_code, last.json()["code"]) == (409, "no_attempts_left")


async def test_a_learner_sees_no_key_before_it_is_revealed(world: World) -> None:
    attempt = (await world.call("sam", "POST", ATTEMPTS)).json()
    seen = [attempt, (await world.call("sam", "GET", "/courses/{C1}/quizzes/{Q1}/questions")).json()]
    wrong = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": "false"}]}
    submit = f"{ATTEMPTS}/{attempt['id']}/submit"
    seen.append((await world.call("sam", "POST", submit, json=wrong)).json())
    seen.append((await world.call("sam", "GET", f"{ATTEMPTS}/{attempt['id']}")).json())
    for answer in seen:
        text = str(answer)
        assert not any(word in text for word in ("is_correct", "correct_answer", "explanation", "points_awarded"))
    assert seen[-1]["results"] is None
    assert seen[-1]["percentage"] == 0
