"""An attempt: snapshot, saved answers, deadline, limits, and where the learner stands afterwards."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from studium.kit.base.clock import frozen, now, shifted
from studium.kit.jobs.registry import registered_sweeps
from studium.models import AttemptStatus, Enrollment, EnrollmentStatus, LessonProgress, ProgressStatus, QuizAttempt
from tests.answers import ok, refused
from tests.quizzes.helpers import (
    CHOICE,
    ESSAY,
    SHORT,
    TRUTH,
    attempts,
    edit,
    enroll,
    key_of,
    new_quiz,
    picked,
    said,
    start,
    take,
)
from tests.world import World, open_attempt

SHUFFLED: dict[str, Any] = {"shuffle_questions": True, "shuffle_options": True}


async def statuses_of_lesson(world: World, name: str = "LXQX") -> list[ProgressStatus]:
    async with world.runtime.database.read_session() as session:
        found = select(LessonProgress.status).where(LessonProgress.lesson_id == world.ids[name])
        return list((await session.execute(found)).scalars())


async def test_the_order_is_drawn_once_and_kept(world: World) -> None:
    many = [{**CHOICE, "question_text": f"Question {i}"} for i in range(8)]
    await new_quiz(world, *many, max_attempts=10, **SHUFFLED)
    seen = set()
    for _ in range(4):
        attempt = await start(world)
        order = [question["id"] for question in attempt["questions"]]
        assert [question["order_index"] for question in attempt["questions"]] == list(range(1, 9))
        seen.add((*order, *(option["text"] for question in attempt["questions"] for option in question["options"])))
        path = f"{attempts()}/{attempt['id']}"
        for place in (path, "/courses/{C1}/quizzes/{QX}/questions"):
            again = ok(await world.call("sam", "GET", place))
            assert (again.get("questions") or again.get("items")) == attempt["questions"]
        ok(await world.call("sam", "POST", f"{path}/submit"))
    assert len(seen) > 1


async def test_learners_are_told_how_many_options_to_select(world: World) -> None:
    several = {**CHOICE, "options": [{"text": "a", "is_correct": True}, {"text": "b", "is_correct": True}]}
    await new_quiz(world, CHOICE, several, TRUTH)
    assert [question["selection"] for question in (await start(world))["questions"]] == ["single", "multiple", None]


async def test_edits_during_an_attempt_change_nothing_for_it(world: World) -> None:
    await new_quiz(world, CHOICE, TRUTH, SHORT, time_limit_minutes=30, passing_score=60)
    attempt = await start(world)
    path = f"{attempts()}/{attempt['id']}"
    ok(await world.call("sam", "PATCH", path, json={"answers": [picked(attempt["questions"][0], "4")]}))
    before = ok(await world.call("sam", "GET", path))
    options = [{**option, "is_correct": option["text"] == "5"} for option in (await key_of(world))[0]["options"]]
    await edit(world, "QX1", options=options, points=9, question_text="Changed?")
    await edit(world, "QX2", correct_answer="false")
    ok(await world.call("ada", "DELETE", "/courses/{C1}/quizzes/{QX}/questions/{QX3}"), 204)
    ok(await world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/questions", json=ESSAY), 201)
    changes = {"passing_score": 100, "time_limit_minutes": 1, "shuffle_questions": True, "max_attempts": 1}
    ok(await world.call("ada", "PATCH", "/courses/{C1}/quizzes/{QX}", json={**changes, "show_correct_answers": False}))
    ok(await world.call("ada", "POST", "/courses/{C1}/quizzes/{QX}/unpublish"))
    after = ok(await world.call("sam", "GET", path))
    assert {**after, "seconds_left": 0} == {**before, "seconds_left": 0}
    answers = [said(attempt["questions"][1], "true"), said(attempt["questions"][2], "Rome")]
    result = ok(await world.call("sam", "POST", f"{path}/submit", json={"answers": answers}))
    assert (result["score"], result["max_score"], result["percentage"]) == (2, 3, 66.67)
    assert result["is_passed"]
    assert [item["points"] for item in result["results"]] == [1, 1, 1]


async def test_saved_answers_are_there_again_and_sent_ones_take_their_place(world: World) -> None:
    await new_quiz(world, CHOICE, TRUTH, SHORT)
    attempt = await start(world)
    one, two, three = attempt["questions"]
    path = f"{attempts()}/{attempt['id']}"
    saved = ok(await world.call("sam", "PATCH", path, json={"answers": [picked(one, "5"), said(two, "false")]}))
    assert saved["version"] == attempt["version"] + 1
    ok(await world.call("sam", "PATCH", path, json={"answers": [picked(one, "4")]}))
    ok(await world.call("sam", "PATCH", path, json={"answers": []}))
    read = ok(await world.call("sam", "GET", path))
    assert [answer["answer_text"] for answer in read["answers"]] == ["", "false"]
    assert read["answers"][0]["selected_option_ids"] == picked(one, "4")["selected_option_ids"]
    last = {"answers": [said(two, "true"), said(three, "Paris")]}
    result = ok(await world.call("sam", "POST", f"{path}/submit", json=last))
    assert (result["score"], result["percentage"], result["is_passed"]) == (3, 100, True)
    assert await statuses_of_lesson(world) == [ProgressStatus.COMPLETED]


async def test_the_deadline_stands_and_five_seconds_are_given(world: World) -> None:
    await new_quiz(world, TRUTH, time_limit_minutes=10)
    at = now()
    with frozen(at):
        attempt = await start(world)
    deadline = at + timedelta(minutes=10)
    assert datetime.fromisoformat(attempt["deadline_at"]) == deadline
    assert attempt["seconds_left"] == 600
    path = f"{attempts()}/{attempt['id']}"
    with frozen(deadline + timedelta(seconds=5)):
        saved = {"answers": [said(attempt["questions"][0], "true")]}
        assert ok(await world.call("sam", "PATCH", path, json=saved))["seconds_left"] == 0
    with frozen(deadline + timedelta(seconds=5, microseconds=1)):
        late = {"answers": [said(attempt["questions"][0], "false")]}
        refused(await world.call("sam", "PATCH", path, json=late), 409, "time_limit_exceeded")
        refused(await world.call("sam", "POST", f"{path}/submit", json=late), 409, "attempt_already_submitted")
        result = ok(await world.call("sam", "GET", path))
    assert (result["status"], result["score"], result["time_taken_seconds"]) == ("graded", 1, 600)
    assert datetime.fromisoformat(result["submitted_at"]) == deadline


async def test_a_late_submit_is_refused_once_and_what_was_saved_counts(world: World) -> None:
    await new_quiz(world, TRUTH, time_limit_minutes=10)
    attempt = await start(world)
    path = f"{attempts()}/{attempt['id']}"
    right = {"answers": [said(attempt["questions"][0], "true")]}
    ok(await world.call("sam", "PATCH", path, json=right))
    key = {"Idempotency-Key": "once"}
    with shifted(timedelta(minutes=11)):
        wrong = {"answers": [said(attempt["questions"][0], "false")]}
        late = await world.call("sam", "POST", f"{path}/submit", json=wrong, headers=key)
        refused(late, 409, "time_limit_exceeded")
        again = await world.call("sam", "POST", f"{path}/submit", json=wrong, headers=key)
        refused(again, 409, "attempt_already_submitted")
    assert ok(await world.call("sam", "GET", path))["is_passed"]
    assert await statuses_of_lesson(world) == [ProgressStatus.COMPLETED]


async def overdue(world: World) -> QuizAttempt:
    """An attempt at Q1 whose time was up an hour ago, with K2 answered right."""
    given = [{"question_id": str(world.ids["K2"]), "answer_text": "true", "selected_option_ids": []}]
    at = now() - timedelta(hours=2)
    return await open_attempt(world, started_at=at, deadline_at=at + timedelta(hours=1), answers=given)


async def stored(world: World) -> tuple[AttemptStatus, Any]:
    attempt = await world.row(QuizAttempt, "T1")
    return attempt.status, attempt.score


async def test_a_sweep_hands_in_what_is_overdue_once(world: World) -> None:
    attempt = await overdue(world)
    (sweep,) = (found for found in registered_sweeps() if found.name == "quizzes.finalize_overdue_attempts")
    await sweep.run(world.runtime)
    assert await stored(world) == (AttemptStatus.GRADED, 1)
    first = await world.row(QuizAttempt, "T1")
    assert first.submitted_at == attempt.deadline_at
    await sweep.run(world.runtime)
    assert (await world.row(QuizAttempt, "T1")).version == first.version


async def test_one_that_cannot_be_handed_in_keeps_no_other_waiting(world: World) -> None:
    await overdue(world)
    at, name = now() - timedelta(hours=5), await enroll(world, "mia")
    broken: dict[str, Any] = {
        "enrollment_id": world.ids[name],
        "started_at": at,
        "deadline_at": at + timedelta(hours=1),
    }
    await open_attempt(world, "T2", **broken, key={})
    (sweep,) = (found for found in registered_sweeps() if found.name == "quizzes.finalize_overdue_attempts")
    await sweep.run(world.runtime)
    assert await stored(world) == (AttemptStatus.GRADED, 1)
    assert (await world.row(QuizAttempt, "T2")).status is AttemptStatus.IN_PROGRESS


async def test_any_read_hands_in_what_is_overdue(world: World) -> None:
    reads = [
        ("sam", f"{attempts('Q1')}/{{T1}}", 200),
        ("ada", f"{attempts('Q1')}/{{T1}}", 200),
        ("sam", attempts("Q1"), 200),
        ("ada", "/courses/{C1}/quizzes/{Q1}/attempts", 200),
        ("sam", "/courses/{C1}/quizzes/{Q1}/questions", 403),
        ("sam", "/courses/{C1}/quizzes/{Q1}/questions/{K1}", 403),
    ]
    await overdue(world)
    for who, path, status in reads:
        answer = await world.call(who, "GET", path)
        assert answer.status_code == status
        assert "in_progress" not in answer.text
        assert await stored(world) == (AttemptStatus.GRADED, 1)
        async with world.runtime.database.write_session() as session:
            anew = {"status": AttemptStatus.IN_PROGRESS, "submitted_at": None, "graded_at": None, "score": None}
            await session.execute(update(QuizAttempt).values(**anew, is_passed=None, percentage=None, results=None))


async def test_a_start_hands_in_what_is_overdue_and_begins_the_next(world: World) -> None:
    await overdue(world)
    assert (await start(world, "Q1"))["attempt_number"] == 2
    assert await stored(world) == (AttemptStatus.GRADED, 1)


async def test_the_last_attempt_overdue_is_handed_in_though_none_is_left(world: World) -> None:
    await overdue(world)
    ok(await world.call("ada", "PATCH", "/courses/{C1}/quizzes/{Q1}", json={"max_attempts": 1}))
    refused(await world.call("sam", "POST", attempts("Q1")), 409, "no_attempts_left")
    assert await stored(world) == (AttemptStatus.GRADED, 1)


async def test_the_summary_says_what_is_left_and_what_is_best(world: World) -> None:
    await new_quiz(world, CHOICE, TRUTH, max_attempts=3)
    one, two = await key_of(world)
    await take(world, picked(one, "4"))
    await take(world)
    page = ok(await world.call("sam", "GET", attempts()))
    assert [item["attempt_number"] for item in page["items"]] == [2, 1]
    assert [item["score"] for item in page["items"]] == [0, 1]
    expected = {"attempts_used": 2, "attempts_left": 1, "best_score": 1, "best_percentage": 50, "is_passed": False}
    assert page["summary"] == expected | {"extra_time_percent": 0}
    await take(world, picked(one, "4"), said(two, "true"))
    summary = ok(await world.call("sam", "GET", attempts()))["summary"]
    assert (summary["attempts_left"], summary["best_percentage"], summary["is_passed"]) == (0, 100, True)
    refused(await world.call("sam", "POST", attempts()), 409, "no_attempts_left")


async def test_practice_is_unlimited_and_done_when_handed_in(world: World) -> None:
    quiz = await new_quiz(world, CHOICE, quiz_type="practice", max_attempts=3)
    assert quiz["max_attempts"] is None
    (one,) = await key_of(world)
    await take(world, picked(one, "4"))
    assert await statuses_of_lesson(world) == [ProgressStatus.COMPLETED]
    for _ in range(4):
        await take(world, picked(one, "5"))
    summary = ok(await world.call("sam", "GET", attempts()))["summary"]
    assert (summary["attempts_used"], summary["attempts_left"], summary["best_percentage"]) == (5, None, 100)


async def test_a_failed_graded_quiz_completes_nothing(world: World) -> None:
    await new_quiz(world, CHOICE)
    await take(world)
    assert await statuses_of_lesson(world) == [ProgressStatus.IN_PROGRESS]
    path = "/enrollments/{E1}/lessons/{LXQX}/complete"
    refused(await world.call("sam", "POST", path), 409, "quiz_not_passed")


async def test_an_attempt_that_passed_while_its_learner_was_away_counts_when_they_resume(world: World) -> None:
    await overdue(world)
    ok(await world.call("ada", "PATCH", "/courses/{C1}/quizzes/{Q1}", json={"max_attempts": 1}))
    async with world.runtime.database.write_session() as session:
        attempt = await session.get_one(QuizAttempt, world.ids["T1"])
        attempt.key = {**attempt.key, "passing_score": "50"}
    ok(await world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "dropped"}))
    refused(await world.call("sam", "POST", attempts("Q2")), 409, "enrollment_not_active")
    assert ok(await world.call("sam", "GET", f"{attempts('Q1')}/{{T1}}"))["is_passed"]
    resumed = ok(await world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "active"}))
    assert resumed["completed_lessons_count"] == 1


async def test_who_dropped_out_cannot_go_on_until_they_resume(world: World) -> None:
    await open_attempt(world)
    ok(await world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "dropped"}))
    answers = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": "true"}]}
    path = f"{attempts('Q1')}/{{T1}}"
    refused(await world.call("sam", "PATCH", path, json=answers), 409, "enrollment_not_active")
    refused(await world.call("sam", "POST", f"{path}/submit", json=answers), 409, "enrollment_not_active")
    ok(await world.call("sam", "PATCH", "/enrollments/{E1}", json={"status": "active"}))
    assert ok(await world.call("sam", "POST", f"{path}/submit", json=answers))["score"] == 1


async def test_passing_the_last_lesson_completes_the_course_and_brings_the_certificate(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        for name in ("L1", "L2", "L4"):
            row = {"status": ProgressStatus.COMPLETED, "completed_at": now(), "completion_percentage": 100}
            session.add(LessonProgress(enrollment_id=world.ids["E1"], lesson_id=world.ids[name], **row))
        await session.execute(
            update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(completed_lessons_count=3)
        )
    right: list[dict[str, Any]] = [
        {"question_id": str(world.ids["K1"]), "selected_option_ids": ["right"]},
        {"question_id": str(world.ids["K2"]), "answer_text": "true"},
    ]
    await take(world, *right, quiz="Q1")
    assert (await world.row(Enrollment, "E1")).status is EnrollmentStatus.COMPLETED
    await world.jobs()
    certificates = ok(await world.call("sam", "GET", "/certificates/my-certificates"))["items"]
    assert str(world.ids["E1"]) in {certificate["enrollment_id"] for certificate in certificates}


async def test_if_match_keeps_an_old_tab_from_writing_over_a_new_one(world: World) -> None:
    await open_attempt(world)
    path = f"{attempts('Q1')}/{{T1}}"
    tag = (await world.call("sam", "GET", path)).headers["etag"]
    answers = {"answers": [{"question_id": str(world.ids["K2"]), "answer_text": "true"}]}
    ok(await world.call("sam", "PATCH", path, json=answers, headers={"If-Match": tag}))
    stale = await world.call("sam", "PATCH", path, json={"answers": []}, headers={"If-Match": tag})
    refused(stale, 412, "precondition_failed")


async def test_saving_nothing_changes_nothing(world: World) -> None:
    await open_attempt(world)
    path = f"{attempts('Q1')}/{{T1}}"
    before = await world.call("sam", "GET", path)
    nothings: list[dict[str, Any]] = [{}, {"answers": []}]
    for nothing in nothings:
        answer = await world.call("sam", "PATCH", path, json=nothing)
        assert (ok(answer)["version"], answer.headers["etag"]) == (before.json()["version"], before.headers["etag"])
