"""Verifying: anybody may ask, hears what a stranger may hear and no more, and cannot go on guessing."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from studium.kit.base.clock import now
from studium.models import AuditEvent, Certificate
from tests.world import NUMBER, World

VERIFY = "/certificates/verify/"
MEMBERS = {
    "valid",
    "status",
    "certificate_number",
    "student_name",
    "course_title",
    "completion_date",
    "issued_at",
    "revoked_at",
}
MALFORMED = [
    "nonsense",
    "CERT-20260105-A1B2C",
    "CERT-20260105-A1B2C33",
    "CERT-20260105-G1B2C3",
    "CERT-2026O105-A1B2C3",
    "%ff%fe",
    "' OR 1=1 --",
    "<script>alert(1)",
    "٢",
    "x" * 8_000,
]


async def ask(world: World, number: str, who: str | None = None) -> dict[str, object]:
    answer = await world.call(who, "GET", VERIFY + number)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    assert found.keys() == MEMBERS
    return found


async def revoke(world: World, reason: str = "A mistake.", who: str = "root"):
    return await world.call(who, "POST", "/certificates/{X3}/revoke", json={"reason": reason})


async def test_a_valid_one_says_whose_and_what_for(world: World) -> None:
    found = await ask(world, NUMBER)
    assert (found["valid"], found["status"]) == (True, "valid")
    assert (found["student_name"], found["course_title"]) == ("Sam Example", "Course C3")
    assert found["revoked_at"] is None
    private = [*(str(world.ids[name]) for name in ("X3", "E3", "sam", "C3", "ada")), "@", "x3.pdf", "Ada"]
    assert not [one for one in private if one in str(found)]


@pytest.mark.parametrize("typed", [NUMBER.lower(), f"%20{NUMBER}%20", f"%E2%81%A8{NUMBER}%E2%81%A9"])
async def test_a_number_may_be_typed_by_hand_or_copied_from_a_mail(world: World, typed: str) -> None:
    found = await ask(world, typed)
    assert (found["valid"], found["certificate_number"]) == (True, NUMBER)


async def test_a_revoked_one_says_so_and_no_more(world: World) -> None:
    await revoke(world)
    found = await ask(world, NUMBER)
    assert (found["valid"], found["status"], found["certificate_number"]) == (False, "revoked", NUMBER)
    assert found["revoked_at"] is not None
    assert [found[name] for name in ("student_name", "course_title", "completion_date", "issued_at")] == [None] * 4
    assert "mistake" not in str(found)


async def test_an_unknown_one_is_not_found(world: World) -> None:
    found = await ask(world, "CERT-20260105-FFFFFF")
    assert (found["valid"], found["status"], found["certificate_number"]) == (
        False,
        "not_found",
        "CERT-20260105-FFFFFF",
    )
    assert {value for name, value in found.items() if name not in {"valid", "status", "certificate_number"}} == {None}


@pytest.mark.parametrize("typed", MALFORMED, ids=lambda typed: typed[:14])
async def test_what_is_no_number_is_not_found(world: World, typed: str) -> None:
    found = await ask(world, typed)
    assert (found["valid"], found["status"], found["certificate_number"]) == (False, "not_found", None)


@pytest.mark.parametrize("typed", [f"{NUMBER}%0A", "%0d%0aSet-Cookie:%20a=b"])
async def test_control_characters_are_no_address(world: World, typed: str) -> None:
    assert (await world.call(None, "GET", VERIFY + typed)).status_code == 404


async def test_guessing_ends_after_twenty_misses(world: World) -> None:
    for number in range(20):
        await ask(world, f"CERT-20260105-{number:06d}")
    for path in (f"{VERIFY}CERT-20260105-FFFFFF", f"{VERIFY}{NUMBER}"):
        answer = await world.call(None, "GET", path)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(answer.headers["Retry-After"]) <= 600
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert (await ask(world, NUMBER))["valid"] is True


async def test_hits_are_not_counted(world: World) -> None:
    answers = await asyncio.gather(*(world.call(None, "GET", VERIFY + NUMBER) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}


async def test_revoking_is_for_ever_and_said_once(world: World) -> None:
    first = await revoke(world, "  A mistake.  ")
    again = await revoke(world, "Another reason.")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["is_revoked"], first.json()["revocation_reason"]) == (True, "A mistake.")
    assert (await world.call("sam", "GET", "/certificates/{X3}")).json() == first.json()
    assert await world.count(AuditEvent) == 1
    generate = await world.call("sam", "POST", "/certificates/enrollments/{E3}/generate")
    assert (generate.status_code, generate.json()["code"]) == (409, "certificate_is_revoked")
    assert await world.count(Certificate) == 1


async def test_ten_revocations_at_once_are_one(world: World) -> None:
    answers = await asyncio.gather(*(revoke(world, f"Reason {number}.") for number in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await world.count(AuditEvent) == 1


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 501}, {"reason": 7}, {"reason": "a\x00b"}]
)
async def test_a_revocation_has_a_reason(world: World, body: dict[str, object]) -> None:
    answer = await world.call("root", "POST", "/certificates/{X3}/revoke", json=body)
    assert answer.status_code in {400, 422}
    assert (await ask(world, NUMBER))["valid"] is True


async def test_a_link_that_others_have_lengthened_still_opens_the_page(world: World) -> None:
    page = await world.client.get(f"https://school.example/verify/{NUMBER}?fbclid=abc&utm_source=x")
    assert page.status_code == 200
    assert NUMBER in page.text
    assert (await world.client.get(f"/certificates/verify/{NUMBER}?fbclid=abc")).status_code == 422
