"""docs/asvs.md stays true: whatever it names exists, every section has a row, and what is met has its proof."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from studium.access import password_attempts
from studium.access.actor import RECENTLY
from studium.access.throttle import Limit
from studium.kit.security import passwords
from studium.models import TokenPurpose
from studium.modules.auth import challenges, sessions
from studium.modules.certificates.queries import MISSES
from studium.modules.files.formats import FORMATS
from studium.modules.files.routes_download import ADDRESS_SECONDS
from studium.modules.users.credentials import LIFETIMES
from studium.modules.users.registrations import PER_SOURCE

MINUTE = timedelta(minutes=1)
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
SECTIONS = dict(enumerate((5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3), start=1))
"""How many sections each chapter of ASVS 5.0 has."""

STATES = ("met", "partly", "not met", "does not apply")
ABOUT_DOCUMENTATION = {"V2.1", "V6.1", "V7.1", "V13.1", "V14.1", "V16.1"}
"""Sections that ask for a page, of which a page is the proof; the others want a test."""

ROW = re.compile(r"^\| (V\d+\.\d+) \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:\.?[\w-]+/)+[\w.-]+|[\w.-]+\.(?:lock|yaml|md|toml))`")
LINK = re.compile(r"\]\(([\w./-]+\.md)(?:#([\w-]+))?\)")


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def rows() -> list[tuple[str, str, str, str]]:
    return [
        (section, asks.strip(), state.strip(), proof.strip()) for section, asks, state, proof in ROW.findall(text())
    ]


def test_every_section_of_every_chapter_has_one_row() -> None:
    wanted = [f"V{chapter}.{number}" for chapter, count in SECTIONS.items() for number in range(1, count + 1)]
    assert [row[0] for row in rows()] == wanted
    assert len(re.findall(r"^\| V", text(), re.MULTILINE)) == len(wanted), "a row is broken"
    assert re.findall(r"^## V(\d+) ", text(), re.MULTILINE) == [str(chapter) for chapter in SECTIONS]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_state_is_one_of_the_list_and_says_what_it_must(row: tuple[str, str, str, str]) -> None:
    section, _, state, proof = row
    name, _, reason = state.partition(": ")
    assert name in STATES
    assert bool(reason) == (name != "met"), "what is not simply met says why"
    if name in {"met", "partly"}:
        assert TEST.search(proof) or FILE.search(proof) or LINK.search(proof)
    if name == "met":
        assert (LINK if section in ABOUT_DOCUMENTATION else TEST).search(proof)


def test_the_sum_is_that_of_the_rows() -> None:
    names = [state.partition(": ")[0] for _, _, state, _ in rows()]
    met, partly, not_met, beside = (names.count(name) for name in STATES)
    said = f"Of the {len(names)} sections {met} are met, {partly} partly, {not_met} not met, and {beside} do not apply."
    assert said in text()


def test_every_test_that_is_named_exists() -> None:
    proofs = TEST.findall(text())
    assert len(proofs) > 100
    for path, name in proofs:
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), name


def test_every_file_and_heading_that_is_named_exists() -> None:
    assert [name for name in FILE.findall(text()) if not (ROOT / name).exists()] == []
    for page, heading in LINK.findall(text()):
        there = (PAGE.parent / page).read_text(encoding="utf-8")
        headings = {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", there, re.MULTILINE)
        }
        assert not heading or heading in headings, f"{page}#{heading}"


def security() -> str:
    return (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_kinds_of_files_are_those_that_are_taken() -> None:
    paragraph = re.search(r"^Taken are (.*?), of$", security(), re.MULTILINE | re.DOTALL)
    assert paragraph is not None
    assert re.findall(r"`(\w+)`", paragraph[1]) == list(FORMATS)


def test_figures_are_those_of_the_code() -> None:
    words = ("wrong ones in five minutes", "in an hour", "in a day")
    figures = (
        f"{passwords.MIN_LENGTH} to {passwords.MAX_LENGTH} characters",
        f"none of the {len(passwords.common_passwords()):,}",
        f"({passwords.MEMORY_KIB // 1024} MiB, {('one', 'two')[passwords.PASSES - 1]} passes)",
        of_limit(password_attempts.PER_ACCOUNT_AND_SOURCE),
        f"{of_limit(password_attempts.PER_SOURCE)}; {password_attempts.PER_SITE.hits}",
        of_limit(password_attempts.PER_ACCOUNT),
        ", ".join(f"{limit.hits} {word}" for limit, word in zip(challenges.PER_PERSON, words, strict=True)),
        f"in a day; {challenges.TRIES.hits}",
        f"{challenges.MAILS.hits} in an hour for a person",
        f"{PER_SOURCE.hits} in an hour for a source",
        f"{MISSES.hits} in {MISSES.within // MINUTE} minutes".replace("10", "ten"),
        f"after {sessions.ACCESS_LIFETIME // MINUTE} minutes, or",
        f"{sessions.IDLE_LIFETIME.days} days of silence, {sessions.ABSOLUTE_LIFETIME.days} days in all",
        f"again | after {RECENTLY // MINUTE} minutes",
        f"being set up | after {challenges.CHALLENGE_LIFETIME // MINUTE} minutes",
        f"after {LIFETIMES[TokenPurpose.VERIFY_EMAIL] // (60 * MINUTE)} hours; ",
        f"{LIFETIMES[TokenPurpose.RESET_PASSWORD] // MINUTE} minutes; {LIFETIMES[TokenPurpose.INVITATION].days} days",
        f"after {ADDRESS_SECONDS} seconds",
    )
    assert [figure for figure in figures if figure not in security()] == []


def of_limit(limit: Limit) -> str:
    window = {5 * MINUTE: "five minutes", 60 * MINUTE: "an hour"}[limit.within]
    return f"{limit.hits} failures in {window}"
