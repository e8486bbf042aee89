"""Issuing: by the job or on demand, once for each enrollment, with a number of its own and names that never change."""

import asyncio
import re
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import select, update

from studium.events import EnrollmentCompleted
from studium.kit.base.clock import now
from studium.kit.jobs.events import publish
from studium.models import Certificate, Course, User
from studium.modules.certificates import actions
from tests.world import NUMBER, World

NUMBERS = re.compile(r"CERT-[0-9]{8}-[A-F0-9]{6}")
GENERATE = "/certificates/enrollments/{E2}/generate"


async def complete(world: World) -> None:
    """Let mia complete C2; the job that issues the certificate waits."""
    entered = await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])})
    world.ids["E2"] = UUID(entered.json()["id"])
    done = await world.call("mia", "POST", "/enrollments/{E2}/lessons/{M1}/complete")
    assert done.json()["enrollment"]["status"] == "completed"


async def certificates(world: World) -> list[Certificate]:
    """Every certificate of mia's."""
    async with world.runtime.database.read_session() as session:
        mine = select(Certificate).where(Certificate.student_id == world.ids["mia"])
        return list((await session.execute(mine)).scalars())


async def test_the_job_issues_what_was_earned(world: World) -> None:
    await complete(world)
    assert await certificates(world) == []
    await world.jobs()
    (kept,) = await certificates(world)
    assert NUMBERS.fullmatch(kept.certificate_number)
    assert kept.certificate_number[5:13] == f"{now():%Y%m%d}"
    assert (kept.student_name, kept.course_title, kept.instructor_name) == ("Mia Example", "Course C2", "Eve Example")
    assert len(await world.runtime.storage.get(kept.pdf_path)) > 10_000, "the PDF is ready before anybody asks"

    shown = (await world.call("mia", "GET", f"/certificates/{kept.id}")).json()
    assert shown["verify_url"] == f"https://school.example/verify/{kept.certificate_number}"
    assert "pdf_path" not in shown
    enrollment = (await world.call("mia", "GET", "/enrollments/{E2}")).json()
    assert enrollment["certificate_issued_at"] is not None


async def test_generating_waits_for_no_job(world: World) -> None:
    await complete(world)
    first = await world.call("mia", "POST", GENERATE)
    again = await world.call("eve", "POST", GENERATE)
    await world.jobs()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(await certificates(world)) == 1


async def test_twenty_at_once_beside_the_job_are_one(world: World) -> None:
    await complete(world)
    callers = ["mia", "eve", "root"]
    wishes = [world.call(callers[number % 3], "POST", GENERATE) for number in range(20)]
    answers, _ = await asyncio.gather(asyncio.gather(*wishes), world.jobs())
    await world.jobs()
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {200, 201}
    assert statuses[201] <= 1, "none where the job came first"
    (kept,) = await certificates(world)
    assert {answer.json()["certificate_number"] for answer in answers} == {kept.certificate_number}
    assert len([mail for mail in world.mails() if kept.certificate_number in mail]) == 1


async def test_a_completion_heard_twice_is_one_certificate(world: World) -> None:
    await complete(world)
    async with world.runtime.database.write_session() as session:
        await publish(session, EnrollmentCompleted(enrollment_id=world.ids["E2"]))
    await world.jobs()
    assert len(await certificates(world)) == 1


async def test_a_taken_number_is_not_given_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([NUMBER, NUMBER, "CERT-20260105-FFFFFF"])
    monkeypatch.setattr(actions, "new_number", lambda _: next(numbers))
    await complete(world)
    answer = await world.call("mia", "POST", GENERATE)
    assert (answer.status_code, answer.json()["certificate_number"]) == (201, "CERT-20260105-FFFFFF")


async def test_names_stay_those_of_the_day(world: World) -> None:
    await complete(world)
    await world.jobs()
    (kept,) = await certificates(world)
    before = (await world.call("mia", "GET", f"/certificates/{kept.id}")).json()
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).values(full_name="Somebody Else"))
        await session.execute(update(Course).values(title="Another course", instructor_id=world.ids["ada"]))

    assert (await world.call("mia", "GET", f"/certificates/{kept.id}")).json() == before
    public = (await world.call(None, "GET", f"/certificates/verify/{kept.certificate_number}")).json()
    assert (public["student_name"], public["course_title"]) == ("Mia Example", "Course C2")
    old = await world.call("mia", "GET", f"/certificates/{kept.id}/download")
    await world.runtime.storage.delete(kept.pdf_path)
    assert (await world.call("mia", "GET", f"/certificates/{kept.id}/download")).content == old.content


async def test_a_course_under_way_has_none(world: World) -> None:
    answer = await world.call("sam", "POST", "/certificates/enrollments/{E1}/generate")
    assert (answer.status_code, answer.json()["code"]) == (409, "enrollment_not_completed")


async def test_everybody_sees_their_own(world: World) -> None:
    await complete(world)
    await world.jobs()
    for who, titles in {"mia": ["Course C2"], "sam": ["Course C3"], "ada": [], "root": []}.items():
        answer = await world.call(who, "GET", "/certificates/my-certificates", params={"include_total": "true"})
        assert [item["course_title"] for item in answer.json()["items"]] == titles
        assert answer.json()["total"] == len(titles)
        assert "pdf_path" not in answer.text


async def test_a_longer_list_costs_no_more_statements(world: World) -> None:
    async with world.counting() as one:
        await world.call("sam", "GET", "/certificates/my-certificates")
    await complete(world)
    await world.jobs()
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Certificate).values(student_id=world.ids["sam"]))
    async with world.counting() as two:
        answer = await world.call("sam", "GET", "/certificates/my-certificates")
    assert [item["course_title"] for item in answer.json()["items"]] == ["Course C2", "Course C3"], "newest first"
    assert len(two) == len(one)
