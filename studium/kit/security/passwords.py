"""Passwords: argon2id in a bounded executor, and which passwords are too easy to guess."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from studium.kit.base import executors
from studium.kit.text.combining_marks import normal

MIN_LENGTH = 8
MAX_LENGTH = 128
THREADS = 2
QUEUE = 32
MEMORY_KIB = 19_456
PASSES = 2
PRODUCT = "studium"
_MIN_WORD = 4
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class Weakness(StrEnum):
    """Why a password is refused: the sentence itself, with a `code` for programs."""

    TOO_SHORT = f"Use at least {MIN_LENGTH} characters."
    TOO_LONG = f"Use at most {MAX_LENGTH} characters."
    TOO_COMMON = "This password is one of the first that an attacker tries."
    TOO_PERSONAL = "This password is little more than your name, your e-mail address or the name of this service."

    @property
    def code(self) -> str:
        """`too_short`, `too_long`, `too_common` or `too_personal`."""
        return self.name.lower()


class BoundedExecutor(executors.BoundedExecutor):
    """Two threads that do nothing but hash, with a queue of 32 before them.

    A hash takes 19 MiB and some hundredths of a second on purpose: unbounded, a burst of log-ins takes the machine.
    """

    def __init__(self, *, threads: int = THREADS, queue: int = QUEUE) -> None:
        super().__init__("passwords", threads=threads, queue=queue)
        self._hasher = _hasher(MEMORY_KIB, PASSES)

    async def hash(self, password: str) -> str:
        """The argon2id hash of `password` as a PHC string; raise Overloaded when the queue is full."""
        return await self.run(self._hasher.hash, password)

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether `hashed` was made from `password`; False when it is no hash at all. May raise Overloaded."""
        return await self.run(_matches, self._hasher, hashed, password)

    @contextmanager
    def with_cost(self, *, memory_kib: int, passes: int) -> Iterator[None]:
        """Hash at another cost inside the block. For tests, which have many log-ins and no attackers."""
        before, self._hasher = self._hasher, _hasher(memory_kib, passes)
        try:
            yield
        finally:
            self._hasher = before


def _hasher(memory_kib: int, passes: int) -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1),))


def _matches(hasher: PasswordHash, hashed: str, password: str) -> bool:
    try:
        return hasher.verify(password, hashed)
    except PwdlibError:
        return False


executor = BoundedExecutor()
"""The executor of this process; its bound limits memory."""


async def hash_password(password: str) -> str:
    """The hash to store for `password`; raise Overloaded when too many wait already."""
    return await executor.hash(password)


async def verify_password(hashed: str, password: str) -> bool:
    """Whether `password` is the one behind `hashed`; raise Overloaded when too many wait already."""
    return await executor.verify(hashed, password)


async def verify_nothing(password: str) -> None:
    """Spend what `verify_password` spends, so that an unknown account answers no sooner. May raise Overloaded."""
    await executor.hash(password)


def weak_reason(password: str, *, email: str, name: str) -> Weakness | None:
    """Why `password` (any case) is too easy to guess for this person, or None.

    Personal words are taken out first, and what is left must be a password by itself: a name may be part of a long one.
    """
    if len(password) < MIN_LENGTH:
        return Weakness.TOO_SHORT
    if len(password) > MAX_LENGTH:
        return Weakness.TOO_LONG
    plain = _plain(password)
    if plain in common_passwords():
        return Weakness.TOO_COMMON
    rest = _without(plain, _personal_words(email, name))
    if rest != plain and (len(rest) < MIN_LENGTH or rest in common_passwords()):
        return Weakness.TOO_PERSONAL
    return None


@cache
def common_passwords() -> frozenset[str]:
    """The shipped list of common passwords, case folded."""
    text = files("studium.kit.security").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _personal_words(email: str, name: str) -> list[str]:
    """What an attacker who knows the person tries, longest first: whole before its parts. Short words mean nothing."""
    address, full_name = _plain(email), _plain(name)
    local_part = address.partition("@")[0]
    words = {address, local_part, full_name, PRODUCT}
    for text in (local_part, full_name):
        parts = _BETWEEN_WORDS.split(text)
        words.update((*parts, "".join(parts)))
    return sorted((word for word in words if len(word) >= _MIN_WORD), key=len, reverse=True)


def _without(text: str, words: list[str]) -> str:
    for word in words:
        text = text.replace(word, "")
    return text


def _plain(text: str) -> str:
    return normal("NFKC", text).casefold()
