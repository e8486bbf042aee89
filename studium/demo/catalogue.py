"""The demo school's courses: Markdown folders beside this file, made into rows."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from studium.kit.ids import new_id, random_id
from studium.kit.search import searchable
from studium.models import Course, CourseWords, JsonObject, Lesson, Quiz, QuizQuestion
from studium.modules.courses.course_text import CourseText, LessonText, QuestionText
from studium.modules.courses.markdown_course import read_course

_COURSES = Path(__file__).parent / "courses"


class CourseRows:
    """The rows of one course; `quizzes` maps a lesson's id to its quiz and questions."""

    def __init__(self, text: CourseText, instructor_id: UUID, created_at: datetime) -> None:
        self.course = Course(
            id=new_id(),
            title=text.title,
            slug=text.slug,
            description=text.description,
            instructor_id=instructor_id,
            category=text.category,
            difficulty_level=text.difficulty_level,
            is_published=True,
            thumbnail_url=text.thumbnail_url,
            estimated_duration_minutes=text.estimated_duration_minutes,
            course_metadata=text.metadata or None,
            created_at=created_at,
            updated_at=created_at,
        )
        self.lessons: list[Lesson] = []
        self.quizzes: dict[UUID, tuple[Quiz, list[QuizQuestion]]] = {}
        ids: dict[str, UUID] = {}
        for place, lesson_text in enumerate(text.lessons, 1):
            lesson = self._lesson(lesson_text, place, ids)
            ids[lesson_text.slug] = lesson.id
            self.lessons.append(lesson)
            if lesson_text.quiz is not None:
                self.quizzes[lesson.id] = _quiz(lesson_text, lesson)

    def _lesson(self, text: LessonText, place: int, ids: dict[str, UUID]) -> Lesson:
        at = self.course.created_at + timedelta(minutes=place)
        return Lesson(
            id=new_id(),
            course_id=self.course.id,
            title=text.title,
            slug=text.slug,
            description=text.description,
            content=text.content,
            lesson_type=text.lesson_type,
            order_index=place,
            parent_lesson_id=ids[text.parent] if text.parent else None,
            duration_minutes=text.duration_minutes,
            video_url=text.video_url,
            is_preview=text.is_preview,
            lesson_metadata=text.metadata or None,
            created_at=at,
            updated_at=at,
        )

    def rows(self) -> list[object]:
        """Everything to store, parents first. The words to find the course by come along: no object is flushed here."""
        words = CourseWords(course_id=self.course.id, words=searchable(self.course.title, self.course.description))
        quizzes = [quiz for quiz, _ in self.quizzes.values()]
        questions = [question for _, asked in self.quizzes.values() for question in asked]
        return [self.course, words, *self.lessons, *quizzes, *questions]


def _quiz(lesson_text: LessonText, lesson: Lesson) -> tuple[Quiz, list[QuizQuestion]]:
    text = lesson_text.quiz
    assert text is not None  # noqa: S101 -- the caller looked.
    quiz = Quiz(
        id=new_id(),
        lesson_id=lesson.id,
        title=text.title,
        description=text.description,
        quiz_type=text.quiz_type,
        passing_score=text.passing_score,
        time_limit_minutes=text.time_limit_minutes,
        max_attempts=text.max_attempts,
        shuffle_questions=text.shuffle_questions,
        shuffle_options=text.shuffle_options,
        show_correct_answers=text.show_correct_answers,
        is_published=True,
        created_at=lesson.created_at,
        updated_at=lesson.created_at,
    )
    return quiz, [_question(question, quiz, place) for place, question in enumerate(text.questions, 1)]


def _question(text: QuestionText, quiz: Quiz, place: int) -> QuizQuestion:
    options: list[JsonObject] = [
        {"id": str(random_id()), "text": option.text, "is_correct": option.is_correct} for option in text.options
    ]
    return QuizQuestion(
        id=new_id(),
        quiz_id=quiz.id,
        question_text=text.question_text,
        question_type=text.question_type,
        points=text.points,
        order_index=place,
        explanation=text.explanation,
        options=options or None,
        correct_answer=text.correct_answer,
        question_metadata=dict(text.metadata) or None,
    )


def demo_courses() -> list[CourseText]:
    """The texts of the demo courses, "Getting started" first."""
    folders = sorted(path for path in _COURSES.iterdir() if path.is_dir())
    texts = [read_course(folder) for folder in folders]
    return sorted(texts, key=lambda text: (not text.slug.startswith("getting-started"), text.slug))
