"""What keeps a lesson from being readable for everybody is found on its line and mended there."""

import pytest

from studium.models import LessonType
from studium.modules.courses.checker import MOST, Finding, Remark, findings, reading_minutes, repaired

FILM = "/api/v1/files/01a22a57-647a-76c3-8985-41119b5b78e6/download"


def found(text: str) -> list[Finding]:
    return findings(text, LessonType.TEXT, None, has_captions=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Words.\n\n![](a.png) and ![ ](b.png)\nand ![A cat](c.png)", [("picture", 3), ("picture", 3)]),
        ("one\n![](a.png)", [("picture", 2)]),
        ("`![](a.png)`\n\n```\n![](b.png)\n[here](c)\n```", []),
        ("# a\n\n## b\n\n#### c\n\n##### d\n\n## e", [("heading", 5), ("heading", 7)]),
        ("### a\n\n## b", [("heading", 1)]),
        ("## a\n\nb\n---", []),
        ("Go [click\nhere](x), [Here](y) or [to the shop](z).", [("link", 1), ("link", 2)]),
        ("- one\n- see [هنا](x)", [("link", 2)]),
        ("|  |  |\n|---|---|\n| a | b |\n| c | [more](x) |", [("table", 1), ("link", 4)]),
        ("| a | |\n|---|---|\n| b | c |", []),
        ("", []),
    ],
)
def test_remarks_name_their_lines(text: str, lines: list[tuple[str, int]]) -> None:
    assert [(one.remark, one.line) for one in found(text)] == lines


@pytest.mark.parametrize(
    ("text", "words", "mended"),
    [
        ("![](a.png) ![](b.png)", "A [cat]", "![A cat](a.png) ![](b.png)"),
        ("# a\n\n### b", "", "# a\n\n## b"),
        ("See [here](x).", "the map", "See [the map](x)."),
        ("| | |\n|-|-|\n| a | b |\n| c | d |", "", "| a | b |\n|-|-|\n| c | d |"),
    ],
)
def test_a_repair_changes_that_place_alone(text: str, words: str, mended: str) -> None:
    first = found(text)[0]
    made = repaired(text, first, words)
    assert made == mended
    assert len(found(made)) == len(found(text)) - 1


def test_the_second_picture_of_a_line_is_the_second_one() -> None:
    text = "![](a.png) ![](b.png)"
    assert repaired(text, found(text)[1], "B") == "![](a.png) ![B](b.png)"


@pytest.mark.parametrize("text", ["![][a]\n\n[a]: b.png", "Setext\n======\n\n#### b"])
def test_other_spellings_are_mended_too(text: str) -> None:
    (one,) = found(text)
    assert repaired(text, one, "Words") is not None


def test_what_cannot_be_mended_is_left() -> None:
    assert repaired("![](a.png)", Finding(Remark.PICTURE, 1), "") is None
    assert repaired("a", Finding(Remark.PICTURE, 9), "b") is None
    assert repaired("a", Finding(Remark.CAPTIONS), "b") is None
    assert repaired("a", Finding(Remark.TABLE, 1)) is None


@pytest.mark.parametrize(
    ("kind", "url", "has_captions", "remarks"),
    [
        (LessonType.VIDEO, FILM, False, ["captions"]),
        (LessonType.VIDEO, FILM, True, []),
        (LessonType.VIDEO, "https://videos.example/a", False, []),
        (LessonType.TEXT, FILM, False, []),
    ],
)
def test_films_of_the_school_have_captions(kind: LessonType, url: str, has_captions: bool, remarks: list[str]) -> None:  # noqa: FBT001 -- a parameter of the test.
    assert [one.remark for one in findings("", kind, url, has_captions=has_captions)] == remarks


def test_remarks_and_reading_time_are_bounded() -> None:
    assert len(found("![](a)\n\n" * (MOST + 9))) == MOST
    assert (reading_minutes(""), reading_minutes("a"), reading_minutes("a " * 401)) == (0, 1, 3)
