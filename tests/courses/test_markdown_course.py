"""Courses in Markdown: what is read, and the faults that are named with file and line."""

from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from studium.models import QuestionType, QuizType
from studium.modules.exchange.formats.own.course import (
    COURSE_KEYS,
    LESSON_KEYS,
    CourseFormatError,
    OptionText,
    read_course,
)
from studium.modules.exchange.formats.own.quiz import QUESTION_KEYS, QUIZ_KEYS

DOCS = Path(__file__).parents[2] / "docs" / "course-format.md"

COURSE = "---\ntitle: A course\n---\n"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    for name, text in ({"course.md": COURSE} | files).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def lesson(text: str = "", front: str = "") -> str:
    return f"---\ntitle: A lesson\n{front}---\n{text}"


def quiz(questions: str, front: str = "") -> str:
    return lesson(f"```quiz\n{front}questions:\n{questions}```\n", "type: quiz\n")


def test_outline_follows_numbers_and_folders(tmp_path: Path) -> None:
    course = read_course(
        folder(
            tmp_path,
            **{
                "10-last.md": lesson(),
                "2-first.md": lesson(),
                "2-first/01-inner.md": lesson(),
                "2-first/01-inner/01-deep.md": lesson(),
                "2-first/02-second.md": lesson(),
            },
        )
    )
    assert [(each.slug, each.depth, each.parent) for each in course.lessons] == [
        ("first", 0, None),
        ("inner", 1, "first"),
        ("deep", 2, "inner"),
        ("second", 1, "first"),
        ("last", 0, None),
    ]


def test_quiz_defaults_and_kinds(tmp_path: Path) -> None:
    text = quiz(
        dedent("""\
        - question: One?
          options:
            - right: "yes"
            - wrong: "no"
        - question: Two?
          answer: false
        - question: Three?
          answer: [three, 3]
        - question: Four?
          answer: "true"
          points: 2.50
        - question: Five?
          essay: true
        """)
    )
    found = read_course(folder(tmp_path, **{"01-a.md": text})).lessons[0].quiz
    assert found is not None
    assert (found.title, found.quiz_type, found.max_attempts) == ("A lesson", QuizType.GRADED, 3)
    assert [(each.question_type.value, each.correct_answer, each.points) for each in found.questions] == [
        ("multiple_choice", None, 1),
        ("true_false", "false", 1),
        ("short_answer", "three|3", 1),
        ("short_answer", "true", Decimal("2.5")),
        ("essay", None, 1),
    ]
    assert found.questions[0].options == (OptionText("yes", True), OptionText("no", False))  # noqa: FBT003 -- short.


def test_words_of_old_yaml_stay_text(tmp_path: Path) -> None:
    front = "---\ntitle: 2026-01-01\ncategory: no\nmetadata:\n  country: no\n  day: 2026-01-01\n  time: 12:30\n---\n"
    course = read_course(folder(tmp_path, **{"course.md": front}))
    assert (course.title, course.category) == ("2026-01-01", "no")
    assert course.metadata == {"country": "no", "day": "2026-01-01", "time": "12:30"}


def test_comment_on_its_own_line_is_passed_over(tmp_path: Path) -> None:
    text = "---\n# For the autumn term\ntitle: A\ncategory: 'C#' # in quotes it cannot be mistaken\n---\n"
    course = read_course(folder(tmp_path, **{"course.md": text}))
    assert (course.title, course.category) == ("A", "C#")


def test_text_is_nfc_with_plain_line_ends(tmp_path: Path) -> None:
    text = "\ufeff---\r\ntitle: Cafe\u0301\r\n---\r\n\r\none\r\ntwo  \r\n"
    course = read_course(folder(tmp_path, **{"course.md": text}))
    assert (course.title, course.description) == ("Caf\u00e9", "one\ntwo")


def test_quiz_block_inside_other_code_is_content(tmp_path: Path) -> None:
    text = "````markdown\n```quiz\nnot: read\n```\n````\n"
    found = read_course(folder(tmp_path, **{"01-a.md": lesson(text)})).lessons[0]
    assert found.quiz is None
    assert found.content == text.strip()


def test_example_in_the_docs_reads(tmp_path: Path) -> None:
    example = DOCS.read_text().split("````markdown\n")[1].split("````")[0]
    found = read_course(folder(tmp_path, **{"01-a.md": example})).lessons[0].quiz
    assert found is not None
    assert {each.question_type for each in found.questions} == set(QuestionType)


@pytest.mark.parametrize("key", [*COURSE_KEYS, *LESSON_KEYS, *QUIZ_KEYS, *QUESTION_KEYS])
def test_key_is_in_the_docs(key: str) -> None:
    assert f"`{key}`" in DOCS.read_text() or f"`{key}: " in DOCS.read_text()


# What is refused, and where

TITLE = "---\ntitle: A\n"
FAULTS: dict[str, tuple[dict[str, str | bytes], str, int, str]] = {
    "unknown course key": ({"course.md": f"{TITLE}titel: B\n---\n"}, "course.md", 3, "did you mean 'title'"),
    "no front matter": ({"course.md": "# A\n"}, "course.md", 1, "front matter"),
    "front matter open": ({"course.md": TITLE}, "course.md", 1, "front matter"),
    "no title": ({"course.md": "---\nslug: a\n---\n"}, "course.md", 2, "'title' is missing"),
    "empty title": ({"course.md": "---\ntitle:\n---\n"}, "course.md", 2, "title: must not be empty"),
    "long title": ({"course.md": f"---\ntitle: {'a' * 256}\n---\n"}, "course.md", 2, "title"),
    "bidi title": ({"course.md": '---\ntitle: "a\\u202eb"\n---\n'}, "course.md", 2, "direction-override"),
    "bad slug": ({"course.md": f"{TITLE}slug: A b\n---\n"}, "course.md", 3, "slug"),
    "bad difficulty": ({"course.md": f"{TITLE}difficulty: easy\n---\n"}, "course.md", 3, "beginner"),
    "boolean minutes": ({"course.md": f"{TITLE}duration_minutes: true\n---\n"}, "course.md", 3, "whole number"),
    "duplicate key": ({"course.md": f"{TITLE}slug: a\ntitle: B\n---\n"}, "course.md", 4, "twice"),
    "duplicate inner key": ({"course.md": f"{TITLE}metadata:\n  a: 1\n  a: 2\n---\n"}, "course.md", 5, "twice"),
    "anchor": ({"course.md": f"{TITLE}metadata: &a\n  b: 1\n---\n"}, "course.md", 3, "aliases"),
    "alias": ({"course.md": f"{TITLE}metadata:\n  a: *b\n---\n"}, "course.md", 4, "aliases"),
    "tag": ({"course.md": "---\ntitle: !!python/name:os.system A\n---\n"}, "course.md", 2, "tags"),
    "bomb of brackets": ({"course.md": f"{TITLE}metadata: {'[' * 5000}\n---\n"}, "course.md", 3, "nested deeper"),
    "text cut by a comment": ({"course.md": "---\ntitle: Room #1 and # 2\n---\n"}, "course.md", 2, "in quotes"),
    "text cut at once": ({"course.md": "---\ntitle: #1\n---\n"}, "course.md", 2, "in quotes"),
    "too many values": ({"course.md": f"{TITLE}metadata: [{'1,' * 205_000}]\n---\n"}, "course.md", 3, "than 200,000"),
    "broken yaml": ({"course.md": f"{TITLE}slug: [a\n---\n"}, "course.md", 4, "not valid YAML"),
    "tab": ({"course.md": f"{TITLE}metadata:\n\ta: 1\n---\n"}, "course.md", 4, "not valid YAML"),
    "list": ({"course.md": "---\n- a\n---\n"}, "course.md", 2, "key: value"),
    "key of a list": ({"course.md": "---\n? [a]\n: b\n---\n"}, "course.md", 2, "a key must be a word"),
    "deep metadata": (
        {"course.md": f"{TITLE}metadata: {{a: {{a: {{a: {{a: {{a: {{}}}}}}}}}}}}\n---\n"}, "course.md", 3, "metadata"
    ),
    "not utf-8": ({"course.md": b"---\ntitle: A\n---\n\nCaf\xe9\n"}, "course.md", 5, "UTF-8"),
    "control character": ({"course.md": f"{TITLE}---\na\x00b\n"}, "course.md", 4, "control"),
    "too big": ({"course.md": f"{TITLE}---\n{'a' * 1_048_576}"}, "course.md", 1, "bytes"),
    "too long": ({"01-a.md": lesson("a" * 200_001)}, "01-a.md", 4, "content"),
    "stray file": ({"notes.txt": "a"}, "notes.txt", 1, "not a lesson"),
    "lesson without number": ({"intro.md": lesson()}, "intro.md", 1, "not a lesson"),
    "stray folder": ({"01-a.md": lesson(), "02-b/01-c.md": lesson()}, "02-b", 1, "no lesson 02-b.md"),
    "same number": ({"01-a.md": lesson(), "1-b.md": lesson()}, "1-b.md", 1, "number 1 is taken"),
    "same slug": ({"01-a.md": lesson(), "02-a.md": lesson()}, "02-a.md", 1, "taken by 01-a.md"),
    "four levels": (
        {path: lesson() for path in ("01-a.md", "01-a/01-b.md", "01-a/01-b/01-c.md", "01-a/01-b/01-c/01-d.md")},
        "01-a/01-b/01-c", 1, "3 levels",
    ),
    "unknown lesson type": ({"01-a.md": lesson("", "type: game\n")}, "01-a.md", 3, "text"),
    "http video": ({"01-a.md": lesson("", "video_url: http://example.org/a\n")}, "01-a.md", 3, "https"),
    "word for a flag": ({"01-a.md": lesson("", "preview: yes\n")}, "01-a.md", 3, "true or false"),
    "quiz in a text": ({"01-a.md": lesson("```quiz\ntype: graded\n```\n")}, "01-a.md", 5, "type: quiz"),
    "quiz left open": ({"01-a.md": lesson("\n```quiz\ntype: graded\n", "type: quiz\n")}, "01-a.md", 6, "not closed"),
    "text after the quiz": (
        {"01-a.md": lesson("```quiz\ntype: graded\n```\nmore\n", "type: quiz\n")}, "01-a.md", 8, "the last thing"
    ),
    "unknown quiz key": ({"01-a.md": quiz("", "passing: 5\n")}, "01-a.md", 6, "did you mean 'passing_score'"),
    "passing score": ({"01-a.md": quiz("", "passing_score: 101\n")}, "01-a.md", 6, "passing_score"),
    "time limit": ({"01-a.md": quiz("", "time_limit_minutes: 0\n")}, "01-a.md", 6, "1 to 1440"),
    "attempts of a practice": (
        {"01-a.md": quiz("", "type: practice\nmax_attempts: 2\n")}, "01-a.md", 7, "without limit"
    ),
    "questions no list": ({"01-a.md": quiz("  a: b\n")}, "01-a.md", 7, "begin with `-`"),
    "no answer": ({"01-a.md": quiz("- question: A?\n")}, "01-a.md", 7, "exactly one of"),
    "two answers": ({"01-a.md": quiz("- question: A?\n  answer: a\n  essay: true\n")}, "01-a.md", 7, "exactly one of"),
    "no question": ({"01-a.md": quiz("- answer: a\n")}, "01-a.md", 7, "'question' is missing"),
    "no right option": (
        {"01-a.md": quiz("- question: A?\n  options:\n    - wrong: a\n    - wrong: b\n")}, "01-a.md", 9, "none of them"
    ),
    "one option": ({"01-a.md": quiz("- question: A?\n  options:\n    - right: a\n")}, "01-a.md", 9, "2 to 20"),
    "same options": (
        {"01-a.md": quiz("- question: A?\n  options:\n    - right: a\n    - wrong: a\n")}, "01-a.md", 9, "the same"
    ),
    "option misspelt": (
        {"01-a.md": quiz("- question: A?\n  options:\n    - right: a\n    - rong: b\n")}, "01-a.md", 10, "an option is"
    ),
    "bar in an answer": ({"01-a.md": quiz("- question: A?\n  answer: a|b\n")}, "01-a.md", 8, "as a list"),
    "empty answers": ({"01-a.md": quiz("- question: A?\n  answer: []\n")}, "01-a.md", 8, "empty"),
    "points": ({"01-a.md": quiz("- question: A?\n  answer: a\n  points: 0\n")}, "01-a.md", 9, "points"),
    "points in text": ({"01-a.md": quiz("- question: A?\n  answer: a\n  points: '1'\n")}, "01-a.md", 9, "a number"),
    "scoring of an answer": (
        {"01-a.md": quiz("- question: A?\n  answer: a\n  scoring: partial\n")}, "01-a.md", 9, "multiple_choice"
    ),
    "tolerance alone": ({"01-a.md": quiz("- question: A?\n  answer: 1\n  tolerance: 1\n")}, "01-a.md", 9, "numeric"),
    "numeric word": ({"01-a.md": quiz("- question: A?\n  answer: a\n  match: numeric\n")}, "01-a.md", 8, "a number"),
    "marking in metadata": (
        {"01-a.md": quiz("- question: A?\n  answer: a\n  metadata: {match: exact}\n")}, "01-a.md", 9, "itself"
    ),
    "essay false": ({"01-a.md": quiz("- question: A?\n  essay: false\n")}, "01-a.md", 8, "essay: true"),
    "too many questions": ({"01-a.md": quiz("- {question: A, answer: a}\n" * 501)}, "01-a.md", 7, "500"),
    "too many points": (
        {"01-a.md": quiz("- {question: A, answer: a, points: 999.99}\n" * 11)}, "01-a.md", 7, "9999.99"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named_with_file_and_line(fault: str, tmp_path: Path) -> None:
    files, path, line, reason = FAULTS[fault]
    with pytest.raises(CourseFormatError) as caught:
        read_course(folder(tmp_path, **files))
    assert (caught.value.path.as_posix(), caught.value.line) == (path, line), str(caught.value)
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_missing_course_file(tmp_path: Path) -> None:
    with pytest.raises(CourseFormatError, match=r"^course\.md:1: this file is missing$"):
        read_course(tmp_path)


@pytest.mark.parametrize("name", ["01-a.md", "course.md"])
def test_links_are_refused(name: str, tmp_path: Path) -> None:
    has_external_effects = tmp_path / "outside.md"
    has_external_effects.write_text(lesson())
    inside = folder(tmp_path / "course")
    (inside / name).unlink(missing_ok=True)
    (inside / name).symlink_to(has_external_effects)
    with pytest.raises(CourseFormatError, match=f"^{name}:1: not a plain file"):
        read_course(inside)


def test_more_than_a_thousand_lessons(tmp_path: Path) -> None:
    files = {f"{number}-l{number}.md": lesson() for number in range(1, 1_002)}
    with pytest.raises(CourseFormatError, match=r"^1001-l1001\.md:1: more than 1,000 lessons$"):
        read_course(folder(tmp_path, **files))
