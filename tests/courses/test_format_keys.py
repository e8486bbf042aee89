"""Every key that docs/course-format.md lists is taken over, and every other one is refused with its place."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studium.modules.exchange.formats.own.course import CourseFormatError, CourseText, read_course

DOCUMENT = (Path(__file__).parents[2] / "docs" / "course-format.md").read_text("utf-8")
CHOICE = "options:\n      - right: a\n      - wrong: b"
# Where a key stands, how it is written, and what of the course it becomes.
CASES: dict[tuple[str, str], tuple[str, Any]] = {
    ("course", "title"): ("title: Other", "Other"),
    ("course", "slug"): ("slug: other", "other"),
    ("course", "category"): ("category: Baking", "Baking"),
    ("course", "difficulty"): ("difficulty: advanced", "advanced"),
    ("course", "duration_minutes"): ("duration_minutes: 90", 90),
    ("course", "thumbnail_url"): ("thumbnail_url: https://e.org/a.png", "https://e.org/a.png"),
    ("course", "metadata"): ("metadata:\n  a: 1", {"a": 1}),
    ("lesson", "title"): ("title: Other", "Other"),
    ("lesson", "slug"): ("slug: other", "other"),
    ("lesson", "type"): ("type: assignment", "assignment"),
    ("lesson", "description"): ("description: About.", "About."),
    ("lesson", "duration_minutes"): ("duration_minutes: 5", 5),
    ("lesson", "video_url"): ("video_url: https://e.org/a.mp4", "https://e.org/a.mp4"),
    ("lesson", "captions"): ("captions:\n  en: files/a.vtt", {"en": "files/a.vtt"}),
    ("lesson", "preview"): ("preview: true", True),
    ("lesson", "metadata"): ("metadata:\n  a: 1", {"a": 1}),
    ("quiz", "title"): ("title: Other", "Other"),
    ("quiz", "description"): ("description: About.", "About."),
    ("quiz", "type"): ("type: practice", "practice"),
    ("quiz", "passing_score"): ("passing_score: 55", Decimal(55)),
    ("quiz", "time_limit_minutes"): ("time_limit_minutes: 10", 10),
    ("quiz", "max_attempts"): ("max_attempts: 7", 7),
    ("quiz", "shuffle_questions"): ("shuffle_questions: false", False),
    ("quiz", "shuffle_options"): ("shuffle_options: false", False),
    ("quiz", "show_correct_answers"): ("show_correct_answers: false", False),
    ("quiz", "release"): ("release: together", "together"),
    ("question", "question"): ("question: Other?", "Other?"),
    ("question", "options"): (CHOICE, [("a", True), ("b", False)]),
    ("question", "answer"): ("answer: [one, two]", "one|two"),
    ("question", "essay"): ("essay: true", "essay"),
    ("question", "points"): ("points: 2.5", Decimal("2.5")),
    ("question", "scoring"): ("scoring: partial", {"scoring": "partial"}),
    ("question", "match"): ("match: exact", {"match": "exact"}),
    ("question", "tolerance"): ("tolerance: 0.5", {"match": "numeric", "tolerance": 0.5}),
    ("question", "explanation"): ("explanation: Because.", "Because."),
    ("question", "metadata"): ("metadata:\n      a: 1", {"a": 1}),
}
PLAIN = {"course": "title: Course", "lesson": "title: Lesson\ntype: quiz", "quiz": "", "question": ""}
KIND = {"essay": "", "options": "", "answer": "", "scoring": CHOICE, "match": "answer: yes", "tolerance": "answer: 7"}


def written(folder: Path, where: str, key: str, line: str) -> CourseText:
    """A small course with this line in its place."""
    lines = dict(PLAIN)
    if key in {"title", "type"} and where in {"course", "lesson"}:
        lines[where] = "\n".join(each for each in lines[where].split("\n") if not each.startswith(f"{key}:"))
    lines[where] = f"{lines[where]}\n{line}".strip()
    stem = "" if key == "question" else "question: Why?"
    kind = KIND.get(key, "answer: true") if where == "question" else "answer: true"
    more = "match: numeric" if key == "tolerance" else ""
    question = "\n    ".join(each for each in (stem, kind, more, lines["question"]) if each)
    block = f"```quiz\n{lines['quiz']}\nquestions:\n  - {question}\n```\n"
    body = "" if key == "type" and where == "lesson" else block
    folder.mkdir()
    (folder / "course.md").write_text(f"---\n{lines['course']}\n---\n", "utf-8")
    (folder / "01-lesson.md").write_text(f"---\n{lines['lesson']}\n---\n\n{body}", "utf-8")
    return read_course(folder)


TABLES = {
    "course": r"## `course.md`(.*?)\n## ",
    "lesson": r"## Lessons(.*?)\n## ",
    "quiz": r"\| Key of the quiz(.*?)\n\n",
    "question": r"\| Key of a question(.*?)\n\n",
}


def documented() -> set[tuple[str, str]]:
    """The keys of the document's tables."""
    found = set()
    for where, pattern in TABLES.items():
        table = re.search(pattern, DOCUMENT, re.DOTALL)
        assert table is not None
        rows = (line.split("|")[1] for line in table[1].splitlines() if line.startswith("| `"))
        found |= {(where, key) for row in rows for key in re.findall(r"`([a-z_]+)(?:: [a-z]+)?`", row)}
    return found - {("quiz", "questions")}


def test_the_document_and_the_cases_name_the_same_keys() -> None:
    assert documented() == set(CASES)


@pytest.mark.parametrize(("where", "key"), CASES)
def test_a_documented_key_is_taken_over(where: str, key: str, tmp_path: Path) -> None:
    line, expected = CASES[where, key]
    course = written(tmp_path / "course", where, key, line)
    assert expected in found_in(course, where), found_in(course, where)
    plain = written(tmp_path / "plain", "course", "title", "title: Course")
    assert replace(course, slug="") != replace(plain, slug="") or key == "slug"


def found_in(course: CourseText, where: str) -> list[Any]:
    """Everything that the course, its lesson, its quiz or its question consists of."""
    (lesson,) = course.lessons
    quiz = lesson.quiz
    if where == "course" or quiz is None:
        return list(vars(course if where == "course" else lesson).values())
    (question,) = quiz.questions
    options = [(each.text, each.is_correct) for each in question.options]
    part = {"lesson": lesson, "quiz": quiz, "question": question}[where]
    return [*vars(part).values(), options]


@pytest.mark.parametrize("where", PLAIN)
def test_any_other_key_is_refused_with_its_place(where: str, tmp_path: Path) -> None:
    with pytest.raises(CourseFormatError, match=r"\.md:\d+: unknown key 'colour'"):
        written(tmp_path / "course", where, "colour", "colour: red")


def test_any_other_key_of_an_option_is_refused(tmp_path: Path) -> None:
    line = "options:\n      - right: a\n      - left: b"
    with pytest.raises(CourseFormatError, match=r"01-lesson\.md:\d+: an option is written"):
        written(tmp_path / "course", "question", "options", line)
