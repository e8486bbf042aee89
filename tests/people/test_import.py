"""People from CSV: what the plan says is what happens, once, and nobody is guessed."""

import asyncio
from datetime import timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base import clock
from studium.kit.base.clock import now
from studium.kit.db.statistics import analyze_grown
from studium.models import (
    AddressChange,
    Course,
    CourseInvitation,
    Enrollment,
    EnrollmentStatus,
    OneTimeToken,
    PeopleImport,
    PeopleImportRow,
    Role,
    Source,
    TokenPurpose,
    User,
    UserSession,
)
from studium.modules.enrollments.actions_reconcile import find_drift
from studium.modules.enrollments.arrivals.admission import admit
from studium.modules.exchange.people import applying
from studium.modules.exchange.people.handlers import sweep_people_imports
from studium.modules.users.jobs import sweep_unproven
from tests.answers import ok, refused
from tests.auth.helpers import text_of
from tests.people.helpers import (
    bring,
    carry_out,
    counted,
    errors,
    fields,
    look,
    people,
    plan,
    send,
    table,
)
from tests.world import World

CLASS = table(
    "amy@school.example,Amy Adams,student,ar,S-1,course-c1 course-c2,true",
    "ben@school.example,Ben Brown,,,S-2,course-c1,",
    "tea@school.example,Tea Cher,instructor,,T-1,,true",
    "off@school.example,Off Duty,student,,,,false",
)


async def sources(world: World) -> dict[tuple[str, str], tuple[Source | None, EnrollmentStatus]]:
    async with world.runtime.database.read_session() as session:
        statement = select(User.email, Course.slug, Enrollment.source, Enrollment.status)
        statement = statement.join(Enrollment, Enrollment.student_id == User.id)
        rows = await session.execute(statement.join(Course, Course.id == Enrollment.course_id))
        return {(email.partition("@")[0], slug): (source, status) for email, slug, source, status in rows}


async def test_a_plan_first_and_nothing_happens_before_it_is_applied(world: World) -> None:
    before = await people(world)
    planned = await plan(world, CLASS)
    assert (planned["status"], planned["counts"]["rows"]) == ("planned", 4)
    assert counted(planned) == {"create": 4, "enrollments": 3}
    assert fields(planned["rows"][0]) == {
        "email": (None, "amy@school.example"),
        "full_name": (None, "Amy Adams"),
        "role": (None, "student"),
        "language": (None, "ar"),
        "external_id": (None, "S-1"),
        "is_active": (None, True),
        "courses": (None, "course-c1 course-c2"),
    }
    assert (await people(world)).keys() == before.keys()
    done = await carry_out(world, planned)
    assert done["status"] == "done"
    assert done["applied"] == {"create": 4, "change": 0, "skipped": 0, "enrollments": 3, "invitations": 0}
    found = await people(world)
    amy, tea, off = found["amy"], found["tea"], found["off"]
    assert (amy.role, amy.source, amy.external_id, amy.profile_metadata) == (
        Role.STUDENT,
        "csv",
        "S-1",
        {"language": "ar"},
    )
    assert (tea.role, off.is_active, amy.email_verified_at) == (Role.INSTRUCTOR, False, None)
    assert (await sources(world))["amy", "course-c2"] == (Source.CSV, EnrollmentStatus.ACTIVE)
    assert world.mails() == []
    listed = ok(await world.call("root", "GET", "/users?q=amy%20ada"))["items"]
    assert [item["email"] for item in listed] == ["amy@school.example"]
    async with world.runtime.database.read_session() as session:
        assert await find_drift(session) == []


async def test_again_is_unchanged_for_all_and_applied_twice_nothing_happens(world: World) -> None:
    planned = await plan(world, CLASS)
    await carry_out(world, planned)
    versions = {name: user.version for name, user in (await people(world)).items()}
    again = await carry_out(world, planned)
    assert again["applied"]["create"] == 4
    second = await bring(world, CLASS)
    assert counted(second) == {"unchanged": 4}
    assert (second["status"], second["rows"]) == ("done", [])
    assert {name: user.version for name, user in (await people(world)).items()} == versions


async def test_changes_say_before_and_after(world: World) -> None:
    await bring(world, CLASS)
    planned = await plan(
        world,
        table(
            "amy@school.example,Amy Anders,,en,,course-c3,",
            ",Benjamin Brown,,,S-2,,",
            "tea.new@school.example,,,,T-1,,false",
            "mia@school.example,,,,S-9,,",
        ),
    )
    assert counted(planned) == {"change": 4, "enrollments": 1}
    assert [fields(row) for row in planned["rows"]] == [
        {"full_name": ("Amy Adams", "Amy Anders"), "language": ("ar", "en"), "courses": (None, "course-c3")},
        {"full_name": ("Ben Brown", "Benjamin Brown")},
        {"email": ("tea@school.example", "tea.new@school.example"), "is_active": (True, False)},
        {"external_id": (None, "S-9")},
    ]
    await carry_out(world, planned)
    found = await people(world)
    assert (found["amy"].full_name, found["ben"].full_name) == ("Amy Anders", "Benjamin Brown")
    assert (found["tea.new"].is_active, found["mia"].external_id, found["mia"].source) == (False, "S-9", None)
    listed = ok(await world.call("root", "GET", "/users?q=anders"))["items"]
    assert [item["email"] for item in listed] == ["amy@school.example"]


async def test_whoever_is_deactivated_is_out_at_once(world: World) -> None:
    assert (await world.call("mia", "GET", "/users/me")).status_code == 200
    await bring(world, table("mia@school.example,,,,,,no"))
    assert (await world.call("mia", "GET", "/users/me")).status_code == 401
    async with world.runtime.database.read_session() as session:
        live = UserSession.user_id == world.ids["mia"], UserSession.revoked_at.is_(None)
        assert await session.scalar(select(func.count(UserSession.id)).where(*live)) == 0


async def test_what_is_wrong_with_rows_is_said_and_the_others_are_carried_out(world: World) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["mia"]).values(external_id="M-1"))
    found = await bring(
        world,
        table(
            "fine@school.example,Fine Person,,,,,",
            "one@school.example,One,admin,,,,",
            "root@school.example,Another Name,,,,,",
            "not an address,Some Body,,,,,",
            "two@school.example,X,,,,,",
            "three@school.example,Z" + "\u0301" * 40 + ",,,,,",
            "four@school.example,Four Th,emperor,,,,",
            "five@school.example,Fif Th,,fr,,,",
            "six@school.example,Six Th,,,,no-such-course,",
            "seven@school.example,Sev Enth,instructor,,,course-c1,",
            "sam@school.example,,,,M-1,,",
            "eve@school.example,,student,,,,",
            "eight@school.example,,,,,,",
            ",No Body,,,E-404,,",
            ",,student,,,,",
            "twice@school.example,One Person,,,,,",
            "Twice@School.Example,Other Person,,,,,",
            "a@school.example,Same Id,,,SAME,,",
            "b@school.example,Same Ident,,,SAME,,",
            "nine@school.example,Nine Th,,,,,perhaps",
            "ten@school.example,Ten Th,,,,,true,more",
            "sam.new@school.example,,,,M-1,,",
        ),
    )
    assert errors(found) == [
        (3, "role", "admin_row"),
        (4, "role", "admin_row"),
        (5, "email", "invalid_email"),
        (6, "full_name", "invalid_full_name"),
        (7, "full_name", "invalid_full_name"),
        (8, "role", "unknown_role"),
        (9, "language", "unknown_language"),
        (10, "courses", "unknown_course"),
        (11, "courses", "students_only"),
        (12, "external_id", "duplicate_external_id"),
        (13, "role", "owns_courses"),
        (14, "full_name", "full_name_missing"),
        (15, "email", "email_missing"),
        (16, "email", "no_identity"),
        (17, "email", "duplicate_email"),
        (18, "email", "duplicate_email"),
        (19, "external_id", "duplicate_external_id"),
        (20, "external_id", "duplicate_external_id"),
        (21, "is_active", "unknown_truth"),
        (22, None, "too_many_cells"),
        (23, "external_id", "duplicate_external_id"),
    ]
    assert counted(found) == {"create": 1, "error": 21}
    assert "fine" in await people(world)
    assert all(row["detail"] for row in found["rows"] if row["code"])
    assert "Some Body" not in str(found["rows"]), "what is wrong is not repeated"


async def test_two_matches_are_an_error_and_never_a_guess(world: World) -> None:
    await bring(world, CLASS)
    found = await plan(
        world,
        table(
            "amy@school.example,,,,S-2,,",
            "sam@school.example,,,,S-1,,",
        ),
    )
    assert errors(found) == [(2, "external_id", "two_matches"), (3, "external_id", "two_matches")]
    found = await plan(world, table("ben@school.example,,,,S-77,,"))
    assert errors(found) == [(2, "external_id", "two_matches")]


async def test_accounts_that_wait_for_their_owner_are_not_touched(world: World) -> None:
    """Somebody else may have made the account with this address; and an address that was proved is the owner's."""
    person = {"email": "squat@school.example", "full_name": "Squat Ter", "password": "orange bicycle 12"}
    ok(await world.call(None, "POST", "/auth/register", json=person), 201)
    found = await plan(
        world,
        table(
            "squat@school.example,Real Name,,,S-5,course-c1,",
            "other@school.example,Mia Example,,,M-1,,",
        ),
    )
    assert errors(found) == [(2, "email", "address_not_confirmed")]
    assert counted(await plan(world, table("squat@school.example,Squat Ter,student,,,,true"))) == {"unchanged": 1}
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids["mia"]).values(external_id="M-1"))
    found = await plan(world, table("mia.new@school.example,,,,M-1,,"))
    assert errors(found) == [(2, "email", "address_differs")]


async def test_dropped_comes_back_and_completed_stays(world: World) -> None:
    ok(await world.call("sam", "DELETE", "/enrollments/{E1}"), 204)
    before = await world.row(Enrollment, "E3")
    found = await bring(world, table("sam@school.example,,,,,course-c1 course-c3,"))
    assert counted(found) == {"change": 1, "enrollments": 1}
    after = await world.row(Enrollment, "E3")
    assert (await world.row(Enrollment, "E1")).status is EnrollmentStatus.ACTIVE
    assert (after.status, after.version) == (before.status, before.version)


async def test_invitations_go_out_once_for_ever(world: World) -> None:
    async def mails() -> int:
        await world.jobs()
        return sum("Your account at Studium" in mail for mail in world.mails())

    await bring(world, table("early@school.example,Early Bird,,,,,"))
    assert await mails() == 0
    found = await bring(world, table("early@school.example,,,,,,", "new@school.example,New Comer,,,,,"), invite="new")
    assert (counted(found), await mails()) == ({"create": 1, "unchanged": 1, "invitations": 1}, 1)
    everybody = table("early@school.example,,,,,,", "new@school.example,,,,,,", "sam@school.example,,,,,,")
    found = await bring(world, everybody, invite="all")
    assert (counted(found), await mails()) == ({"change": 1, "unchanged": 2, "invitations": 1}, 2)
    assert fields(found["rows"][0]) == {"invitation": (None, "mail")}
    found = await bring(world, everybody, invite="all")
    assert (counted(found), await mails()) == ({"unchanged": 3}, 2)
    async with world.runtime.database.read_session() as session:
        wanted = OneTimeToken.purpose == TokenPurpose.INVITATION
        assert await session.scalar(select(func.count(OneTimeToken.id)).where(wanted)) == 2


@pytest.mark.parametrize("change", ["renamed", "gone to another", "taken", "old"])
async def test_a_plan_that_does_not_fit_any_more_is_stale(world: World, change: str) -> None:
    await bring(world, CLASS)
    planned = await plan(world, table("amy@school.example,Amy Anders,,,,,", "new@school.example,New Comer,,,N-1,,"))
    amy = (await people(world))["amy"].id
    if change == "renamed":
        ok(await world.call("root", "PATCH", f"/users/{amy}", json={"full_name": "Amy Otherwise"}))
    elif change == "gone to another":
        ok(await world.call("root", "PATCH", f"/users/{world.ids['mia']}", json={"external_id": "N-1"}))
    elif change == "taken":
        person = {"email": "new@school.example", "full_name": "First Come", "password": "orange bicycle 12"}
        ok(await world.call(None, "POST", "/auth/register", json=person), 201)
    else:
        async with world.runtime.database.write_session() as session:
            await session.execute(update(PeopleImport).values(planned_at=now() - timedelta(hours=24)))
    answer = await world.call("root", "POST", f"/users/imports/{planned['id']}/apply")
    refused(answer, 409, "plan_stale")
    assert (await look(world, planned["id"]))["status"] == "planned"


async def test_what_changes_after_that_is_left_out_and_said(world: World) -> None:
    await bring(world, CLASS)
    planned = await plan(world, table("amy@school.example,Amy Anders,,,,,", "new@school.example,New Comer,,,N-1,,"))
    ok(await world.call("root", "POST", f"/users/imports/{planned['id']}/apply"), 202)
    amy = (await people(world))["amy"].id
    ok(await world.call("root", "PATCH", f"/users/{amy}", json={"full_name": "Amy Otherwise"}))
    person = {"email": "new@school.example", "full_name": "First Come", "password": "orange bicycle 12"}
    ok(await world.call(None, "POST", "/auth/register", json=person), 201)
    await world.jobs()
    done = await look(world, planned["id"])
    assert (done["applied"]["skipped"], {row["skipped"] for row in done["rows"]}) == (2, {"changed_meanwhile"})
    assert (await people(world))["new"].full_name == "First Come"


async def test_killed_between_batches_it_goes_on_and_nobody_comes_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "AT_ONCE", 10)
    planned = await plan(world, table(*(f"p{i}@school.example,Person {i},,,P-{i},course-c1," for i in range(35))))
    enroll, calls = admit, 0

    async def dies(*args: Any) -> Any:  # noqa: ANN401 -- as the function.
        nonlocal calls
        calls += 1
        if calls == 2:
            message = "the process dies here"
            raise RuntimeError(message)
        return await enroll(*args)

    monkeypatch.setattr(applying, "admit", dies)
    ok(await world.call("root", "POST", f"/users/imports/{planned['id']}/apply"), 202)
    with pytest.raises(RuntimeError):
        await world.jobs()
    assert (await look(world, planned["id"]))["progress"] == {"done": 10, "total": 35}
    done: dict[str, Any] = {}
    for _ in range(30):
        # The job that failed is tried again after a second.
        await asyncio.sleep(0.2)
        await world.jobs()
        done = await look(world, planned["id"])
        if done["status"] == "done":
            break
    assert done["applied"] == {"create": 35, "change": 0, "skipped": 0, "enrollments": 35, "invitations": 0}
    assert sum(name.startswith("p") and name[1:].isdigit() for name in await people(world)) == 35


async def test_two_at_once_apply_it_once(world: World) -> None:
    planned = await plan(world, CLASS)
    path = f"/users/imports/{planned['id']}/apply"
    answers = await asyncio.gather(*(world.call("root", "POST", path) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    await world.jobs()
    assert (await look(world, planned["id"]))["applied"]["create"] == 4


async def test_who_may_and_what_is_not_there(world: World) -> None:
    for who, status in ((None, 401), ("sam", 403), ("ada", 403), ("dan", 401)):
        assert (await send(world, CLASS, who)).status_code == status
    missing = "00000000-0000-7000-8000-000000000000"
    refused(await world.call("root", "GET", f"/users/imports/{missing}"), 404, "not_found")
    refused(await world.call("root", "POST", f"/users/imports/{missing}/apply"), 404, "not_found")
    waiting = ok(await send(world, CLASS), 202)
    refused(await world.call("root", "POST", f"/users/imports/{waiting['id']}/apply"), 409, "not_planned")
    refused(await send(world, CLASS, invite="everybody"), 422, "invalid_input")
    old = update(UserSession).where(UserSession.user_id == world.ids["root"])
    await world.jobs()
    async with world.runtime.database.write_session() as session:
        await session.execute(old.values(created_at=now() - timedelta(hours=1), authenticated_at=None))
    answer = await world.call("root", "POST", f"/users/imports/{waiting['id']}/apply")
    refused(answer, 403, "reauthentication_required")


async def test_the_report_as_csv_and_page_by_page(world: World) -> None:
    found = await bring(world, table("amy@school.example,Amy Adams,,,,,", "=cmd,X,,,,,", "b@school.example,Bo,,,,,"))
    answer = await world.call("root", "GET", f"/users/imports/{found['id']}", headers={"Accept": "text/csv; bom=no"})
    lines = answer.text.split("\r\n")
    assert lines[0] == "line,action,field,code,before,after,detail,skipped"
    assert "2,create,full_name,,,Amy Adams,," in lines
    assert any(line.startswith("3,error,email,invalid_email,,,") for line in lines)
    page = await look(world, found["id"], "?limit=2")
    rest = await look(world, found["id"], f"?limit=2&cursor={page['next_cursor']}")
    assert [row["line"] for row in page["rows"] + rest["rows"]] == [2, 3, 4]
    assert len((await look(world, found["id"], "?action=error"))["rows"]) == 1


async def test_a_hundred_errors_in_full_and_the_rest_counted(world: World) -> None:
    found = await plan(world, table(*(f"nobody {i},Some One,,,,," for i in range(130))))
    assert (found["counts"]["error"], found["counts"]["errors_not_listed"], len(found["rows"])) == (130, 30, 100)


async def test_plans_end_and_rows_are_forgotten(world: World) -> None:
    planned, done = await plan(world, CLASS), await bring(world, table("x@school.example,Xa Xe,,,,,"))
    await sweep_people_imports(world.runtime)
    assert await world.count(PeopleImportRow) == 5
    async with world.runtime.database.write_session() as session:
        await session.execute(update(PeopleImport).values(planned_at=now() - timedelta(hours=25)))
        old = update(PeopleImport).where(PeopleImport.finished_at.is_not(None))
        await session.execute(old.values(finished_at=now() - timedelta(days=31)))
    await sweep_people_imports(world.runtime)
    assert await world.count(PeopleImportRow) == 0
    assert (await look(world, planned["id"]))["fault"]["code"] == "plan_expired"
    assert (await look(world, done["id"]))["status"] == "done"


async def test_whom_the_school_brought_in_has_all_the_time_to_confirm(world: World) -> None:
    await bring(world, table("late@school.example,Late Comer,,,,,"))
    with clock.shifted(timedelta(days=400)):
        await sweep_unproven(world.runtime)
    assert "late" in await people(world)


async def test_an_external_id_is_one_persons(world: World) -> None:
    person = {"email": "amy@school.example", "full_name": "Amy Adams", "external_id": "S-1"}
    made = ok(await world.call("root", "POST", "/users", json=person), 201)
    assert (made["source"], made["external_id"]) == ("staff", "S-1")
    other = {**person, "email": "other@school.example"}
    refused(await world.call("root", "POST", "/users", json=other), 409, "external_id_taken")
    refused(await world.call("root", "POST", "/users", json={**person, "external_id": "S-2"}), 409, "email_taken")
    path = "/users/{mia}"
    refused(await world.call("root", "PATCH", path, json={"external_id": "S-1"}), 409, "external_id_taken")
    assert ok(await world.call("root", "PATCH", path, json={"external_id": "S-3"}))["external_id"] == "S-3"
    assert ok(await world.call("root", "PATCH", path, json={"external_id": None}))["external_id"] is None
    refused(await world.call("mia", "PATCH", "/users/me", json={"external_id": "X"}), 403, "field_not_allowed")
    own = {"email": "own@school.example", "full_name": "Own Account", "password": "orange bicycle 12"}
    assert ok(await world.call(None, "POST", "/auth/register", json=own), 201)["source"] == "self"


async def test_another_address_is_left_as_by_its_owner(world: World) -> None:
    """Sessions end, links are void, the old address is forgotten; who had an unused link gets another, once."""
    person = {"email": "typo@school.example", "full_name": "Ty Po", "external_id": "T-7", "role": "student"}
    ok(await world.call("root", "POST", "/users", json={**person, "password": "orange bicycle 12"}), 201)
    login = {"email": "typo@school.example", "password": "orange bicycle 12"}
    world.tokens["ty"] = ok(await world.call(None, "POST", "/auth/login", json=login))["access_token"]
    ok(await world.call("ty", "POST", "/auth/change-address", json={"email": "else@school.example"}), 202)
    await bring(world, table("amy@school.example,Amy Adams,student,,S-1,,", "tea@school.example,Tea,student,,T-1,,"),
                invite="new")  # fmt: skip
    await world.add(CourseInvitation(course_id=world.ids["C2"], email="typo@school.example", expires_at=now()))
    await world.jobs()
    before = set(world.mails())

    found = await bring(world, table("ty@school.example,,,,T-7,,", "amy.a@school.example,,,,S-1,,"))
    assert found["applied"]["change"] == 2
    await world.jobs()
    mails = [message_from_string(mail, policy=default) for mail in {*world.mails()} - before]
    said = {str(mail["To"]): text_of(mail) for mail in mails}
    assert len(mails) == 2
    assert "Confirm your e-mail address" in said["ty@school.example"]
    assert "/set-password" in said["amy.a@school.example"]
    refused(await world.call("ty", "GET", "/users/me"), 401, "unauthorized")
    ty = (await people(world))["ty"]
    assert ty.email_verified_at is None
    assert await world.count(CourseInvitation) == 0
    async with world.runtime.database.read_session() as session:
        open_ = select(OneTimeToken.email).where(OneTimeToken.used_at.is_(None))
        assert sorted((await session.execute(open_)).scalars()) == [
            "amy.a@school.example",
            "tea@school.example",
            "ty@school.example",
        ]
        assert await session.scalar(select(func.count()).where(AddressChange.ended_at.is_(None))) == 0
    # The same table again changes nothing, and mails nobody.
    assert counted(await bring(world, table("ty@school.example,,,,T-7,,"))) == {"unchanged": 1}


async def test_the_planner_hears_of_people_who_come_in_great_numbers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody looks at the tables meanwhile, plans that were made while they were empty are not kept for ever."""
    looked: list[list[str]] = []

    async def noted(session: AsyncSession, added: dict[Any, int]) -> list[str]:
        looked.append(await analyze_grown(session, added))
        return looked[-1]

    monkeypatch.setattr(applying, "AT_ONCE", 10)
    monkeypatch.setattr(applying, "analyze_grown", noted)
    few = await _known(world)
    await bring(world, table(*(f"p{i}@school.example,Person {i},,,P-{i},course-c1," for i in range(70))))
    assert len(looked) == 8
    # Not at each part, but when they have become several times as many, and never on SQLite, which keeps no plans.
    often = sum("users" in each for each in looked)
    assert (often == 0) if world.runtime.database.dialect == "sqlite" else (1 <= often <= 3)
    assert looked[0] == []
    if often:
        async with world.runtime.database.read_session() as session:
            known = await session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'users'"))
        assert 2 * few < known <= few + 70


async def _known(world: World) -> int:
    """How many people there are, which the planner knows too."""
    async with world.runtime.database.write_session() as session:
        if world.runtime.database.dialect == "postgresql":
            await session.execute(text("ANALYZE users"))
        return int(await session.scalar(select(func.count()).select_from(User)) or 0)
