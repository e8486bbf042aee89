"""Staff bring people into a course: rows that say why, invitations, and what an instructor is not told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from studium.access.codes import AddressLink, address_link
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import (
    AddressChange,
    AuditEvent,
    CourseInvitation,
    Enrollment,
    EnrollmentStatus,
    OneTimeToken,
    Role,
    Source,
    TokenPurpose,
    User,
)
from studium.modules.enrollments.actions_reconcile import find_drift
from tests.answers import ok, refused
from tests.world import World, add_students

C1 = "/enrollments/courses/{C1}"
PERSON = {"full_name": "New Person", "password": "orange bicycle 12"}


async def bring(world: World, who: str, *people: object, course: str = C1, **more: object) -> list[dict[str, Any]]:
    """The rows for these people: texts are addresses."""
    named = [{"email": one} if isinstance(one, str) else one for one in people]
    answer = ok(await world.call(who, "POST", course, json={"people": named, **more}))
    assert sum(answer["summary"].values()) == len(named)
    rows: list[dict[str, Any]] = answer["items"]
    return rows


def told(row: dict[str, Any]) -> tuple[str, str | None]:
    return row["outcome"], row["code"]


async def change(world: World, who: str, **values: object) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).where(User.id == world.ids[who]).values(**values))


async def confirm(world: World, email: str) -> None:
    """Prove an address by the newest link for it."""
    async with world.runtime.database.read_session() as session:
        mine = OneTimeToken.email == email, OneTimeToken.purpose == TokenPurpose.VERIFY_EMAIL
        token_id = (await session.execute(select(OneTimeToken.id).where(*mine))).scalars().all()[-1]
    token = world.runtime.keys.one_time_token(TokenPurpose.VERIFY_EMAIL.value, token_id)
    ok(await world.call(None, "POST", "/auth/confirm-email", json={"token": token}))


async def sources(world: World, course: str = "C1") -> dict[str, Source | None]:
    async with world.runtime.database.read_session() as session:
        statement = select(User.email, Enrollment.source).join(User, User.id == Enrollment.student_id)
        rows = await session.execute(statement.where(Enrollment.course_id == world.ids[course]))
        return {email.partition("@")[0]: source for email, source in rows}


async def test_an_admin_is_told_what_became_of_everybody(world: World) -> None:
    await add_students(world, "amy", "ben", "zed")
    await change(world, "ben", email_verified_at=None, source=Source.SELF)
    await change(world, "zed", external_id="S-77", email_verified_at=None)
    rows = await bring(
        world,
        "root",
        *("amy@school.example", " AMY@School.example ", "sam@school.example", "dan@school.example"),
        *("ada@school.example", "ben@school.example", "nobody@school.example", "not an address"),
        {"external_id": "S-77"},
        {"external_id": "S-78"},
        {"user_id": str(world.ids["mia"])},
        {"user_id": str(new_id())},
        {"user_id": str(world.ids["amy"])},
    )
    assert [told(row) for row in rows] == [
        ("enrolled", None),
        ("refused", "named_twice"),
        ("already_enrolled", None),
        ("refused", "deactivated"),
        ("refused", "students_only"),
        ("invited", "not_confirmed"),
        ("invited", "no_account"),
        ("refused", "invalid_email"),
        ("enrolled", None),
        ("refused", "no_such_person"),
        ("enrolled", None),
        ("refused", "no_such_person"),
        ("refused", "named_twice"),
    ]
    assert rows[0]["user_id"] == str(world.ids["amy"])
    assert rows[2]["enrollment_id"] == str(world.ids["E1"])
    assert await sources(world) == {"sam": None, "amy": "staff", "zed": "staff", "mia": "staff"}
    again = await bring(world, "root", "amy@school.example")
    assert told(again[0]) == ("already_enrolled", None)


async def test_an_instructor_is_told_the_same_of_an_account_as_of_none(world: World) -> None:
    await add_students(world, "amy", "ben")
    await change(world, "amy", source=Source.SELF)
    rows = await bring(
        world, "ada", *(f"{who}@school.example" for who in ("amy", "nobody", "dan", "eve", "root", "ben", "mia"))
    )
    shapes = [{**row, "email": "", "invitation_id": bool(row["invitation_id"])} for row in rows]
    assert all(shape == shapes[0] for shape in shapes)
    assert told(rows[0]) == ("invited", None)
    listed = ok(await world.call("ada", "GET", "/courses/{C1}/invitations"))["items"]
    assert len(listed) == len(rows)
    refused(await world.call("ada", "POST", C1, json={"people": [{"external_id": "x"}]}), 403, "field_not_allowed")


async def test_an_instructor_enrols_at_once_whom_the_school_made_or_who_learns_there(world: World) -> None:
    await change(world, "mia", source=Source.CSV, email_verified_at=None)
    rows = await bring(world, "ada", "mia@school.example", "sam@school.example")
    assert [told(row) for row in rows] == [("enrolled", None), ("already_enrolled", None)]
    assert {row["user_id"] for row in rows} == {None}
    # Sam learns with ada, and not with eve.
    assert (
        told((await bring(world, "eve", "sam@school.example", course="/enrollments/courses/{C2}"))[0])[0] == "invited"
    )


async def test_what_was_left_comes_back_and_what_is_completed_is_never_touched(world: World) -> None:
    for status in (EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED):
        async with world.runtime.database.write_session() as session:
            await session.execute(update(Enrollment).where(Enrollment.id == world.ids["E1"]).values(status=status))
        assert told((await bring(world, "ada", "sam@school.example"))[0]) == ("restored", None)
    before = await world.row(Enrollment, "E3")
    rows = await bring(world, "ada", "sam@school.example", course="/enrollments/courses/{C3}")
    assert (told(rows[0]), rows[0]["enrollment_id"]) == (("already_enrolled", None), str(world.ids["E3"]))
    after = await world.row(Enrollment, "E3")
    assert (after.status, after.version) == (before.status, before.version)
    async with world.runtime.database.read_session() as session:
        assert await find_drift(session) == []


async def test_an_invitation_becomes_an_enrollment_when_somebody_changes_to_its_address(world: World) -> None:
    await bring(world, "ada", "other@school.example")
    wanted = await world.call("mia", "POST", "/auth/change-address", json={"email": "other@school.example"})
    assert wanted.status_code == 202
    async with world.runtime.database.read_session() as session:
        change_id = (await session.execute(select(AddressChange.id))).scalar_one()
    for link in AddressLink:
        token = address_link(world.runtime.keys, link, change_id)
        ok(await world.call(None, "POST", "/auth/confirm-address", json={"token": token}))
    await world.jobs()
    assert (await sources(world))["other"] is Source.INVITATION


async def test_an_invitation_becomes_an_enrollment_when_the_address_is_confirmed(world: World) -> None:
    for course in ("{C1}", "{C0}", "{C1}"):
        await bring(world, "ada", "new@school.example", course=f"/enrollments/courses/{course}")
    await world.jobs()
    mails = [mail for mail in world.mails() if "invited to" in mail]
    assert len(mails) == 2, "one for each course, not for each time"
    ok(await world.call(None, "POST", "/auth/register", json={"email": "new@school.example", **PERSON}), 201)
    await world.jobs()
    assert "new" not in await sources(world)
    await confirm(world, "new@school.example")
    await world.jobs()
    assert (await sources(world))["new"] is Source.INVITATION
    assert (await sources(world, "C0"))["new"] is Source.INVITATION
    assert ok(await world.call("ada", "GET", "/courses/{C1}/invitations"))["items"] == []
    assert told((await bring(world, "ada", "new@school.example"))[0])[0] == "already_enrolled"


@pytest.mark.parametrize("who", ["ada", "root"])
async def test_a_dry_run_foretells_what_the_same_request_does_and_changes_nothing(world: World, who: str) -> None:
    await add_students(world, "lou", "max", "kim")
    ok(await world.call("lou", "POST", "/enrollments", json={"course_id": str(world.ids["C1"])}), 201)
    ok(await world.call("max", "POST", "/enrollments", json={"course_id": str(world.ids["C1"])}), 201)
    async with world.runtime.database.write_session() as session:
        left = update(Enrollment).where(Enrollment.student_id == world.ids["max"])
        await session.execute(left.values(status=EnrollmentStatus.DROPPED))
    await change(world, "kim", source=Source.CSV)
    await world.jobs()
    people = [f"{name}@school.example" for name in ("lou", "max", "kim", "mia", "dan", "eve", "kim")]
    people += ["nobody@out.example", "not an address"]
    tables = (Enrollment, CourseInvitation, AuditEvent)
    before = [await world.count(table) for table in tables], len(world.mails())
    foretold = await bring(world, who, *people, dry_run=True)
    await world.jobs()
    assert ([await world.count(table) for table in tables], len(world.mails())) == before
    done = await bring(world, who, *people)
    assert list(map(told, foretold)) == list(map(told, done))
    assert {row["outcome"] for row in foretold} == {"already_enrolled", "restored", "enrolled", "invited", "refused"}


async def test_whoever_must_agree_enrols_themselves_also_in_a_draft(world: World) -> None:
    draft = {"course_id": str(world.ids["C0"])}
    refused(await world.call("mia", "POST", "/enrollments", json=draft), 404, "not_found")
    rows = await bring(world, "ada", "mia@school.example", course="/enrollments/courses/{C0}")
    enrolled = ok(await world.call("mia", "POST", "/enrollments", json=draft), 201)
    assert (told(rows[0])[0], enrolled["source"]) == ("invited", "invitation")
    assert ok(await world.call("ada", "GET", "/courses/{C0}/invitations"))["items"] == []


async def test_a_withdrawn_or_old_invitation_is_nothing(world: World) -> None:
    draft, path = {"course_id": str(world.ids["C0"])}, "/enrollments/courses/{C0}"
    row = (await bring(world, "ada", "mia@school.example", course=path))[0]
    withdraw = f"/courses/{{C0}}/invitations/{row['invitation_id']}"
    for _ in range(2):
        ok(await world.call("ada", "DELETE", withdraw), 204)
    refused(await world.call("ada", "DELETE", f"/courses/{{C0}}/invitations/{new_id()}"), 404, "not_found")
    refused(await world.call("mia", "POST", "/enrollments", json=draft), 404, "not_found")
    await world.jobs()
    assert not any("invited to" in mail for mail in world.mails()), "it was withdrawn before its mail went out"
    await bring(world, "ada", "mia@school.example", course=path)
    async with world.runtime.database.write_session() as session:
        await session.execute(update(CourseInvitation).values(expires_at=now() - timedelta(seconds=1)))
    refused(await world.call("mia", "POST", "/enrollments", json=draft), 404, "not_found")
    assert ok(await world.call("ada", "GET", "/courses/{C0}/invitations"))["items"] == []


async def test_one_mail_a_day_and_none_where_nobody_is_to_be_told(world: World) -> None:
    async def mails() -> int:
        await world.jobs()
        return sum("Course C1" in mail for mail in world.mails())

    await add_students(world, "amy", "ben")
    await bring(world, "root", "new@school.example", "amy@school.example", notify=False)
    assert await mails() == 0
    await bring(world, "root", "new@school.example", "ben@school.example")
    await bring(world, "root", "new@school.example")
    once = await mails()
    assert sum("invited to" in mail for mail in world.mails()) == 1
    async with world.runtime.database.write_session() as session:
        await session.execute(update(CourseInvitation).values(mailed_at=now() - timedelta(hours=25)))
    await bring(world, "root", "new@school.example")
    assert await mails() == once + 1


async def test_an_address_that_registers_in_the_same_second_is_not_lost(world: World) -> None:
    for turn in range(6):
        email = f"late{turn}@school.example"
        ok(await world.call(None, "POST", "/auth/register", json={"email": email, **PERSON}), 201)
        rows, _ = await asyncio.gather(bring(world, "root", email), confirm(world, email))
        await world.jobs()
        assert told(rows[0])[0] in {"invited", "enrolled"}
        assert f"late{turn}" in await sources(world)


async def test_twenty_requests_for_the_same_people_enrol_each_once(world: World) -> None:
    names = [f"p{i}" for i in range(10)]
    await add_students(world, *names)
    people = [f"{name}@school.example" for name in names]
    found = await asyncio.gather(*(bring(world, "root", *people[i:], *people[:i]) for i in range(10)))
    outcomes = [row["outcome"] for rows in found for row in rows]
    assert (outcomes.count("enrolled"), outcomes.count("already_enrolled")) == (10, 90)


async def test_a_thousand_at_most(world: World) -> None:
    await add_students(world, *(f"p{i}" for i in range(700)))
    people = [f"p{i}@school.example" for i in range(1000)]
    rows = await bring(world, "root", *people)
    assert [row["outcome"] for row in rows].count("enrolled") == 700
    bodies: list[list[Any]] = [
        [],
        [{"email": person} for person in [*people, "one@school.example"]],
        [{}],
        [{"email": 7}],
    ]
    for wrong in bodies:
        refused(await world.call("root", "POST", C1, json={"people": wrong}), 422, "invalid_input")
    both = {"email": "a@school.example", "user_id": str(new_id())}
    refused(await world.call("root", "POST", C1, json={"people": [both]}), 422, "invalid_input")


@pytest.mark.parametrize("who", ["ada", "root"])
async def test_hostile_names_are_refused_not_errors(world: World, who: str) -> None:
    hostile = ["é" * 300, "a" * 320, "@", " ", "\uff41@school.example", "a@" + "b" * 300, "a b@school.example"]
    rows = await bring(world, who, *hostile)
    assert {told(row) for row in rows} == {("refused", "invalid_email")}
    for text, status in (("a@b\x00.example", 400), ("x" * 321, 422)):
        answer = await world.call(who, "POST", C1, json={"people": [{"email": text}]})
        assert answer.status_code == status


async def test_only_students_enter_by_an_invitation(world: World) -> None:
    await bring(world, "ada", "new@school.example")
    made = {
        "email": "new@school.example",
        "full_name": "New Teacher",
        "role": "instructor",
        "password": "orange bicycle 12",
    }
    ok(await world.call("root", "POST", "/users", json=made), 201)
    await confirm(world, "new@school.example")
    await world.jobs()
    assert "new" not in await sources(world)
    async with world.runtime.database.read_session() as session:
        assert await session.scalar(select(User.role).where(User.email == "new@school.example")) is Role.INSTRUCTOR
