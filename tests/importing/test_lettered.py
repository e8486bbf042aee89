"""Pasted questions as most people type them, and as Aiken's format has them: letters, stars, a line that says which."""

import pytest

from studium.modules.exchange.pasting.reading import read_pasted
from studium.modules.exchange.pasting.schemas import PASTE_MAX, PasteFormat

AIKEN = """Is this a question, with {braces}?
A. Yes
B) No
ANSWER: A
Which of these
is LMS short for?
A) Learning Many Things
B) Learning Management System
C) Lots
ANSWER: B

Two?
A.2
B.3
ANSWER: A
"""
ARABIC = """1. ما عاصمة مصر؟
أ) بغداد
ب) القاهرة
ج) تونس
الإجابة: ب

أيها أعداد أولية؟ [2]
أ- ٢
* ب- ٣
ت- ٤
*ث- ٦

السماء زرقاء.
الجواب الصحيح: صح
"""


def right(text: str) -> list[tuple[str, list[str], list[str]]]:
    """Of each question its text, its options, and those that are right; a key stands among both."""
    found = read_pasted(text, None)
    assert (found.format, found.faults) == (PasteFormat.PLAIN, [])
    return [
        (
            one.question_text,
            [each.text for each in one.options or ()] or [one.correct_answer or ""],
            [each.text for each in one.options or () if each.is_correct] or [one.correct_answer or ""],
        )
        for one in found.questions
    ]


def test_a_file_of_aikens_is_read_without_empty_lines_too() -> None:
    assert right(AIKEN) == [
        ("Is this a question, with {braces}?", ["Yes", "No"], ["Yes"]),
        (
            "Which of these\nis LMS short for?",
            ["Learning Many Things", "Learning Management System", "Lots"],
            ["Learning Management System"],
        ),
        ("Two?", ["2", "3"], ["2"]),
    ]


def test_arabic_letters_are_read_in_either_order() -> None:
    assert right(ARABIC) == [
        ("ما عاصمة مصر؟", ["بغداد", "القاهرة", "تونس"], ["القاهرة"]),
        ("أيها أعداد أولية؟", ["٢", "٣", "٤", "٦"], ["٣", "٦"]),
        ("السماء زرقاء.", ["true"], ["true"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Q?\na) one\n*b) two\nc) three",
        "Q?\na) one\n* b) two\nc) three",
        "Q?\na) one\nb) two *\nc) three",
        "Q?\na) one\nb) *two\nc) three",
        "Q?\n(a) one\n**(b) two**\n(c) three",
        "Q?\nA. one\nB. two\nC. three\nAnswer: B",
        "Q?\nA. one\nB. two\nC. three\n**Correct answer:** b) two",
        "Q?\n\na) one\n\nb) two\n\nc) three\n\nanswer: two",
        "Q?\n1) one\n2) two\n3) three\nANSWER: 2",
        "Q?\n- a) one\n* b) two\n- c) three",
        "Q?\n- one\n- two\n- three\nAnswer: two",
    ],
)
def test_a_right_answer_is_marked_in_many_ways(text: str) -> None:
    assert right(text) == [("Q?", ["one", "two", "three"], ["two"])]


def test_what_looks_like_letters_and_is_none_stays_as_it_was() -> None:
    several = (
        "Q?\na) one\nb) two\nc) three\nAnswers: A and c\nExplanation: So it is.\n\nNext?\nAnswer: 8\nAnswer: eight"
    )
    assert right(several) == [
        ("Q?", ["one", "two", "three"], ["one", "three"]),
        ("Next?", ["8|eight"], ["8|eight"]),
    ]
    assert read_pasted(several, None).questions[0].explanation == "So it is."
    assert right("Q?\na) *Homo sapiens*\nb) *Canis lupus* *\nAnswer: B")[0][1:] == (
        ["*Homo sapiens*", "*Canis lupus*"],
        ["*Canis lupus*"],
    )
    essays = "A. Smith wrote it. Why?\n\nSay:\n1. why\n2. how\n\nSay:\na\\) why\nb\\) how\n\nA. Lone line\nof words"
    assert [(one.line, one.question_type.value) for one in read_pasted(essays, None).questions] == [
        (1, "essay"),
        (3, "essay"),
        (7, "essay"),
        (11, "essay"),
    ]
    assert right("2. Q?\n1) one\n*2) two\n\n3. R?\n1) one\n*2) two") == [
        ("Q?", ["one", "two"], ["two"]),
        ("R?", ["one", "two"], ["two"]),
    ]
    assert right("Q?\n* A. Einstein\n- N. Bohr") == [("Q?", ["A. Einstein", "N. Bohr"], ["A. Einstein"])]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("Q?\na) one\nb) two", 2, "No answer is marked as right"),
        ("Q?\nأ) one\nب) two", 2, "No answer is marked as right"),
        ("Q?\n\nA. one\n\nB. two", 3, "No answer is marked as right"),
        ("Q?\na) one\nb) two\nAnswer: c", 4, "names none of the answers"),
        ("Q?\na) one\nb) two\nANSWER:", 4, "names none of the answers"),
        ("Q?\n*a) one\nb) two\nANSWER: B", 4, "mark different answers"),
        ("a) one\n*b) two", 1, "The question is missing"),
        ("Answer: B", 1, "The question is missing"),
        ("Q?\na) one\n*b) two\nand more\nc) three", 4, "Below the answers"),
        ("Q?\n*a) one", 1, "2 to 20 options"),
    ],
)
def test_answers_of_which_none_is_right_are_no_essay(text: str, line: int, reason: str) -> None:
    found = read_pasted(text, None)
    assert found.questions == []
    (fault,) = found.faults
    assert fault.line == line
    assert reason in fault.reason


@pytest.mark.parametrize("piece", ["*", "a) *\n", "Answer: B\n", "- x\n", "(", "\u0640", "** "])
def test_hostile_letters_are_read_in_one_go(piece: str) -> None:
    """Minutes without that, in which the process answers nobody."""
    text = f"Q?\n{piece * (PASTE_MAX // len(piece) - 5)}"
    assert len(read_pasted(text, PasteFormat.PLAIN).questions) <= 1
