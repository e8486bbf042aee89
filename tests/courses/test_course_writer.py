"""Courses out to Markdown and back: nothing is lost, and the same course gives the same bytes."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize  # noqa: TID251 -- what the library itself says.

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studium.kit.text.visible import shows_something
from studium.models import Difficulty, LessonType, MarksRelease, QuestionType
from studium.modules.exchange.formats.own.course import (
    CourseText,
    LessonText,
    OptionText,
    QuestionText,
    QuizText,
    read_course,
)
from studium.modules.exchange.formats.own.writer import course_files, write_course


def bytes_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).map(
    lambda text: normalize("NFC", text).strip()
)
LINE = TEXT.filter(
    lambda text: shows_something(text) and not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
PARAGRAPHS = st.lists(
    st.one_of(TEXT, st.sampled_from(["", "```", "```quiz", "---", "  indented", "# a: b"])), min_size=1
).map(lambda lines: "\n".join(lines).strip())
BODY = PARAGRAPHS.filter(bool)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        LINE,
        st.sampled_from(["no", "1e5", "0x1", "~"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(LINE, inner, max_size=2)),
    max_leaves=4,
)
METADATA = st.dictionaries(LINE, JSON, max_size=3)
MARKING = st.fixed_dictionaries(
    {},
    optional={
        "scoring": st.sampled_from(["partial", "all_or_nothing", "odd", 1]),
        "match": st.sampled_from(["keywords", "exact", "odd", None]),
        "tolerance": st.sampled_from([0, 0.5, -1, True, "1"]),
    },
)
POINTS = st.integers(1, 99_999).map(lambda cents: (Decimal(cents) / 100).normalize())
OPTIONS = st.lists(
    st.builds(OptionText, LINE, st.booleans()), min_size=2, max_size=4, unique_by=lambda option: option.text
).map(lambda options: (replace(options[0], is_correct=True), *options[1:]))
ANSWERS = st.lists(LINE.filter(lambda text: "|" not in text), min_size=1, max_size=3).map("|".join)
QUESTION = st.one_of(
    st.builds(QuestionText, st.just(QuestionType.MULTIPLE_CHOICE), BODY, POINTS, OPTIONS, metadata=METADATA | MARKING),
    st.builds(QuestionText, st.just(QuestionType.TRUE_FALSE), BODY, correct_answer=st.sampled_from(["true", "false"])),
    st.builds(QuestionText, st.just(QuestionType.SHORT_ANSWER), BODY, correct_answer=ANSWERS, metadata=MARKING),
    st.builds(QuestionText, st.just(QuestionType.ESSAY), BODY, POINTS, explanation=BODY, metadata=MARKING),
)
QUIZ = st.builds(
    QuizText,
    LINE,
    st.none() | BODY,
    passing_score=st.integers(0, 100).map(lambda percent: Decimal(percent).normalize()),
    time_limit_minutes=st.none() | st.integers(1, 1_440),
    max_attempts=st.integers(1, 100),
    shuffle_questions=st.booleans(),
    show_correct_answers=st.booleans(),
    release=st.sampled_from(MarksRelease),
    questions=st.lists(QUESTION, max_size=4).map(tuple),
)


@st.composite
def courses(draw: Callable[..., object]) -> CourseText:
    depths = [0, *draw(st.lists(st.integers(0, 2), max_size=5))]  # type: ignore[misc]
    line: list[str] = []
    lessons = []
    for number, wanted in enumerate(depths):
        depth = min(wanted, len(line))
        line = [*line[:depth], f"lesson-{number}"]
        lessons.append(draw(lesson_texts(line)))
    return CourseText(
        title=draw(LINE),  # type: ignore[arg-type]
        slug="a-course",
        description=draw(st.none() | BODY),  # type: ignore[arg-type]
        difficulty_level=draw(st.none() | st.sampled_from(Difficulty)),  # type: ignore[arg-type]
        metadata=draw(METADATA),  # type: ignore[arg-type]
        lessons=tuple(lessons),  # type: ignore[arg-type]
    )


def lesson_texts(line: list[str]) -> st.SearchStrategy[LessonText]:
    found = st.none() | QUIZ
    return st.builds(
        LessonText,
        title=LINE,
        slug=st.just(line[-1]),
        lesson_type=st.just(LessonType.QUIZ),
        content=st.none() | BODY,
        duration_minutes=st.none() | st.integers(1, 100_000),
        is_preview=st.booleans(),
        depth=st.just(len(line) - 1),
        parent=st.just(line[-2] if len(line) > 1 else None),
        quiz=found,
        description=st.none() | BODY,
        metadata=METADATA,
    )


def without_content(course: CourseText) -> CourseText:
    """Code called quiz comes back as `` ``` quiz ``, so contents are compared by the bytes written."""
    return replace(course, lessons=tuple(replace(each, content=None) for each in course.lessons))


@given(courses())
@settings(max_examples=40, deadline=None)
def test_written_course_reads_as_itself_and_writes_the_same_bytes(course: CourseText) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        write_course(course, Path(first))
        again = read_course(Path(first))
        write_course(again, Path(second))
        assert without_content(again) == without_content(course)
        assert bytes_of(Path(first)) == bytes_of(Path(second))


def test_long_slug_moves_to_the_front_matter(tmp_path: Path) -> None:
    course = CourseText("A", "a", lessons=(LessonText("B", "b" * 255, LessonType.TEXT),))
    write_course(course, tmp_path)
    assert read_course(tmp_path) == course


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileExistsError):
        write_course(CourseText("A", "a"), tmp_path)


def test_lesson_away_from_its_parent_is_refused() -> None:
    lessons = (
        LessonText("A", "a", LessonType.TEXT),
        LessonText("B", "b", LessonType.TEXT),
        LessonText("C", "c", LessonType.TEXT, parent="a", depth=1),
    )
    with pytest.raises(ValueError, match="'c' does not follow its parent"):
        list(course_files(CourseText("A", "a", lessons=lessons)))
