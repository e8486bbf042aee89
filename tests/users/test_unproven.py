"""Accounts whose address nobody has proved: what they may not do, what their first proof voids, and how they end."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from studium.kit.base import clock
from studium.kit.base.clock import now
from studium.models import (
    AuditEvent,
    Course,
    Enrollment,
    MfaMethod,
    RecoveryCode,
    RefreshToken,
    Role,
    User,
    UserSession,
)
from studium.modules.auth.factors import SECRET
from studium.modules.users.jobs import sweep_unproven
from tests.auth.helpers import PASSWORD, Door, code_of

NEW = "new@school.example"
OTHER = "purple anchor 58"
THIRTY = timedelta(days=30, seconds=1)


async def register(door: Door, email: str = NEW, **more: Any) -> Any:  # noqa: ANN401 -- an answer of the client.
    body = {"email": email, "full_name": "Noor", "password": PASSWORD}
    return await door.call("POST", "/auth/register", json=body, **more)


async def people(door: Door) -> dict[str, User]:
    async with door.database.read_session() as session:
        return {user.email: user for user in (await session.execute(select(User))).scalars()}


async def squat(door: Door) -> str:
    """Somebody registers another's address, logs in, writes metadata, and has a second factor on from earlier days."""
    await register(door)
    token = await door.token(NEW)
    body = {"metadata": {"language": "ar", "note": "mine"}}
    assert (await door.call("PATCH", "/users/me", token, json=body)).status_code == 200
    async with door.database.write_session() as session:
        user = (await session.execute(select(User).where(User.email == NEW))).scalar_one()
        user.mfa_enabled, user.mfa_method = True, MfaMethod.TOTP
        user.mfa_secret = door.runtime.keys.encrypt(SECRET, "JBSWY3DPEHPK3PXP")
        session.add(RecoveryCode(user_id=user.id, code_hash="code"))
    return token


@pytest.mark.parametrize("method", ["totp", "email"])
async def test_a_second_factor_wants_a_proven_address(door: Door, method: str):
    await register(door)
    token = await door.token(NEW)
    answer = await door.call("POST", "/auth/mfa/enable", token, json={"password": PASSWORD, "method": method})
    assert (answer.status_code, code_of(answer)) == (409, "email_not_verified")
    wrong = await door.call("POST", "/auth/mfa/enable", token, json={"password": "not the password"})
    assert (wrong.status_code, code_of(wrong)) == (403, "wrong_password")
    assert (await people(door))[NEW].mfa_secret is None


@pytest.mark.parametrize("way", ["confirm", "reset"])
async def test_the_first_proof_voids_what_was_there_before(door: Door, way: str):
    thief = await squat(door)
    if way == "confirm":
        link = await door.link_token(NEW, "/confirm-email")
        answer = await door.call("POST", "/auth/confirm-email", json={"token": link})
    else:
        await door.call("POST", "/auth/forgot-password", json={"email": NEW})
        link = await door.link_token(NEW, "/reset-password")
        answer = await door.call("POST", "/auth/reset-password", json={"token": link, "new_password": OTHER})
    assert answer.status_code == 200
    assert not await door.works(thief)
    me = await door.log_in(NEW, PASSWORD if way == "confirm" else OTHER)
    found = (await door.call("GET", "/users/me", me["access_token"])).json()
    assert (found["mfa_enabled"], found["metadata"]) == (False, {"language": "ar"})
    async with door.database.read_session() as session:
        assert await session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
        live = select(func.count()).select_from(RefreshToken).where(RefreshToken.revoked_at.is_(None))
        assert await session.scalar(live) == 1


async def test_a_later_reset_leaves_the_owners_own_things(door: Door):
    user = await door.person(NEW)
    async with door.database.write_session() as session:
        found = await session.get_one(User, user.id)
        found.profile_metadata = {"note": "mine"}
        found.mfa_enabled, found.mfa_method = True, MfaMethod.EMAIL
    await door.call("POST", "/auth/forgot-password", json={"email": NEW})
    link = await door.link_token(NEW, "/reset-password")
    await door.call("POST", "/auth/reset-password", json={"token": link, "new_password": OTHER})
    found = (await people(door))[NEW]
    assert (found.mfa_enabled, found.profile_metadata) == (True, {"note": "mine"})


async def test_an_invitation_keeps_what_the_admin_wrote(door: Door):
    await door.person("root@school.example", Role.ADMIN)
    wish = {"email": NEW, "full_name": "Noor", "metadata": {"team": "biology"}}
    await door.call("POST", "/users", await door.token("root@school.example"), json=wish)
    link = await door.link_token(NEW, "/set-password")
    await door.call("POST", "/auth/reset-password", json={"token": link, "new_password": OTHER})
    assert (await people(door))[NEW].profile_metadata == {"team": "biology"}


async def test_an_address_that_nobody_proved_is_free_after_thirty_days(door: Door):
    await register(door)
    await door.token(NEW)
    with clock.shifted(timedelta(days=29, hours=23)):
        await sweep_unproven(door.runtime)
        assert NEW in await people(door)
    with clock.shifted(THIRTY):
        await sweep_unproven(door.runtime)
        assert await people(door) == {}
        assert (await register(door)).status_code == 201
    async with door.database.read_session() as session:
        told = select(AuditEvent.action, AuditEvent.actor_id).order_by(AuditEvent.occurred_at, AuditEvent.id)
        record = (await session.execute(told)).all()
    assert [action for action, _ in record] == ["users.registered", "auth.login", "users.expired", "users.registered"]
    assert record[0].actor_id == record[1].actor_id is not None, "the record says who it was"


async def test_who_is_still_logged_in_is_logged_out_first(door: Door):
    await register(door)
    with clock.shifted(timedelta(days=29)):
        await door.log_in(NEW)
    with clock.shifted(THIRTY):
        await sweep_unproven(door.runtime)
        assert NEW in await people(door)
        async with door.database.read_session() as session:
            assert await session.scalar(select(func.count()).where(UserSession.revoked_at.is_(None))) == 0
        await sweep_unproven(door.runtime)
        assert await people(door) == {}


async def test_who_has_learned_something_stays_and_is_closed_until_proved(door: Door):
    ada = await door.person("ada@school.example", Role.INSTRUCTOR)
    await register(door)
    student = (await people(door))[NEW]
    course = Course(title="Bees", slug="bees", instructor_id=ada.id, is_published=True)
    async with door.database.write_session() as session:
        session.add(course)
        await session.flush()
        session.add(Enrollment(student_id=student.id, course_id=course.id, enrolled_at=now()))
    with clock.shifted(THIRTY):
        await sweep_unproven(door.runtime)
        closed = await door.try_login(NEW)
        assert (closed.status_code, code_of(closed)) == (403, "email_not_verified")
        await door.call("POST", "/auth/verify-email", json={"email": NEW})
        link = await door.link_token(NEW, "/confirm-email")
        await door.call("POST", "/auth/confirm-email", json={"token": link})
        assert (await door.try_login(NEW)).status_code == 200
        await sweep_unproven(door.runtime)
        assert NEW in await people(door)


async def test_the_proven_and_the_staff_never_expire(door: Door):
    await door.person("sam@school.example")
    for role in (Role.ADMIN, Role.INSTRUCTOR):
        await door.person(f"{role}@school.example", role, email_verified_at=None)
    with clock.shifted(timedelta(days=3000)):
        await sweep_unproven(door.runtime)
        assert len(await people(door)) == 3
        for name in ("sam", "admin", "instructor"):
            await door.log_in(f"{name}@school.example")


async def test_more_than_one_batch_goes_at_once(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("studium.modules.users.jobs._AT_ONCE", 2)
    for n in range(5):
        await door.person(f"n{n}@school.example", email_verified_at=None)
    with clock.shifted(THIRTY):
        await sweep_unproven(door.runtime)
    assert await people(door) == {}


async def test_a_source_registers_three_hundred_in_an_hour(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("studium.modules.users.registrations.PER_SOURCE", limit := small_limit())
    seen = Counter([(await register(door, f"n{n}@school.example")).status_code for n in range(limit.hits + 2)])
    assert seen == {201: limit.hits, 429: 2}
    assert int((await register(door)).headers["retry-after"]) > 3000
    door.source = "203.0.113.9"
    assert (await register(door)).status_code == 201
    door.source = "198.51.100.7"
    with clock.shifted(timedelta(hours=1, seconds=1)):
        assert (await register(door, "later@school.example")).status_code == 201


def small_limit() -> Any:  # noqa: ANN401 -- a Limit of the throttle.
    from studium.modules.users.registrations import PER_SOURCE  # noqa: PLC0415 -- it is patched.

    assert (PER_SOURCE.hits, PER_SOURCE.seconds) == (300, 3600)
    return type(PER_SOURCE)(PER_SOURCE.scope, 4, PER_SOURCE.within)


async def test_taken_addresses_count_too(door: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("studium.modules.users.registrations.PER_SOURCE", small_limit())
    await door.person("sam@school.example")
    wish = {"email": "sam@school.example", "full_name": "Sam Reader", "password": PASSWORD}
    for path in ("/auth/register", "/users/register"):
        statuses = [(await door.call("POST", path, json=wish)).status_code for _ in range(3)]
        assert statuses == ([409] * 3 if path == "/auth/register" else [409, 429, 429])


class TestInAll:
    """Everybody together."""

    @pytest.fixture
    def settings_changes(self) -> dict[str, Any]:
        return {"registrations_per_hour": 5}

    async def test_all_sources_together_have_a_limit(self, door: Door):
        statuses = []
        for n in range(8):
            door.source = f"203.0.113.{n}"
            statuses.append((await register(door, f"n{n}@school.example")).status_code)
        assert statuses == [201] * 5 + [429] * 3
        answer = await register(door)
        assert (answer.status_code, code_of(answer)) == (429, "too_many_requests")
        assert int(answer.headers["retry-after"]) > 0
        assert len(await people(door)) == 5
