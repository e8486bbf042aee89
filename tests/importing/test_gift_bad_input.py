"""GIFT that is broken, hostile or far too long: a line of the report each time, soon, and never an exception."""

from pathlib import PurePath
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.modules.exchange.formats.gift.parts import gift_parts
from studium.modules.exchange.formats.gift.reader import GIFT_MAX, read_gift
from studium.modules.exchange.formats.questions.parts import Refused
from studium.modules.exchange.formats.questions.questions import PARTS_MAX
from studium.modules.exchange.model.items import ImportOutcome
from tests.importing.moodle_checks import assert_sound, fates

PATH = PurePath("quiz.gift")
MARKS = st.sampled_from([
    "{", "}", "=", "~", "#", "####", "::", ":", "->", "%50%", "%-100%", "%", "\\", "\\n", "\\=", "\n", "\n\n", "// ",
    "[id:", "[tag:x]", "]", "[html]", "[markdown]", "[plain]", "[", "T", "FALSE", "1", "-2.5", "..", "*", "|", "_", "`",
    "<b>", "</b>", "<", "&amp;", "<img src='@@PLUGINFILE@@/a.png'>", "data:image/png;base64,", "$CATEGORY: ", " ", "\t",
    "word", "é", "\u0301", "\u202e", "\ufdd3", "\x00", "\x85", "😀", "\u0661", "1e99", "9" * 60,
])  # fmt: skip


@given(st.lists(MARKS, max_size=40).map("".join))
def test_any_marks_in_any_order_give_sound_questions(text: str) -> None:
    found = read_gift(text.encode(), PATH)
    assert_sound(found)
    assert found.report


@given(st.text())
def test_any_text_gives_sound_questions(text: str) -> None:
    assert_sound(read_gift(text.encode("utf-8", "surrogatepass"), PATH))
    list(gift_parts(text))


@given(st.binary())
def test_any_bytes_give_a_report(data: bytes) -> None:
    assert read_gift(data, PATH).report


@given(st.lists(MARKS, max_size=20).map("".join), st.lists(MARKS, max_size=20).map("".join))
def test_what_is_between_the_braces_never_leaks_out(stem: str, body: str) -> None:
    found = read_gift(f"Before it\n\n{stem}{{{body}}}\n\nIs this after it?{{T}}".encode(), PATH)
    assert_sound(found)
    assert found.report[0].name == "Before it"
    assert found.report[-1].what in {"true false question", "part of the file"}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("Which?{=a", 1, "a missing closing brace }; an empty line ends a question"),
        ("\nWhich? =a}", 2, "a missing opening brace {"),
        ("Which? }=a{", 1, "a closing brace } before the opening one"),
        (
            "Wet?{T}\nCold?{F}",
            1,
            "more than one pair of braces: an empty line is missing between two questions, or an escape \\ before {",
        ),
        ("Which?{=a\\}", 1, "a missing closing brace }; an empty line ends a question"),
        ("Match.{=a->b =c}", 1, "an answer without -> among others that have one"),
        ("Which?{~%-101%a =b}", 1, "a weight of -101 %; weights go from -100 to 100"),
    ],
)
def test_what_is_broken_is_named_with_its_line(text: str, line: int, why: str) -> None:
    assert fates(read_gift(text.encode(), PATH)) == [(ImportOutcome.SKIPPED, line, why)]


def test_an_unclosed_brace_ends_at_the_empty_line() -> None:
    found = read_gift(b"::First::Which?{\n=a\n\n~b\n}\n\nIs it wet?{T}", PATH)
    assert fates(found) == [
        (ImportOutcome.SKIPPED, 1, "a missing closing brace }; an empty line ends a question"),
        (ImportOutcome.SKIPPED, 4, "a missing opening brace {"),
        (ImportOutcome.IMPORTED, 7, ""),
    ]
    assert found.report[0].name == "First"


@pytest.mark.parametrize("data", [b"Wet?{T}\n\nCaf\xe9?{T}", b"\n\n\xff\xff", b"Wet?{T}\n\n\x00\xd8"])
def test_another_encoding_is_named_with_its_line(data: bytes) -> None:
    assert fates(read_gift(data, PATH)) == [(ImportOutcome.SKIPPED, 3, "not UTF-8; save the file in that encoding")]


def test_half_a_character_of_utf_16() -> None:
    assert fates(read_gift(b"\xff\xfea\x00\x00\xd8", PATH))[0][0] is ImportOutcome.SKIPPED


def test_control_characters_are_left_out_and_named() -> None:
    found = read_gift("Is\x00 it \x1b[1mwet\ufdd0?{T}".encode(), PATH)
    assert found.questions[0].question_text == "Is it [1mwet?"
    assert fates(found) == [(ImportOutcome.CHANGED, 1, "control characters are left out")]


def test_piles_of_accents_are_cut() -> None:
    """Putting 200,000 marks in order would take minutes."""
    started = process_time()
    found = read_gift(("Is e" + "\u0301\u0327" * 100_000 + " an e?{T}").encode(), PATH)
    assert len(found.questions[0].question_text) < 60
    assert process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 20_001 + "{T}", "a text of more than 20,000 characters"),
        ("[html]" + "x" * 40_001 + "{T}", "HTML of more than 40,000 characters"),
        ("[html]" + "<div>" * 5_000 + "{T}", "its elements nest too deep to be read"),
        ("x" * 1_000_001 + "{T}", "a question of more than 1,000,000 characters"),
        ("x\n" * 500_001 + "{T}", "a question of more than 1,000,000 characters"),
    ],
)
def test_what_is_too_long_is_named(text: str, why: str) -> None:
    found = read_gift(f"Wet?{{T}}\n\n{text}\n\nCold?{{F}}".encode(), PATH)
    assert len(found.questions) == 2
    assert fates(found)[1] == (ImportOutcome.SKIPPED, 3, why)
    assert len(found.report[1].name) <= 80


def test_feedback_that_is_too_long_is_left_out_and_named() -> None:
    found = read_gift(f"Wet?{{T####{'x' * 20_001}}}".encode(), PATH)
    assert found.questions[0].explanation is None
    assert fates(found) == [(ImportOutcome.CHANGED, 1, "feedback of more than 20,000 characters is left out")]


def test_labels_are_cut_and_counted() -> None:
    tags = "".join(f"[tag:tag {number}]" for number in range(30))
    found = read_gift(f"// [id:{'i' * 255}] {tags}\n::{'t' * 300}::Wet?{{T}}".encode(), PATH)
    metadata = found.questions[0].metadata
    assert (len(str(metadata["title"])), len(str(metadata["external_id"]))) == (255, 255)
    assert metadata["tags"] == [f"tag {number}" for number in range(20)]
    assert fates(found) == [
        (ImportOutcome.CHANGED, 2, "only its first 20 tags are kept; its title is cut to 255 characters")
    ]


def test_a_file_that_is_too_big_is_not_read() -> None:
    found = read_gift(b"Wet?{T}\n\n" * (GIFT_MAX // 9 + 1), PATH)
    assert fates(found) == [(ImportOutcome.SKIPPED, 1, "more than 33,554,432 bytes")]


def test_a_hundred_thousand_questions_take_seconds_and_the_report_says_where_it_stopped() -> None:
    started = process_time()
    found = read_gift(("Is it wet, or =cold?{=yes ~no ~%5%x}\n\n" * 100_000).encode(), PATH)
    assert process_time() - started < 20
    assert len(found.report) == PARTS_MAX + 1
    assert found.report[-1].place == "quiz.gift:40001"
    assert found.report[-1].why == "more than 20,000 questions; nothing from here on was read"


@pytest.mark.parametrize(
    "mark", ["{", "~", "=", "#", "\\", "[", "[id:", "<", "&", "*a", "`", "\n", "%", "// [tag:", "- "]
)
def test_a_million_marks_take_no_longer_than_their_number(mark: str) -> None:
    """Twice as much takes about twice as long; with a square of it, this would take hours."""
    started = process_time()
    found = read_gift(b"x" + mark.encode() * (1_000_000 // len(mark)), PATH)
    found_between = read_gift(b"x{" + mark.encode() * (900_000 // len(mark)) + b"}", PATH)
    assert process_time() - started < 10
    assert {each.fate for each in found.report + found_between.report} == {ImportOutcome.SKIPPED}


def test_refused_parts_have_names() -> None:
    parts = list(gift_parts("::The title::Which?{=a\n\n   Some \\{words\\}   and more }"))
    assert [part.name for part in parts if isinstance(part, Refused)] == ["The title", "Some {words} and more }"]
