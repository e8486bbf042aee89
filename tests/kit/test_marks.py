"""Marks that are piled on one letter cost no more time than their number."""

import unicodedata
from time import process_time

import pytest

from studium.kit.marks import MARKS_MAX, composed, without_piles

MARKS = ["\u0301", "\u0323\u0301", "\u0344", "\u0f73", "\u0f75\u0f81", "\U0001d165\u0345"]
"""Of one class and of several; alone and falling apart into others."""


@pytest.mark.parametrize("marks", MARKS)
def test_a_pile_is_refused_and_cut(marks: str) -> None:
    began = process_time()
    pile = "e" + marks * 200_000
    with pytest.raises(ValueError, match="more than 30 marks"):
        without_piles(pile)
    cut = composed(pile)
    assert process_time() - began < 1
    assert len(unicodedata.normalize("NFD", cut)) <= 1 + 2 * MARKS_MAX
    assert without_piles(cut) == cut


@pytest.mark.parametrize(
    "text", ["plain", "caf\u00e9", "cafe\u0301", "x" + "\u0301" * MARKS_MAX, "\ud55c\uae00 \u0939\u093f"]
)
def test_other_text_is_composed_alone(text: str) -> None:
    assert without_piles(text) == text
    assert composed(text) == unicodedata.normalize("NFC", text)
