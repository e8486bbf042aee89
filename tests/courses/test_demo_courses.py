"""The demo courses, and that each can be taught as it is."""

import re
import struct
from itertools import pairwise
from pathlib import Path

import pytest

import studium.entrypoints.demo
from studium.kit.text.captions import read_webvtt
from studium.kit.text.markdown import markdown_to_html
from studium.models import LessonType, QuestionType, QuizType
from studium.modules.courses.checker import findings
from studium.modules.exchange.formats.own.course import read_course
from studium.modules.exchange.formats.own.writer import write_course

DEMO = Path(studium.entrypoints.demo.__file__).parent / "courses"
DEMO_SLUGS = [
    "first-aid-basics",
    "getting-started-with-studium",
    "introduction-to-statistics",
    "python-for-data",
    "reading-a-balance-sheet",
    "writing-clear-arabic",
]


def bytes_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.md")}


def test_demo_courses_are_these() -> None:
    assert sorted(path.parent.name for path in DEMO.glob("*/course.md")) == DEMO_SLUGS


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_course_is_complete(slug: str) -> None:
    course = read_course(DEMO / slug)
    assert course.slug == slug
    assert course.description
    assert course.category
    assert 6 <= len(course.lessons) <= 14
    assert {each.lesson_type for each in course.lessons} == set(LessonType)
    assert course.lessons[0].is_preview
    assert 1 <= sum(each.quiz is not None for each in course.lessons) <= 3


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_lesson_has_what_its_type_needs(slug: str) -> None:
    for each in read_course(DEMO / slug).lessons:
        assert each.description
        assert each.duration_minutes
        assert len((each.content or "").split()) >= (30 if each.quiz else 150), each.slug
        assert (each.video_url is not None) == (each.lesson_type is LessonType.VIDEO)
        assert (each.quiz is not None) == (each.lesson_type is LessonType.QUIZ)


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_lessons_are_readable_for_everybody(slug: str) -> None:
    for each in read_course(DEMO / slug).lessons:
        assert findings(each.content or "", each.lesson_type, each.video_url, has_captions=True) == [], each.slug


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_quiz_can_be_marked(slug: str) -> None:
    for each in read_course(DEMO / slug).lessons:
        for question in each.quiz.questions if each.quiz else ():
            assert question.explanation or question.question_type is QuestionType.ESSAY
            if question.question_type is QuestionType.MULTIPLE_CHOICE:
                right = [option for option in question.options if option.is_correct]
                assert 0 < len(right) < len(question.options)
            elif question.question_type is QuestionType.TRUE_FALSE:
                assert question.correct_answer in {"true", "false"}
            elif question.question_type is QuestionType.SHORT_ANSWER:
                assert question.correct_answer


def test_demo_shows_every_kind_of_question() -> None:
    lessons = [each for slug in DEMO_SLUGS for each in read_course(DEMO / slug).lessons]
    quizzes = [each.quiz for each in lessons if each.quiz]
    questions = [question for each in quizzes for question in each.questions]
    assert {each.question_type for each in questions} == set(QuestionType)
    right = {sum(option.is_correct for option in each.options) for each in questions}
    assert {1, 2} <= right
    assert {each.quiz_type for each in quizzes} == set(QuizType)
    assert any(each.depth for each in lessons)


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_course_is_in_canonical_form(slug: str, tmp_path: Path) -> None:
    write_course(read_course(DEMO / slug), tmp_path)
    assert bytes_of(tmp_path) == bytes_of(DEMO / slug)


@pytest.mark.parametrize("slug", DEMO_SLUGS)
def test_demo_pictures_are_small_and_shown_with_words(slug: str) -> None:
    texts = "".join(each.content or "" for each in read_course(DEMO / slug).lessons)
    shown = {name for _, name in re.findall(r"!\[([^\]]{20,})\]\((?:\.\./)+files/([\w.-]+)\)", texts)}
    for each in read_course(DEMO / slug).lessons:
        addresses = [each.video_url or "", *each.captions.values()]
        shown |= {address.rpartition("/")[2] for address in addresses if "files/" in address and "://" not in address}
    assert shown == {path.name for path in (DEMO / slug).glob("files/*")}
    assert all(path.stat().st_size < 30_000 for path in (DEMO / slug).glob("files/*"))


def test_demo_lessons_use_what_lessons_may_hold() -> None:
    lessons = [each for slug in DEMO_SLUGS for each in read_course(DEMO / slug).lessons]
    html = "".join(markdown_to_html(each.content or "") for each in lessons)
    for part in ("<math", 'class="footnotes"', 'class="admonition', 'type="checkbox"', "<dl>", 'class="k"', "<table>"):
        assert part in html, part
    arabic = "".join(
        markdown_to_html(each.content or "") for each in read_course(DEMO / "writing-clear-arabic").lessons
    )
    for part in ('class="footnotes"', 'class="admonition', 'type="checkbox"'):
        assert part in arabic, part
    captioned = [each for each in lessons if each.captions]
    assert {language for each in captioned for language in each.captions} == {"ar", "en"}
    assert any(
        each.quiz and each.quiz.time_limit_minutes and each.quiz.quiz_type is QuizType.GRADED for each in lessons
    )


@pytest.mark.parametrize("path", sorted(DEMO.glob("*/files/*.vtt")), ids=lambda path: path.name)
def test_demo_captions_fit_their_film(path: Path) -> None:
    cues = read_webvtt(path.read_text("utf-8"))
    film = path.with_name(f"{path.name.partition('.')[0]}.webm").read_bytes()
    (seconds,) = struct.unpack(">d", film.partition(b"\x44\x89")[2][8:16])
    assert 0 <= cues[0].start < cues[-1].end <= seconds
    assert all(one.end <= two.start for one, two in pairwise(cues))
