"""Throttles and known devices go by sources: a /64 of IPv6 is one, and the /48 around it has a wider count."""

from collections import Counter

import pytest
from sqlalchemy import delete, select

from studium.access.password_attempts import PER_SITE
from studium.models import AuditEvent, ThrottleHit, UserSession
from tests.auth.helpers import Door

SAM = "sam@school.example"


def in_house(n: int) -> str:
    """An address of one /64."""
    return f"2001:db8:7:1:{n:x}::{n:x}"


def at_site(n: int) -> str:
    """An address of another /64 each time, in one /48."""
    return f"2001:db8:7:{n:x}::1"


async def fail_from(door: Door, sources: list[str], email: str | None = None) -> Counter[int]:
    """Wrong passwords, one from each source, each for another account unless `email` names one."""
    seen: Counter[int] = Counter()
    for n, door.source in enumerate(sources):
        seen[(await door.try_login(email or f"guess{n}@school.example", "not the password")).status_code] += 1
    return seen


async def test_a_64_has_ten_guesses_at_an_account_and_thirty_in_all(door: Door):
    await door.person(SAM)
    assert await fail_from(door, [in_house(n) for n in range(12)], SAM) == {401: 10, 429: 2}
    assert await fail_from(door, [in_house(n) for n in range(22)]) == {401: 20, 429: 2}
    door.source = "2001:db8:7:2::1"
    assert (await door.try_login(SAM)).status_code == 200


async def test_a_48_has_five_times_as_many(door: Door):
    assert await fail_from(door, [at_site(n) for n in range(PER_SITE.hits + 3)]) == {401: PER_SITE.hits, 429: 3}
    door.source = "2001:db8:8::1"
    assert (await door.try_login(SAM, "not the password")).status_code == 401


async def test_a_64_does_not_close_an_account_to_others(door: Door):
    await door.person(SAM)
    await fail_from(door, [in_house(n) for n in range(120)], SAM)
    door.source = "203.0.113.9"
    assert (await door.try_login(SAM)).status_code == 200


async def test_ipv4_in_ipv6_is_ipv4(door: Door):
    sources = ["198.51.100.7", "::ffff:198.51.100.7"] * 6
    assert await fail_from(door, sources, SAM) == {401: 10, 429: 2}


async def test_another_address_of_the_house_is_no_new_device(door: Door):
    await door.person(SAM)
    for n in (1, 2, 3):
        door.source = in_house(n)
        await door.log_in(SAM)
    assert await door.mails(SAM) == []
    door.source = at_site(9)
    await door.log_in(SAM)
    assert [mail["Subject"] for mail in await door.mails(SAM)] == ["New log-in to your account"]
    async with door.database.read_session() as session:
        kept = set((await session.execute(select(UserSession.address))).scalars())
        told = set((await session.execute(select(AuditEvent.address))).scalars())
    assert kept == told == {"2001:db8:7:1::/64", "2001:db8:7:9::/64"}


@pytest.mark.parametrize("path", ["/certificates/verify/", "http://test/verify/"])
async def test_a_64_cannot_read_names_off_the_numbers_of_certificates(door: Door, path: str):
    async def ask(source: str, n: int) -> int:
        door.source = source
        return (await door.call("GET", f"{path}CERT-20260105-{n:06X}")).status_code

    assert Counter([await ask(in_house(n), n) for n in range(23)]) == {200: 20, 429: 3}
    assert await ask("2001:db8:7:2::1", 1) == 200
    async with door.database.write_session() as session:
        await session.execute(delete(ThrottleHit))
    assert Counter([await ask(at_site(n), n) for n in range(103)]) == {200: 100, 429: 3}
    assert await ask("2001:db8:8::1", 1) == 200
