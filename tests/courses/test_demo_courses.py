"""The demo courses, and that each can be taught as it is."""

from pathlib import Path

import pytest

import studium.demo
from studium.models import LessonType, QuestionType, QuizType
from studium.modules.courses.course_writer import write_course
from studium.modules.courses.markdown_course import read_course

DEMO = Path(studium.demo.__file__).parent / "courses"
DEMO_SLUGS = [
    "first-aid-basics",
    "getting-started-with-studium",
    "introduction-to-statistics",
    "python-for-data",
    "reading-a-balance-sheet",
]


def bytes_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


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
