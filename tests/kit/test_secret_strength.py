"""Which master secrets are taken: what a generator makes, and nothing that somebody thought of."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis.strategies import binary

from studium.kit.base.secret_strength import weakness_of


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Y",
        "a" * 64,
        "0123456789abcdef" * 4,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210",
        "12345678901234567890123456789012",
        "31415926535897932384626433832795028841",
        "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd",
        "asdfghjklqwertzuiopyxcvbnm1234567",
        "changeme-k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya",
        "the quick brown fox jumps over the lazy dog",
        "The Quick Brown Fox Jumps Over The Lazy Dog 1",
        "ThisIsMyVeryLongSuperKeyForProduction2026!",
        "correct horse battery staple correct horse",
        "my-school-key-2026-my-school-key-2026",
        "k9Lw2vQ8k9Lw2vQ8k9Lw2vQ8k9Lw2vQ8",
        "at least 32 random characters please!!",
    ],
)
def test_what_can_be_guessed_is_refused(secret: str) -> None:
    assert weakness_of(secret) is not None


@given(binary(min_size=1, max_size=6), binary(min_size=1, max_size=1))
def test_what_repeats_is_refused(part: bytes, one: bytes) -> None:
    for text in (part.hex() * 40, base64.b64encode(part).decode() * 40, one.hex() * 32):
        assert weakness_of(text[:64].ljust(32, "x")) is not None


def test_what_generators_make_is_taken() -> None:
    """A few in a hundred thousand may look like words; their owner asks the generator once more."""
    made = [secrets.token_hex(16) for _ in range(500)]
    made += [secrets.token_hex(32) for _ in range(500)]
    made += [secrets.token_urlsafe(32) for _ in range(500)]
    made += [base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(500)]
    assert sum(weakness_of(secret) is not None for secret in made) <= 2
