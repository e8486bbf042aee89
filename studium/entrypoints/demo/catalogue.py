"""The demo school's courses: Markdown folders beside this file, made into rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from studium.kit.base.ids import new_id, random_id
from studium.kit.db.search import searchable
from studium.models import Course, CourseWords, JsonObject, Lesson, Quiz, QuizQuestion, UploadedFile
from studium.models.file_reference import FileReference
from studium.modules.exchange.formats.own.course import read_course
from studium.modules.exchange.model.texts import COURSE_COLUMNS, CourseText, LessonText, QuestionText
from studium.modules.files.formats import FORMATS

_COURSES = Path(__file__).parent / "courses"
_POINTER = re.compile(r"(?<=\()(?:\.\./)*files/([\w.-]+)(?=\))|^(?:\.\./)*files/([\w.-]+)$")


@dataclass(frozen=True, slots=True)
class CourseFile:
    """A picture, film or caption file of a demo course, as it lies beside the texts."""

    course: str
    path: Path

    @property
    def storage_path(self) -> str:
        """Where it is kept in the storage."""
        return f"demo/{self.course}/{self.path.name}"

    def row(self, course: Course) -> UploadedFile:
        """The file as the course's instructor would have uploaded it."""
        content, file_id, kind = self.path.read_bytes(), new_id(), FORMATS[self.path.suffix[1:]]
        return UploadedFile(
            id=file_id,
            uploader_id=course.instructor_id,
            course_id=course.id,
            filename=f"{file_id}.{kind.extension}",
            original_filename=self.path.name,
            file_url=f"/api/v1/files/{file_id}/download",
            storage_path=self.storage_path,
            file_type=kind.file_type.value,
            mime_type=kind.mime_type,
            file_size=len(content),
            checksum=sha256(content).hexdigest(),
            created_at=course.created_at,
        )


def course_files() -> Iterator[CourseFile]:
    """The files of all demo courses."""
    for path in sorted(_COURSES.glob("*/files/*")):
        yield CourseFile(path.parents[1].name, path)


class CourseRows:
    """The rows of one course; `quizzes` maps a lesson's id to its quiz and questions."""

    def __init__(self, text: CourseText, instructor_id: UUID, created_at: datetime) -> None:
        self.course = Course(
            id=new_id(),
            **{name: getattr(text, name) for name in COURSE_COLUMNS if name != "metadata"},
            course_metadata=text.metadata or None,
            instructor_id=instructor_id,
            is_published=True,
            created_at=created_at,
            updated_at=created_at,
        )
        self.files = {each.path.name: each.row(self.course) for each in course_files() if each.course == text.slug}
        self.references: list[FileReference] = []
        self.lessons: list[Lesson] = []
        self.quizzes: dict[UUID, tuple[Quiz, list[QuizQuestion]]] = {}
        ids: dict[str, UUID] = {}
        for place, lesson_text in enumerate(text.lessons, 1):
            lesson = self._lesson(lesson_text, place, ids)
            ids[lesson_text.slug] = lesson.id
            self.lessons.append(lesson)
            lesson.content = self._pointed(lesson, lesson.content)
            lesson.video_url = self._pointed(lesson, lesson.video_url)
            lesson.captions = [
                {"language": language, "url": self._pointed(lesson, path)}
                for language, path in lesson_text.captions.items()
            ]
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

    def _pointed(self, lesson: Lesson, text: str | None) -> str | None:
        """A text of a lesson with the addresses of the course's files."""

        def address(found: re.Match[str]) -> str:
            file = self.files[found[1] or found[2]]
            self.references.append(FileReference(file_id=file.id, course_id=self.course.id, lesson_id=lesson.id))
            return file.file_url

        return None if text is None else _POINTER.sub(address, text)

    def rows(self) -> list[object]:
        """Everything to store, parents first. The words to find the course by come along: no object is flushed here."""
        words = CourseWords(course_id=self.course.id, words=searchable(self.course.title, self.course.description))
        quizzes = [quiz for quiz, _ in self.quizzes.values()]
        questions = [question for _, asked in self.quizzes.values() for question in asked]
        return [self.course, words, *self.files.values(), *self.lessons, *quizzes, *questions, *self.references]


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
        release=text.release,
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
