"""Asking to be forgotten: who may, who waits, what stands against it, and what is left."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from studium.events import ErasureDue
from studium.kit.base.clock import now, shifted
from studium.models import (
    AttemptStatus,
    AuditEvent,
    Course,
    Enrollment,
    Erasure,
    QuizAttempt,
    UploadedFile,
    User,
    UserSession,
)
from studium.modules.privacy import erasing, handlers, jobs
from studium.modules.quizzes.statistics.jobs import fold_sums
from tests.auth.helpers import code_of
from tests.privacy.canary import LATER, carry_out
from tests.world import PASSWORD, World, open_attempt

SAM = {"email": "sam@school.example", "password": PASSWORD}
WHY = {"reason": "Left the school."}


async def log_in(world: World, who: str) -> int:
    answer = await world.call(None, "POST", "/auth/login", json={**SAM, "email": f"{who}@school.example"})
    if answer.status_code == 200:
        world.tokens[who] = answer.json()["access_token"]
    return answer.status_code


async def owned(world: World, who: str, to: str) -> None:
    async with world.runtime.database.write_session() as session:
        mine = update(Course).where(Course.instructor_id == world.ids[who])
        await session.execute(mine.values(instructor_id=world.ids[to]))


async def test_one_asks_waits_and_is_forgotten(world: World) -> None:
    answer = await world.call("sam", "POST", "/users/me/erasure")
    assert answer.status_code == 202
    asked = answer.json()
    assert asked["certificates"] == "withhold_name"
    assert asked["done_at"] is None
    assert (await world.call("sam", "GET", "/users/me")).status_code == 401, "sessions end at once"

    assert await log_in(world, "sam") == 200, "who may change their mind can log in"
    assert (await world.call("sam", "GET", "/users/me/erasure")).json() == asked
    await jobs.erase_due(world.runtime)
    assert (await world.row(User, "sam")).email == "sam@school.example", "nothing is lost before its time"

    await carry_out(world)
    user = await world.row(User, "sam")
    assert (user.email, user.full_name) == (f"erased-{user.id}@invalid", "Former learner")
    assert (user.is_active, user.profile_metadata, user.last_login_at) == (False, None, None)
    assert await log_in(world, "sam") == 401
    shown = (await world.call("root", "GET", "/users/{sam}/erasure")).json()
    assert shown["done_at"] is not None
    again = {**SAM, "full_name": "Another Sam", "email": "sam@school.example"}
    assert (await world.call(None, "POST", "/auth/register", json=again)).status_code == 201, "the address is free"


async def test_one_may_change_ones_mind(world: World) -> None:
    await world.call("sam", "POST", "/users/me/erasure")
    assert await log_in(world, "sam") == 200
    assert (await world.call("sam", "DELETE", "/users/me/erasure")).status_code == 204
    assert (await world.call("sam", "DELETE", "/users/me/erasure")).status_code == 404
    await carry_out(world)
    assert (await world.row(User, "sam")).full_name == "Sam Example"
    assert (await world.call("sam", "POST", "/users/me/erasure")).status_code == 202


async def test_asked_twice_the_first_stands(world: World) -> None:
    first, second = await asyncio.gather(
        *(world.call("root", "POST", "/users/{sam}/anonymize", json=WHY) for _ in "ab")
    )
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert await world.count(Erasure) == 1


async def test_an_admin_cancels_even_when_the_account_is_closed(world: World) -> None:
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    with shifted(LATER):
        await jobs.erase_due(world.runtime)
    assert await log_in(world, "sam") == 401
    assert (await world.call("root", "DELETE", "/users/{sam}/erasure")).status_code == 204
    await carry_out(world)
    assert (await world.row(User, "sam")).full_name == "Sam Example"


@pytest.mark.parametrize(("who", "code"), [("ada", "owns_courses"), ("root", "last_admin")])
async def test_what_stands_against_it(world: World, who: str, code: str) -> None:
    answer = await world.call(who, "POST", "/users/me/erasure")
    assert (answer.status_code, code_of(answer)) == (409, code)
    assert await world.count(Erasure) == 0
    assert (await world.call(who, "GET", "/users/me")).status_code == 200


async def test_an_admin_hears_of_courses_too(world: World) -> None:
    answer = await world.call("root", "POST", "/users/{ada}/anonymize", json=WHY)
    assert (answer.status_code, code_of(answer)) == (409, "owns_courses")


async def test_a_legal_hold_keeps_a_person(world: World) -> None:
    answer = await world.call("root", "PATCH", "/users/{sam}", json={"legal_hold": True})
    assert answer.json()["legal_hold"] is True
    for caller, path, body in (("sam", "/users/me/erasure", None), ("root", "/users/{sam}/anonymize", WHY)):
        refused = await world.call(caller, "POST", path, json=body)
        assert (refused.status_code, code_of(refused)) == (409, "legal_hold")


async def test_what_comes_up_meanwhile_counts(world: World) -> None:
    """A hold, or a course that somebody gave to the person, keeps them until it is gone."""
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    await owned(world, "ada", "sam")
    await carry_out(world)
    assert (await world.row(User, "sam")).full_name == "Sam Example"
    await owned(world, "sam", "ada")
    await carry_out(world)
    assert (await world.row(User, "sam")).full_name == "Former learner"


async def test_an_erased_person_is_final(world: World) -> None:
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    await carry_out(world)
    for method, path, body in (
        ("PATCH", "/users/{sam}", {"is_active": True}),
        ("POST", "/users/{sam}/anonymize", WHY),
        ("DELETE", "/users/{sam}", None),
    ):
        answer = await world.call("root", method, path, **({} if body is None else {"json": body}))
        assert (answer.status_code, code_of(answer)) == (409, "person_erased")
    assert (await world.call("root", "DELETE", "/users/{sam}/erasure")).status_code == 404


async def test_marks_and_figures_stay(world: World) -> None:
    essay = str(world.ids["K3"])
    given = [{"question_id": essay, "answer_text": "Because.", "selected_option_ids": []}]
    result = {"question_id": essay, "points": "5", "points_awarded": "4", "feedback": "Good.", "by_hand": True}
    marks = {"score": Decimal(4), "percentage": Decimal(80), "is_passed": True, "graded_at": now()}
    await open_attempt(
        world,
        "T2",
        "Q2",
        status=AttemptStatus.GRADED,
        submitted_at=now(),
        answers=given,
        results=[result],
        **marks,
    )
    await fold_sums(world.runtime)
    path = "/courses/{C1}/quizzes/{Q2}/statistics"
    before = (await world.call("ada", "GET", path)).json()
    progress = (await world.row(Enrollment, "E3")).progress_percentage
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    await carry_out(world)
    attempt = await world.row(QuizAttempt, "T2")
    assert (attempt.score, attempt.percentage, attempt.is_passed) == (Decimal(4), Decimal(80), True)
    assert attempt.answers == [{**given[0], "answer_text": ""}]
    assert attempt.results == [{**result, "feedback": None}]
    assert (await world.row(Enrollment, "E3")).progress_percentage == progress
    after = (await world.call("ada", "GET", path)).json()
    assert {**before, "as_of": None} == {**after, "as_of": None}


async def test_an_open_attempt_stays_open_without_its_words(world: World) -> None:
    essay = str(world.ids["K3"])
    given = [{"question_id": essay, "answer_text": "Because.", "selected_option_ids": []}]
    await open_attempt(world, "T2", "Q2", answers=given)
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    await carry_out(world)
    attempt = await world.row(QuizAttempt, "T2")
    assert attempt.status is AttemptStatus.IN_PROGRESS
    assert attempt.answers == [{**given[0], "answer_text": ""}]


async def test_what_a_course_shows_stays_with_the_course(world: World) -> None:
    """A file of ada's that C1 shows is C1's; the one that nobody shows goes."""
    content = f"See [this](/api/v1/files/{world.ids['F2']}/download)."
    assert (
        await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L1}", json={"content": content})
    ).status_code == 200
    await owned(world, "ada", "eve")
    await world.call("root", "POST", "/users/{ada}/anonymize", json=WHY)
    await carry_out(world)
    async with world.runtime.database.read_session() as session:
        theirs = select(UploadedFile).where(UploadedFile.uploader_id == world.ids["ada"])
        left = (await session.execute(theirs)).scalars().all()
    assert [(file.id, file.original_filename) for file in left] == [(world.ids["F2"], "file.txt")]
    assert [path async for path in world.runtime.storage.list("uploads")] == ["uploads/f1.txt", "uploads/f2.txt"]


async def test_who_did_it_is_on_record_and_the_source_is_not(world: World) -> None:
    await world.call("sam", "PATCH", "/users/me", json={"full_name": "Sam Other"})
    await world.call("sam", "POST", "/users/me/erasure")
    await carry_out(world)
    async with world.runtime.database.read_session() as session:
        mine = select(AuditEvent.action, AuditEvent.address).where(AuditEvent.target_id == world.ids["sam"])
        found = (await session.execute(mine.order_by(AuditEvent.id))).all()
    assert ("users.erasure_requested", None) in found
    assert ("users.erased", None) in found


async def test_all_of_it_or_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure that breaks near its end has changed nothing, and the job is tried again."""
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    with shifted(LATER):
        await jobs.erase_due(world.runtime)

    async def broken(*_: object) -> None:
        raise RuntimeError

    due = ErasureDue(user_id=world.ids["sam"])
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_mark_done", broken)
        with pytest.raises(RuntimeError):
            await handlers.erase_person(world.runtime, due)
    assert (await world.row(User, "sam")).full_name == "Sam Example"
    assert await world.count(UploadedFile) == 3
    await handlers.erase_person(world.runtime, due)
    assert (await world.row(User, "sam")).full_name == "Former learner"


async def test_two_workers_erase_once(world: World) -> None:
    await world.call("root", "POST", "/users/{sam}/anonymize", json=WHY)
    with shifted(LATER):
        await jobs.erase_due(world.runtime)
    with shifted(LATER + timedelta(hours=2)):
        await jobs.erase_due(world.runtime)
        await jobs.erase_due(world.runtime)
        await world.jobs()
    async with world.runtime.database.read_session() as session:
        done: Any = select(AuditEvent.id).where(AuditEvent.action == "users.erased")
        assert len((await session.execute(done)).all()) == 1
        sessions = select(UserSession.id).where(UserSession.user_id == world.ids["sam"])
        assert (await session.execute(sessions)).all() == []
