"""Nothing that a learner gets before the reveal holds a key, an explanation, or anything that goes with one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from studium.kit.base.clock import shifted
from tests.answers import ok
from tests.quizzes.helpers import CHOICE, ESSAY, SEVERAL, SHORT, TRUTH, attempts, key_of, new_quiz, picked, said
from tests.world import World

FORBIDDEN_NAMES = {"is_correct", "correct_answer", "correct_option_ids", "explanation", "metadata", "points_awarded"}
SECRETS = ("fingers", "Halve", "Look up", "Paris", "Lutetia", "Seine", "secret", "partial", "Guidance")
QUIZ = "/courses/{C1}/quizzes/{QX}"
PLACES = (
    QUIZ,
    "/courses/{C1}/quizzes",
    f"{QUIZ}/questions",
    f"{QUIZ}/questions/{{QX1}}",
    f"{QUIZ}/questions/{{QX4}}",
    f"{QUIZ}/statistics",
    f"{QUIZ}/attempts",
    f"{QUIZ}/regrades",
    f"{QUIZ}/accommodations",
    f"{QUIZ}/accommodations/{{sam}}",
    "/courses/{C1}",
    "/courses/{C1}/lessons",
    "/courses/{C1}/lessons/{LXQX}",
    "/enrollments/{E1}",
    "/enrollments/{E1}/lessons",
    "/enrollments/my-courses",
    "/analytics/my-progress",
    "/analytics/my-dashboard",
    attempts(),
    f"{attempts()}/{{T}}",
    f"{attempts()}/{{T}}/grades",
)
LESSON_METADATA = {
    "/courses/{C1}/lessons",
    "/courses/{C1}/lessons/{LXQX}",
    "/enrollments/{E1}/lessons",
    "/courses/{C1}",
}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- any JSON.
    """Every member and element, with the names on the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}/{name}", inner
            yield from leaves(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}/*")


def check(answer: httpx2.Response, place: str) -> None:
    if answer.status_code == 204:
        return
    allowed = {"metadata"} if place in LESSON_METADATA else set()
    for path, value in leaves(answer.json()):
        name = path.rpartition("/")[2]
        assert name not in FORBIDDEN_NAMES - allowed, (place, path)
        assert name != "results" or value is None, (place, path)
    for secret in SECRETS:
        assert secret not in answer.text, (place, secret)
        assert secret not in str(answer.headers), (place, secret)


async def walk(world: World) -> None:
    """Everything that a learner can read, and every error that they can provoke, as things stand."""
    for place in PLACES:
        check(await world.call("sam", "GET", place), place)
    for method, path, body in refused_writes(world):
        answer = await world.call("sam", method, path, json=body)
        assert answer.status_code in {201, 403, 404, 405, 409, 422}, (path, answer.text)
        check(answer, path)


def refused_writes(world: World) -> list[tuple[str, str, Any]]:
    """What a learner may try at an attempt or a quiz, none of which goes through."""
    first, several, truth, short, _ = (str(world.ids[f"QX{i}"]) for i in range(1, 6))
    wrong: list[Any] = [
        [{"question_id": str(world.ids["K1"])}],
        [{"question_id": first, "selected_option_ids": ["nothing"]}],
        [{"question_id": first, "answer_text": "4"}],
        [{"question_id": several, "selected_option_ids": ["x", "x"]}],
        [{"question_id": truth, "answer_text": "maybe"}],
        [{"question_id": short, "answer_text": "x" * 501}],
        [{"question_id": first, "is_correct": True}],
        [{"question_id": first, "points_awarded": 1}],
    ]
    tries: list[tuple[str, str, Any]] = []
    for answers in wrong:
        tries.append(("PATCH", f"{attempts()}/{{T}}", {"answers": answers}))
        tries.append(("POST", f"{attempts()}/{{T}}/submit", {"answers": answers}))
    tries.append(("POST", f"{attempts()}/{{T}}/grade", {"scores": []}))
    tries.append(("POST", f"{QUIZ}/regrade", {"dry_run": True}))
    tries.append(("PATCH", f"{QUIZ}/questions/{{QX1}}", {"question_text": "?"}))
    tries.append(("PATCH", QUIZ, {"show_correct_answers": True}))
    return tries


async def test_no_key_in_any_state(world: World) -> None:
    await new_quiz(world, CHOICE, SEVERAL, TRUTH, SHORT, ESSAY, max_attempts=2, time_limit_minutes=10, passing_score=90)
    world.ids["T"] = world.ids["K1"]
    await walk(world)  # Before any attempt.
    first = ok(await world.call("sam", "POST", attempts()), 201)
    check_answer = await world.call("sam", "POST", attempts())
    assert check_answer.status_code == 409
    check(check_answer, "second start")
    check_dict(first)
    world.ids["T"] = first["id"]
    await walk(world)  # In progress.
    one, _, truth, short, essay = first["questions"]
    saving = {"answers": [picked(one, "5"), said(truth, "true"), said(short, "no idea"), said(essay, "Because.")]}
    check(await world.call("sam", "PATCH", f"{attempts()}/{{T}}", json=saving), "saved")
    await walk(world)  # With right and wrong answers saved.
    check(await world.call("sam", "POST", f"{attempts()}/{{T}}/submit"), "submitted")
    await walk(world)  # Handed in, waiting for a grader.
    scores = {"scores": [{"question_id": str(world.ids["QX5"]), "points": 1, "feedback": "Halve it."}]}
    ok(await world.call("ada", "POST", f"{attempts()}/{{T}}/grade", json=scores))
    await walk(world)  # Graded, not passed, an attempt left.
    second = ok(await world.call("sam", "POST", attempts()), 201)
    check_dict(second)
    await walk(world)  # The first one finished, the second one open.
    world.ids["T"] = second["id"]
    await walk(world)
    with shifted(timedelta(minutes=11)):
        late = await world.call("sam", "POST", f"{attempts()}/{{T}}/submit", json={"answers": []})
        assert late.json()["code"] == "time_limit_exceeded"
        check(late, "late")


def check_dict(body: dict[str, Any]) -> None:
    assert not FORBIDDEN_NAMES & {path.rpartition("/")[2] for path, _ in leaves(body)}


@pytest.mark.parametrize(("settings", "shown"), [({"max_attempts": 1}, True), ({"max_attempts": 2}, False)])
async def test_the_key_comes_with_the_last_attempt(world: World, settings: dict[str, Any], *, shown: bool) -> None:
    await new_quiz(world, CHOICE, TRUTH, **settings)
    key = await key_of(world)
    result = await take_wrong(world)
    read = ok(await world.call("sam", "GET", f"{attempts()}/{result['id']}"))
    assert read["results"] == result["results"]
    if not shown:
        assert result["results"] is None
        return
    choice, truth = result["results"]
    assert (choice["is_correct"], choice["points_awarded"]) == (False, 0)
    assert choice["correct_option_ids"] == [option["id"] for option in key[0]["options"] if option["is_correct"]]
    assert (truth["correct_answer"], truth["explanation"]) == ("true", "Look up.")


async def take_wrong(world: World) -> dict[str, Any]:
    attempt = ok(await world.call("sam", "POST", attempts()), 201)
    body = {"answers": [picked(attempt["questions"][0], "5")]}
    return ok(await world.call("sam", "POST", f"{attempts()}/{attempt['id']}/submit", json=body))


async def test_practice_reveals_at_once_and_a_pass_does_too(world: World) -> None:
    await new_quiz(world, CHOICE, quiz_type="practice")
    assert (await take_wrong(world))["results"][0]["correct_option_ids"]
    await new_quiz(world, CHOICE, name="QP", passing_score=0)
    passed = ok(await world.call("sam", "POST", attempts("QP")), 201)
    done = ok(await world.call("sam", "POST", f"{attempts('QP')}/{passed['id']}/submit"))
    assert done["is_passed"]
    assert done["results"][0]["explanation"] == "Count on your fingers."


async def test_a_quiz_may_never_reveal(world: World) -> None:
    await new_quiz(world, CHOICE, show_correct_answers=False, max_attempts=1)
    result = await take_wrong(world)
    assert result["results"] is None
    staff = ok(await world.call("ada", "GET", f"{attempts()}/{result['id']}"))
    assert staff["results"][0]["correct_option_ids"]


async def test_ids_of_options_say_nothing_about_their_order(world: World) -> None:
    """The first option written is the right one in each of these: sorting by id must not bring it to the front."""
    await new_quiz(world, *[CHOICE] * 24)
    firsts = [question["options"][0]["id"] for question in await key_of(world)]
    sorted_first = [min(option["id"] for option in question["options"]) for question in await key_of(world)]
    assert sum(a == b for a, b in zip(firsts, sorted_first, strict=True)) < 24
