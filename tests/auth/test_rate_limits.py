"""Wherever a throttle counts, the answer says how much of it is left."""

import re

import pytest

from tests.auth.helpers import Door

SAM = "sam@school.example"
POLICY = re.compile(r'"([a-z-]+-\d+)";q=(\d+);w=(\d+)')
STANDING = re.compile(r'"([a-z-]+-\d+)";r=(\d+)(?:;t=(\d+))?')


def left(answer) -> dict[str, int]:
    """What remains of each policy that the answer names; every standing has its policy."""
    policies = {
        name: (int(quota), int(window)) for name, quota, window in POLICY.findall(answer.headers["ratelimit-policy"])
    }
    found = {name: int(remaining) for name, remaining, _ in STANDING.findall(answer.headers["ratelimit"])}
    assert found.keys() == policies.keys()
    assert all(0 <= found[name] <= policies[name][0] for name in found)
    return found


async def test_each_failure_takes_one_and_a_log_in_gives_them_back(door: Door) -> None:
    await door.person(SAM)
    near, source = "password-account-source-300", "password-source-300"
    assert left(await door.try_login(SAM, "wrong wrong wrong")) == {near: 9, source: 29}
    assert left(await door.try_login(SAM, "wrong wrong wrong")) == {near: 8, source: 28}
    assert left(await door.try_login(SAM)) == {near: 10, source: 28}


async def test_a_closed_throttle_says_when_it_opens(door: Door) -> None:
    for _ in range(10):
        await door.try_login("nobody@school.example", "wrong wrong wrong")
    closed = await door.try_login("nobody@school.example", "wrong wrong wrong")
    assert closed.status_code == 429
    assert left(closed)["password-account-source-300"] == 0
    ((_, _, seconds), _) = STANDING.findall(closed.headers["ratelimit"])
    assert seconds == closed.headers["retry-after"]
    assert 0 < int(seconds) <= 301


@pytest.mark.parametrize("path", ["/api/v1/certificates/verify/CERT-20260101-AAAAAA", "/verify/CERT-20260101-AAAAAA"])
async def test_verifying_says_it_too(door: Door, path: str) -> None:
    for expected in (19, 18):
        assert left(await door.call("GET", f"https://school.example{path}")) == {"certificate-miss-600": expected}


async def test_what_no_throttle_counts_says_nothing(door: Door) -> None:
    await door.try_login("nobody@school.example", "wrong wrong wrong")
    assert "ratelimit" not in (await door.call("GET", "/courses")).headers
    # Silent on purpose: the answer must not tell who has an account.
    silent = await door.call("POST", "/auth/forgot-password", json={"email": SAM})
    assert "ratelimit" not in silent.headers
