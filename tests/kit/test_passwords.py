"""Passwords: hashed at a known cost, by few at a time, and never one that everybody tries."""

import asyncio
import time
from collections.abc import Iterator
from threading import Event

import pytest

from studium.kit.base.problems import Overloaded
from studium.kit.security.passwords import (
    QUEUE,
    THREADS,
    BoundedExecutor,
    Weakness,
    common_passwords,
    executor,
    hash_password,
    verify_nothing,
    verify_password,
    weak_reason,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def cheap() -> Iterator[None]:
    with executor.with_cost(memory_kib=8, passes=1):
        yield


def reason(password: str, email: str = "sam.student@example.com", name: str = "Sam Ångström") -> Weakness | None:
    return weak_reason(password, email=email, name=name)


async def test_a_hash_has_the_cost_that_was_decided():
    assert (await hash_password("a fine password")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_password_is_verified_and_another_is_not(cheap):
    hashed = await hash_password("a fine password")
    assert await verify_password(hashed, "a fine password")
    assert not await verify_password(hashed, "a fine passwore")
    assert not await verify_password(hashed, "a fine password ")
    assert not await verify_password(hashed, "")


async def test_the_same_password_has_two_hashes(cheap):
    assert await hash_password("a fine password") != await hash_password("a fine password")


@pytest.mark.parametrize(
    "hashed", ["", "!", "$argon2id$", "$2b$12$aaaaaaaaaaaaaaaaaaaaaa", "$argon2id$v=19$m=8,t=1,p=1$a$b"]
)
async def test_a_text_that_is_no_hash_verifies_nothing(cheap, hashed: str):
    assert not await verify_password(hashed, "a fine password")


async def test_nothing_is_cut_off(cheap):
    hashed = await hash_password("é" * 127 + "a")
    assert await verify_password(hashed, "é" * 127 + "a")
    assert not await verify_password(hashed, "é" * 127 + "b")


async def test_an_unknown_account_costs_as_much_as_a_known_one():
    hashed = await hash_password("a fine password")
    known, unknown = [], []
    for _ in range(5):
        began = time.perf_counter()
        await verify_password(hashed, "another password")
        between = time.perf_counter()
        await verify_nothing("another password")
        known.append(between - began)
        unknown.append(time.perf_counter() - between)
    assert 0.5 < min(known) / min(unknown) < 2


async def test_a_full_executor_refuses_and_recovers():
    narrow, release = BoundedExecutor(threads=1, queue=2), Event()
    waiting = [asyncio.ensure_future(narrow.run(release.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await narrow.hash("a fine password")
    release.set()
    assert await asyncio.gather(*waiting) == [True, True, True]
    with narrow.with_cost(memory_kib=8, passes=1):
        assert await narrow.hash("a fine password")


async def test_a_caller_who_gives_up_does_not_free_a_thread_that_works():
    narrow, release = BoundedExecutor(threads=1, queue=0), Event()
    waiting = asyncio.ensure_future(narrow.run(release.wait))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.sleep(0.01)
    with pytest.raises(Overloaded):
        await narrow.hash("a fine password")
    release.set()


async def test_the_loop_is_free_while_threads_hash():
    hashing = asyncio.ensure_future(hash_password("a fine password"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


def test_the_lane_is_as_wide_as_was_decided():
    assert (THREADS, QUEUE) == (2, 32)


def test_the_list_is_long_and_every_entry_can_matter():
    listed = common_passwords()
    assert len(listed) >= 3000
    assert all(len(entry) >= 8 and entry == entry.casefold() for entry in listed)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", Weakness.TOO_SHORT),
        ("x7$kQ2!", Weakness.TOO_SHORT),
        ("\U0001d4b37$kQ2!", Weakness.TOO_SHORT),
        ("x7$kQ2!" + "é" * 122, Weakness.TOO_LONG),
        ("password", Weakness.TOO_COMMON),
        ("PassWord1", Weakness.TOO_COMMON),
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", Weakness.TOO_COMMON),
        ("12345678", Weakness.TOO_COMMON),
        ("qwertyuiop", Weakness.TOO_COMMON),
        ("1qaz2wsx", Weakness.TOO_COMMON),
        ("Summer2026!", Weakness.TOO_COMMON),
        ("iloveyou", Weakness.TOO_COMMON),
        ("aaaaaaaa", Weakness.TOO_COMMON),
        ("sam.student@example.com", Weakness.TOO_PERSONAL),
        ("SAM.STUDENT1", Weakness.TOO_PERSONAL),
        ("samstudent", Weakness.TOO_PERSONAL),
        ("Ångström1", Weakness.TOO_PERSONAL),
        ("sam ångström", Weakness.TOO_PERSONAL),
        ("Studium2026!", Weakness.TOO_PERSONAL),
        ("studiumstudium", Weakness.TOO_PERSONAL),
        ("studium12345678", Weakness.TOO_PERSONAL),
    ],
)
def test_weak_passwords_are_refused(password: str, expected: Weakness):
    assert reason(password) is expected


@pytest.mark.parametrize(
    "password",
    [
        "x7$kQ2!p",
        "correct-student-horse-9",
        "glücklich ohne Grund",
        "密码很长也很安全吧",
        "x7$kQ2!p" * 16,
        "🐎🔋📎✅🐎🔋📎✅",
    ],
)
def test_good_passwords_are_taken(password: str):
    assert reason(password) is None


def test_short_names_mean_nothing():
    assert reason("ada-has-a-boat", email="ada@example.com", name="Ada Li") is None


def test_a_reason_is_a_sentence_with_a_code():
    assert Weakness.TOO_COMMON.code == "too_common"
    assert all(weakness.endswith(".") for weakness in Weakness)
