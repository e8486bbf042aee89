"""Marks that are piled on one letter cost no more time than their number."""

from collections.abc import Callable
from contextlib import suppress
from time import process_time
from unicodedata import normalize  # noqa: TID251 -- what the library itself says.

import pytest
from pydantic import TypeAdapter, ValidationError

from studium.kit.db.search import fold, words_of
from studium.kit.http.schemas import Name, normalize_name
from studium.kit.text.combining_marks import MARKS_MAX, Form, composed, normal, without_piles
from studium.modules.quizzes.question_types.comparing import normalized, number_of
from studium.modules.users.email import normalise_email

MARKS = ["\u0301", "\u0323\u0301", "\u0344", "\u0f73", "\u0f75\u0f81", "\U0001d165\u0345", "\uff9e\u0301"]
"""Of one class and of several; alone and falling apart into others; a mark by compatibility alone."""


@pytest.mark.parametrize("marks", MARKS)
def test_a_pile_is_refused_and_cut(marks: str) -> None:
    began = process_time()
    pile = "e" + marks * 200_000
    with pytest.raises(ValueError, match="more than 30 marks"):
        without_piles(pile)
    cut = composed(pile)
    assert process_time() - began < 1
    assert len(normalize("NFD", cut)) <= 1 + 2 * MARKS_MAX
    assert without_piles(cut) == cut


@pytest.mark.parametrize(
    "text", ["plain", "caf\u00e9", "cafe\u0301", "x" + "\u0301" * MARKS_MAX, "\ud55c\uae00 \u0939\u093f"]
)
def test_other_text_is_composed_alone(text: str) -> None:
    assert without_piles(text) == text
    assert composed(text) == normalize("NFC", text)


HOSTILE = {
    "marks": "a" + "\u0301\u0316" * 10_000,
    "half-width marks": "a" + "\uff9e\u0301" * 10_000,
    # What falls away between short runs of marks joins them to long ones.
    "joiners between marks": "a" + ("\u0334" * 10 + "\u093c" * 10 + "\u200d") * 1_000,
    "strokes between marks": "a" + ("\u0334" * 10 + "\u093c" * 10 + "\u0640") * 1_000,
    "jamo": "\u1100\u1161\u11a8" * 7_000,
    "leading jamo": "\u1100" * 20_000,
    "ligatures": "\ufdfa" * 20_000,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d" * 3_500,
    "Turkish capitals": "\u0130" * 20_000,
    "sharp s": "\u00df" * 20_000,
    "spaces": " " * 20_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "reads",
    [composed, fold, words_of, normalized, number_of, normalize_name, normalise_email],
    ids=lambda reads: reads.__name__,
)
def test_nothing_that_reads_a_text_takes_long(reads: Callable[[str], object], text: str) -> None:
    began = process_time()
    with suppress(ValueError):
        reads(text)
    # The quickest of these took 400 ms, and the time grew with the square.
    assert process_time() - began < 0.3


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFKD"])
def test_what_is_cut_differs_in_nothing_else(form: Form) -> None:
    for text in ("caf\u00e9 \ufb01 \ud55c\uae00", "x" + "\u0301" * MARKS_MAX, "\uff9e\u30ab\uff9e"):
        assert normal(form, text) == normalize(form, text)


def test_a_name_as_long_as_a_body_is_refused_unread() -> None:
    names: TypeAdapter[str] = TypeAdapter(Name)
    for text in ("a" * 950_000, "\u00e9" * 450_000, "a\u0301" * 300_000, " " * 950_000):
        began = process_time()
        with pytest.raises(ValidationError) as refused:
            names.validate_python(text)
        assert process_time() - began < 0.005
        assert refused.value.errors(include_input=False)[0]["type"] == "string_too_long"
