"""Pasting questions into a quiz: GIFT and the plain form, a dry run first, faults by line, all of them or none."""

from decimal import Decimal

import pytest

from studium.models import QuizQuestion
from studium.modules.exchange.pasting.reading import Pasted, read_pasted
from studium.modules.exchange.pasting.schemas import PASTE_MAX, PasteFormat
from tests.answers import ok, refused
from tests.world import World

PATH = "/courses/{C1}/quizzes/{Q1}/questions/paste"
DOT = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
PLAIN = """1. Which of these are primes?
There may be several. [2.5]
* 2
* 3
- 4
! One has to be greater than 1.

The sky is blue.
= True

  2) How many legs has a spider?
  = 8
  = eight

Why do we take samples?
"""
GIFT = """$CATEGORY: Numbers

// a comment
::Primes:: Which are primes? {~%50%2 ~%50%3 ~%-100%4 #### Greater than one.}

The sky is blue. {T}

How many? {#8:0.5}

Why? {}
"""


def shapes(pasted: Pasted) -> list[tuple[int, str]]:
    return [(one.line, one.question_type.value) for one in pasted.questions]


def test_the_plain_form_has_every_type() -> None:
    pasted = read_pasted(PLAIN, None)
    assert (pasted.format, pasted.faults) == (PasteFormat.PLAIN, [])
    assert shapes(pasted) == [(1, "multiple_choice"), (8, "true_false"), (11, "short_answer"), (15, "essay")]
    choice, truth, short, _ = pasted.questions
    assert (choice.question_text, choice.points) == (
        "Which of these are primes?\nThere may be several.",
        Decimal("2.5"),
    )
    assert [(one.text, one.is_correct) for one in choice.options or ()] == [("2", True), ("3", True), ("4", False)]
    assert choice.explanation == "One has to be greater than 1."
    assert (truth.correct_answer, short.correct_answer) == ("true", "8|eight")


def test_gift_is_read_as_an_import_reads_it() -> None:
    pasted = read_pasted(GIFT.replace("\n", "\r\n"), None)
    assert (pasted.format, pasted.faults) == (PasteFormat.GIFT, [])
    assert shapes(pasted) == [(4, "multiple_choice"), (6, "true_false"), (8, "short_answer"), (10, "essay")]
    assert pasted.questions[0].metadata == {"title": "Primes", "category": "Numbers", "scoring": "partial"}
    assert pasted.questions[2].metadata == {"match": "numeric", "tolerance": 0.5, "category": "Numbers"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("* 2\n* 3", 1, "The question is missing"),
        ("Which?\n* 2\nmore words\n- 3", 3, "Below the answers"),
        ("\n\nWhich?\n* 2\n= 3", 3, "either answers to choose from or right texts"),
        ("Which?\n- 2\n- 3", 1, "At least one option must be correct."),
        ("Which?\n* 2", 1, "A multiple-choice question has 2 to 20 options."),
        ("Which?\n* 2\n- 2", 1, "Options must have texts that differ."),
        (f"Which?\n* {'x' * 2_001}\n- 2", 1, "at most 2000 characters"),
        ("Fine. {T}\n\nHow many? {=8", 3, "a missing closing brace"),
        ("Match {=a -> 1 =b -> 2 =c -> 3}", 1, "there are no matching questions here"),
        ("Only a text. {T}\n\nWithout braces", 3, "a text without a question"),
        (f"[html]<img src='data:image/gif;base64,{DOT}'> Is it? {{T}}", 1, "A picture that is written"),
        (" \n \n", 1, "There is no question in it."),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, line: int, reason: str) -> None:
    wanted = PasteFormat.GIFT if "{" in text else None
    (fault,) = read_pasted(text, wanted).faults
    assert fault.line == line
    assert reason in fault.reason


def test_a_text_of_too_many_questions_is_not_read_to_its_end() -> None:
    pasted = read_pasted("Q\n= 1\n\n" * 5_000, None)
    assert len(pasted.questions) == 501
    assert [fault.reason for fault in pasted.faults] == ["A quiz holds at most 500 questions."]


async def test_a_dry_run_adds_nothing_and_then_all_are_added_at_the_end(world: World):
    before = await world.count(QuizQuestion)
    seen = ok(await world.call("ada", "POST", PATH, json={"text": PLAIN}))
    assert (seen["dry_run"], seen["format"], len(seen["questions"]), seen["question_ids"]) == (True, "plain", 4, [])
    assert await world.count(QuizQuestion) == before
    done = ok(await world.call("ada", "POST", PATH, json={"text": PLAIN, "dry_run": False}))
    assert len(done["question_ids"]) == 4
    listed = ok(await world.call("ada", "GET", "/courses/{C1}/quizzes/{Q1}/questions"))["items"]
    assert [one["id"] for one in listed[2:]] == done["question_ids"]
    assert [one["order_index"] for one in listed] == [1, 2, 3, 4, 5, 6]
    for shown, made in zip(done["questions"], listed[2:], strict=True):
        assert all(shown[name] == made[name] for name in ("question_text", "question_type", "points", "correct_answer"))


async def test_with_one_that_cannot_be_read_none_is_added(world: World):
    before = await world.count(QuizQuestion)
    body = {"text": f"{PLAIN}\nWhich?\n- 2\n- 3", "dry_run": False}
    told = refused(await world.call("ada", "POST", PATH, json=body), 422, "unreadable_questions")
    assert told["reasons"] == ["Line 17: At least one option must be correct."]
    assert await world.count(QuizQuestion) == before
    many = {"text": "Q [999]\n= 1\n\n" * 11, "dry_run": False}
    refused(await world.call("ada", "POST", PATH, json=many), 409, "too_many_questions")
    assert await world.count(QuizQuestion) == before
    for text in ("", "x" * (PASTE_MAX + 1), "a\x01"):
        refused(await world.call("ada", "POST", PATH, json={"text": text}), 422, "invalid_input")


@pytest.mark.parametrize(
    "text",
    ["\n" * (PASTE_MAX - 1) + "a", "a" + " " * (PASTE_MAX - 2) + "b", "a" + "[1" * 49_000, " \n" * 49_000 + "{"],
    ids=["lines", "spaces", "brackets", "blanks"],
)
@pytest.mark.parametrize("wanted", [None, PasteFormat.PLAIN])
def test_what_is_empty_is_read_in_one_go(text: str, wanted: PasteFormat | None) -> None:
    """Minutes without that, in which the process answers nobody."""
    assert len(read_pasted(text, wanted).questions) <= 1
