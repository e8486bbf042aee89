"""Files of questions in Aiken's format: told by their content, read as pasted text is."""

from decimal import Decimal
from pathlib import Path
from time import process_time

import pytest

from studium.models import QuestionType
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.model.texts import CourseFormatError, QuestionText
from studium.modules.exchange.reading.aiken import is_aiken
from studium.modules.exchange.reading.reader import read_material
from tests.importing.studio import read, tree, upload
from tests.world import World

AIKEN = """\
Which of these is *prime*?
A. 4
B. 5
C. the set {4, 5}
ANSWER: B
Which city lies on the Nile?
A) Baghdad
B) Cairo
ANSWER: B

Nothing here is right.
A) one
B) two
ANSWER: F

ما عاصمة مصر؟
أ) بغداد
ب) القاهرة
ANSWER: ب
"""


def questions(text: str | bytes, folder: Path, name: str = "week.txt") -> list[QuestionText]:
    """The questions that are read of a file."""
    (lesson,) = read(tree(folder / "in", {name: text}) / name, folder).course.lessons
    assert lesson.quiz is not None
    return list(lesson.quiz.questions)


def right(question: QuestionText) -> list[str]:
    return [option.text for option in question.options if option.is_correct]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["week.txt", "week.gift", "WEEK.TXT"])
def test_a_file_is_read_whatever_it_is_called_and_encoded(encoding: str, end: str, name: str, tmp_path: Path) -> None:
    found = questions(AIKEN.replace("\n", end).encode(encoding), tmp_path, name)
    assert [right(one) for one in found] == [["5"], ["Cairo"], ["القاهرة"]]
    assert {one.question_type for one in found} == {QuestionType.MULTIPLE_CHOICE}
    assert found[0].question_text == "Which of these is \\*prime\\*?"
    assert [one.text for one in found[0].options] == ["4", "5", "the set {4, 5}"]
    assert all(not one.metadata for one in found)


def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    item = read(tree(tmp_path / "in", {"week.txt": AIKEN}) / "week.txt", tmp_path)
    lines = [(one.place, one.fate, one.what, one.why) for one in item.report[1:]]
    taken = ImportOutcome.IMPORTED, "multiple choice question", ""
    assert lines[:2] == [("week.txt:1", *taken), ("week.txt:6", *taken)]
    assert lines[2][:3] == ("week.txt:14", ImportOutcome.SKIPPED, "part of the file")
    assert lines[2][3] == "The line of the right answer names none of the answers above it."
    assert lines[3] == ("week.txt:16", *taken)


def test_the_plain_form_of_pasted_text_may_stand_in_it(tmp_path: Path) -> None:
    text = (
        "One?\na) no\nb) yes\nANSWER: B\nExplanation: So it is. [x]\n\nWhich? [2]\n* a\n* b\n- c\n\nTrue?\n= true\n\n"
    )
    found = questions(f"{text}Legs?\n= 8\n= eight\n\nWhy?\n", tmp_path)
    assert [one.question_type.value for one in found] == [
        *("multiple_choice", "multiple_choice", "true_false", "short_answer", "essay")
    ]
    assert (found[0].explanation, right(found[1]), found[1].points) == ("So it is. [x]", ["a", "b"], Decimal(2))
    assert (found[2].correct_answer, found[3].correct_answer) == ("true", "8|eight")
    item = read(tmp_path / "in" / "week.txt", tmp_path)
    assert {one.why for one in item.report} == {""}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Q?\nA. a\nB. b\nANSWER: A", True),
        ("Q?\nA. {1, 2}\nB. b\nAnswer : a ", True),
        ("::T:: Q?{=a ~b}\n\nANSWER: A", False),
        ("Q?{T}\nANSWER: A", False),
        ("Write a line.\nANSWER: A\n{}", False),
        ("$CATEGORY: x\nANSWER: A", False),
        ("Q?\nA. a\nANSWER: none of them", False),
        ("", False),
    ],
)
def test_the_content_says_what_it_is(text: str, *, is_one: bool) -> None:
    assert is_aiken(text.encode()) is is_one


@pytest.mark.parametrize("text", ["", "Q?\nA. a\nB. b\n\n", "\f\n"])
def test_empty_lines_take_no_longer_than_their_number(text: str) -> None:
    """With a square of it, this would take minutes."""
    started = process_time()
    assert not is_aiken((text + "\n" * 65_536 + "x").encode())
    assert is_aiken((text + "\n" * 60_000 + " \tANSWER: A\n" + "\n" * 60_000).encode())
    assert process_time() - started < 5


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    data = b"Q?\nA. a\nB. \xff\nANSWER: A\n"
    with pytest.raises(CourseFormatError) as fault:
        read(tree(tmp_path / "in", {"a.dat": data}) / "a.dat", tmp_path)
    assert "not called .gift or .txt" in fault.value.reason
    path = tree(tmp_path / "in", {"a.txt": data}) / "a.txt"
    with pytest.raises(Exception, match="nothing in it can be taken over"):
        read_material(path, path.name, tmp_path / "spool", 1000)


async def test_a_file_goes_into_a_course_and_comes_again_without_a_change(world: World) -> None:
    for outcome in ("updated", "unchanged"):
        done = await upload(world, "ada", AIKEN.encode(), "week.txt", course_id=str(world.ids["C1"]))
        assert (done["status"], done["format"], done["outcome"]) == ("done", "aiken", outcome)
        assert done["summary"] == {"imported": 4, "changed": 0, "skipped": 1}
