"""One source cannot have mails sent to everybody, or fill the queue for addresses that nobody has."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from studium.access.throttle import WIDER, Limit
from studium.kit.base import clock
from studium.models import ThrottleHit
from studium.modules.auth import actions_links
from tests.auth.helpers import Door, code_of

PATHS = ["forgot-password", "verify-email"]
FEW = 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (actions_links.PER_SOURCE.hits, actions_links.PER_SOURCE.seconds) == (300, 3600)
    monkeypatch.setattr(actions_links, "PER_SOURCE", Limit("mail:source", FEW, timedelta(hours=1)))


async def ask(door: Door, path: str, name: object) -> int:
    answer = await door.call("POST", f"/auth/{path}", json={"email": f"{name}@school.example"})
    assert "ratelimit" not in answer.headers, "the answer must not tell who has an account"
    if answer.status_code == 429:
        assert code_of(answer) == "too_many_requests"
        assert 0 < int(answer.headers["retry-after"]) <= 3601
    return answer.status_code


async def hits(door: Door) -> int:
    async with door.database.read_session() as session:
        return await session.scalar(select(func.count()).select_from(ThrottleHit)) or 0


@pytest.mark.parametrize("path", PATHS)
async def test_a_source_has_an_end_and_others_do_not_feel_it(door: Door, path: str) -> None:
    await door.person("sam@school.example", email_verified_at=None)
    assert [await ask(door, path, n) for n in ("sam", 1, 2, 3, "sam")] == [200, 200, 200, 429, 429]
    before = await hits(door)
    assert await ask(door, path, "another") == 429
    assert await hits(door) == before, "what is refused writes nothing"
    door.source = "203.0.113.9"
    assert await ask(door, path, "another") == 200
    door.source = "198.51.100.7"
    with clock.shifted(timedelta(hours=1, seconds=1)):
        assert await ask(door, path, "sam") == 200


async def test_both_kinds_of_links_count_together(door: Door) -> None:
    assert [await ask(door, PATHS[n % 2], n) for n in range(FEW + 1)] == [200] * FEW + [429]


async def test_asking_again_for_one_address_costs_no_room(door: Door) -> None:
    for _ in range(FEW + 2):
        assert await ask(door, "forgot-password", "sam") == 200
    assert await ask(door, "forgot-password", "mia") == 200


async def test_a_network_of_ipv6_is_counted_as_a_whole(door: Door) -> None:
    statuses = []
    for n in range(FEW * WIDER + 1):
        door.source = f"2001:db8:0:{n:x}::1"
        statuses.append(await ask(door, "forgot-password", n))
    assert statuses == [200] * (FEW * WIDER) + [429]
