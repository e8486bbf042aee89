"""Another address: both mailboxes agree, in any order, once, within a day; and nobody learns who has an account."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update

from studium.kit.base import clock
from studium.kit.base.ids import new_id
from studium.kit.jobs.tables import JobRow
from studium.models import (
    AddressChange,
    Course,
    CourseInvitation,
    PeopleImport,
    PeopleImportRow,
    PlannedAction,
    Role,
    User,
)
from studium.modules.auth.jobs import sweep_sessions
from tests.auth.helpers import PASSWORD, Door, code_of, text_of

OLD, NEW = "sam@school.example", "sam@elsewhere.example"
MIA = "mia@school.example"
PAGE = "/confirm-address"


async def ask(door: Door, email: str = NEW, of: str = OLD) -> httpx2.Response:
    return await door.call("POST", "/auth/change-address", await door.token(of), json={"email": email})


async def follow(door: Door, token: str) -> httpx2.Response:
    return await door.call("POST", "/auth/confirm-address", json={"token": token})


async def links(door: Door, new: str = NEW, of: str = OLD) -> tuple[str, str]:
    """The link of the new mailbox and that of the old one."""
    assert (await ask(door, new, of)).status_code == 202
    return await door.link_token(new, PAGE), await door.link_token(of, PAGE)


async def user_of(door: Door, email: str) -> User | None:
    async with door.database.read_session() as session:
        return (await session.execute(select(User).where(User.email == email))).scalar_one_or_none()


@pytest.mark.parametrize("first", [0, 1])
async def test_both_mailboxes_agree_in_any_order(door: Door, first: int):
    sam = await door.person(OLD)
    tokens, session = await links(door), await door.token(OLD)
    answer = await follow(door, tokens[first])
    assert "other address" in answer.json()["message"]
    assert await door.works(session), "one mailbox alone changes nothing"
    assert await user_of(door, NEW) is None

    answer = await follow(door, tokens[1 - first])
    assert (answer.status_code, answer.json()["message"]) == (200, "The address is changed. Log in with it.")
    changed = await user_of(door, NEW)
    assert changed
    assert (changed.id, changed.version) == (sam.id, 2)
    assert not await door.works(session)
    assert (await door.try_login(OLD)).status_code == 401
    await door.log_in(NEW)
    for mailbox in (OLD, NEW):
        assert "has another address" in text_of((await door.mails(mailbox))[-1])
    assert ("auth.address_changed", "done") in await door.audit()


async def test_a_link_works_once(door: Door):
    await door.person(OLD)
    new, old = await links(door)
    answers = await asyncio.gather(*(follow(door, new) for _ in range(5)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 4}
    assert (await follow(door, old)).status_code == 200
    for token in (new, old):
        again = await follow(door, token)
        assert (again.status_code, code_of(again)) == (400, "invalid_token")


async def test_both_links_at_once_change_it_once(door: Door):
    await door.person(OLD)
    new, old = await links(door)
    answers = await asyncio.gather(*(follow(door, token) for token in (new, old, new, old)))
    assert Counter(answer.status_code for answer in answers) == {200: 2, 400: 2}
    assert await user_of(door, NEW)
    assert len(await door.mails(NEW)) == 2


async def test_links_die_after_a_day_and_are_forgotten_a_day_later(door: Door):
    await door.person(OLD)
    new, old = await links(door)
    with clock.shifted(timedelta(hours=24, seconds=1)):
        assert [(await follow(door, token)).status_code for token in (new, old)] == [400, 400]
    with clock.shifted(timedelta(hours=48, seconds=1)):
        await sweep_sessions(door.runtime)
    async with door.database.read_session() as session:
        assert (await session.execute(select(AddressChange))).all() == []


async def test_a_newer_wish_voids_the_older_one(door: Door):
    await door.person(OLD)
    older = await links(door)
    await links(door, "sam@third.example")
    assert [(await follow(door, token)).status_code for token in older] == [400, 400]


@pytest.mark.parametrize("what", ["password", "reset", "deactivated", "imported"])
async def test_whatever_ends_other_links_ends_these(door: Door, what: str):
    sam = await door.person(OLD)
    tokens = await links(door)
    if what == "password":
        body = {"password": "purple anchor 58", "current_password": PASSWORD}
        assert (await door.call("PATCH", "/users/me", await door.token(OLD), json=body)).status_code == 200
    elif what == "reset":
        await door.call("POST", "/auth/forgot-password", json={"email": OLD})
        reset = {"token": await door.link_token(OLD, "/reset-password"), "new_password": "purple anchor 58"}
        assert (await door.call("POST", "/auth/reset-password", json=reset)).status_code == 200
    else:
        changes = {"is_active": False} if what == "deactivated" else {"email": "sam@imported.example"}
        async with door.database.write_session() as session:
            await session.execute(update(User).where(User.id == sam.id).values(**changes))
    assert [(await follow(door, token)).status_code for token in tokens] == [400, 400]


async def test_the_change_voids_links_to_a_new_password(door: Door):
    await door.person(OLD)
    await door.call("POST", "/auth/forgot-password", json={"email": OLD})
    reset = await door.link_token(OLD, "/reset-password")
    for token in await links(door):
        assert (await follow(door, token)).status_code == 200
    body = {"token": reset, "new_password": "purple anchor 58"}
    assert (await door.call("POST", "/auth/reset-password", json=body)).status_code == 400


async def test_a_taken_address_is_answered_like_a_free_one(door: Door):
    await door.person(OLD)
    await door.person("mia@school.example")
    free, taken = await ask(door), await ask(door, "mia@school.example")
    assert free.status_code == taken.status_code == 202
    assert free.json().keys() == taken.json().keys()
    assert taken.json()["new_email"] == "mia@school.example"
    theirs, own = await door.link_token("mia@school.example", PAGE), await door.link_token(OLD, PAGE)
    assert (await follow(door, own)).json() == {
        "message": "Agreed. Now follow the link in the mail to the other address."
    }
    refused = await follow(door, theirs)
    assert (refused.status_code, code_of(refused)) == (409, "email_taken")
    assert (await follow(door, theirs)).status_code == 400
    await door.log_in(OLD)
    assert ("auth.address_changed", "refused") in await door.audit()


async def test_two_who_want_one_address_at_once(door: Door):
    tokens = []
    for person, minutes in ((OLD, 0), ("mia@school.example", 2)):
        await door.person(person)
        with clock.shifted(timedelta(minutes=minutes)):
            new, old = await links(door, NEW, person)
            assert (await follow(door, old)).status_code == 200
        tokens.append(new)
    answers = await asyncio.gather(*(follow(door, token) for token in tokens))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}


async def test_the_present_address_is_no_new_one(door: Door):
    await door.person(OLD)
    answer = await ask(door, "SAM@school.example ")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/email")


async def test_a_mailbox_is_spared_and_nobody_learns_who_else_wants_it(door: Door):
    await door.person(OLD)
    await door.person(MIA)
    assert (await ask(door)).status_code == 202
    free = await ask(door, "free@elsewhere.example", MIA)
    assert len(await door.mails(MIA)) == 1
    spared = await ask(door, of=MIA)
    assert (spared.status_code, spared.json().keys()) == (202, free.json().keys())
    assert limits_of(spared).keys() == limits_of(free).keys()
    assert (len(await door.mails(NEW)), len(await door.mails(MIA))) == (1, 2), "the old mailbox hears of each wish"
    with clock.shifted(timedelta(minutes=1, seconds=1)):
        assert (await ask(door, of=MIA)).status_code == 202
        assert len(await door.mails(NEW)) == 2


def limits_of(answer: httpx2.Response) -> dict[str, str]:
    """What an answer says of limits, by the name of its header."""
    return {name: value for name, value in answer.headers.items() if name.startswith("ratelimit")}


async def test_five_a_day_and_one_a_minute_for_an_address(door: Door):
    await door.person(OLD)
    assert (await ask(door)).status_code == 202
    assert (await ask(door)).status_code == 429
    for number in range(4):
        assert (await ask(door, f"sam{number}@elsewhere.example")).status_code == 202
    assert (await ask(door, "sam9@elsewhere.example")).status_code == 429


async def test_nothing_of_a_link_is_stored(door: Door):
    await door.person(OLD)
    tokens = await links(door)
    async with door.database.read_session() as session:
        connection = await session.connection()
        for table in ("address_changes", "audit_events", "throttle_hits"):
            rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()  # noqa: S608 -- a name of ours.
            assert rows
            assert not any(token in str(rows) for token in tokens)


async def test_the_address_that_is_left_is_forgotten(door: Door):
    """An erasure that comes later could not find it any more."""
    sam, ada = await door.person(OLD), await door.person("ada@school.example", role=Role.INSTRUCTOR)
    course = Course(id=new_id(), title="C", slug="c", description="C.", instructor_id=ada.id, category="C")
    table = PeopleImport(id=new_id(), owner_id=ada.id, original_filename="a.csv", file_size=1)
    own, others = new_id(), new_id()
    async with door.database.write_session() as session:
        session.add_all([course, table])
        await session.flush()
        for line, (email, whose) in enumerate([(OLD, None), (OLD, others), (OLD, sam.id), (NEW, own)]):
            session.add(
                PeopleImportRow(import_id=table.id, line=line, action=PlannedAction.CHANGE, email=email, user_id=whose)
            )
        for email in (OLD, "kim@school.example"):
            session.add(CourseInvitation(course_id=course.id, email=email, expires_at=clock.now() + timedelta(days=1)))
            error = f"SMTPRecipientsRefused: {email}"
            job = JobRow(id=new_id(), name="none", payload={}, state="dead", error=error)
            job.run_at = job.created_at = clock.now()
            session.add(job)
    new, old = await links(door)
    for token in (new, old):
        assert (await follow(door, token)).status_code == 200
    async with door.database.read_session() as session:
        rows = (await session.execute(select(PeopleImportRow.user_id))).scalars()
        assert set(rows) == {sam.id, own}, "what is theirs by their id stays theirs"
        assert (await session.execute(select(CourseInvitation.email))).scalars().all() == ["kim@school.example"]
        errors = (await session.execute(select(JobRow.error).where(JobRow.state == "dead"))).scalars()
        assert set(errors) == {None, "SMTPRecipientsRefused: kim@school.example"}
