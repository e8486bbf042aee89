"""A course read back as text: what export writes, and what an import is compared with."""

from asyncio import sleep
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.models import Course, JsonObject, Lesson, Quiz, QuizQuestion
from studium.modules.exchange.formats.own.question_codecs import codec_of
from studium.modules.exchange.model.texts import (
    COURSE_COLUMNS,
    CourseText,
    LessonText,
    OptionText,
    QuestionText,
    QuizText,
)


@dataclass(frozen=True)
class StoredCourse:
    """A course as text, with the rows behind it.

    Each live lesson by its slug, each quiz by its lesson's id, each quiz's questions in order by its id.
    """

    text: CourseText
    lessons: dict[str, Lesson]
    quizzes: dict[UUID, Quiz]
    questions: dict[UUID, list[QuizQuestion]]


async def stored_course(session: AsyncSession, course: Course) -> StoredCourse:
    """Read the live lessons of a course with their quizzes and questions: three statements."""
    live = select(Lesson).where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
    lessons = (await session.execute(live.order_by(Lesson.order_index))).scalars().all()
    quizzes = await _quizzes(session, course)
    questions = await _questions(session, course)
    texts = []
    for lesson, depth, parent in _in_order(lessons):
        quiz = quizzes.get(lesson.id)
        found = None if quiz is None else quiz_text(quiz, questions.get(quiz.id, []))
        texts.append(lesson_text(lesson, depth, parent, found))
        await sleep(0)  # Requests of others are answered between two lessons.
    return StoredCourse(course_text(course, tuple(texts)), {each.slug: each for each in lessons}, quizzes, questions)


async def _quizzes(session: AsyncSession, course: Course) -> dict[UUID, Quiz]:
    statement = select(Quiz).join(Lesson, Lesson.id == Quiz.lesson_id).where(Lesson.course_id == course.id)
    return {quiz.lesson_id: quiz for quiz in (await session.execute(statement)).scalars()}


async def _questions(session: AsyncSession, course: Course) -> dict[UUID, list[QuizQuestion]]:
    statement = select(QuizQuestion).join(Quiz, Quiz.id == QuizQuestion.quiz_id)
    statement = statement.join(Lesson, Lesson.id == Quiz.lesson_id).where(Lesson.course_id == course.id)
    found: dict[UUID, list[QuizQuestion]] = {}
    for question in (await session.execute(statement.order_by(QuizQuestion.order_index))).scalars():
        found.setdefault(question.quiz_id, []).append(question)
    return found


def _in_order(lessons: Sequence[Lesson]) -> Iterator[tuple[Lesson, int, str | None]]:
    """Every lesson with its depth and its parent's slug: children follow their parent, each in the course's order."""
    below: dict[UUID | None, list[Lesson]] = {}
    for lesson in lessons:
        below.setdefault(lesson.parent_lesson_id, []).append(lesson)
    waiting: list[tuple[Lesson, int, str | None]] = [(each, 0, None) for each in reversed(below.get(None, []))]
    while waiting:
        lesson, depth, parent = waiting.pop()
        yield lesson, depth, parent
        waiting += [(each, depth + 1, lesson.slug) for each in reversed(below.get(lesson.id, []))]


def course_text(course: Course, lessons: tuple[LessonText, ...]) -> CourseText:
    """A course's row as text."""
    values = {name: getattr(course, name) for name in COURSE_COLUMNS if name != "metadata"}
    values |= {"description": _trimmed(course.description), "metadata": dict(course.course_metadata or {})}
    return CourseText(**values, lessons=lessons)


def lesson_text(lesson: Lesson, depth: int, parent: str | None, quiz: QuizText | None) -> LessonText:
    """A lesson's row as text."""
    return LessonText(
        title=lesson.title,
        slug=lesson.slug,
        lesson_type=lesson.lesson_type,
        content=_trimmed(lesson.content),
        video_url=lesson.video_url,
        duration_minutes=lesson.duration_minutes,
        is_preview=lesson.is_preview,
        depth=depth,
        parent=parent,
        quiz=quiz,
        description=_trimmed(lesson.description),
        metadata=dict(lesson.lesson_metadata or {}),
        captions={str(each["language"]): str(each["url"]) for each in lesson.captions or ()},
    )


def quiz_text(quiz: Quiz, questions: Sequence[QuizQuestion]) -> QuizText:
    """A quiz's rows as text."""
    return QuizText(
        title=quiz.title,
        description=_trimmed(quiz.description),
        quiz_type=quiz.quiz_type,
        passing_score=quiz.passing_score,
        time_limit_minutes=quiz.time_limit_minutes,
        max_attempts=quiz.max_attempts,
        shuffle_questions=quiz.shuffle_questions,
        shuffle_options=quiz.shuffle_options,
        show_correct_answers=quiz.show_correct_answers,
        release=quiz.release,
        questions=tuple(question_text(each) for each in questions),
    )


def question_text(question: QuizQuestion) -> QuestionText:
    """A question's row as text."""
    options = question.options if codec_of(question.question_type).has_options else None
    return QuestionText(
        question_type=question.question_type,
        question_text=question.question_text.strip(),
        points=question.points,
        options=tuple(_option_text(each) for each in options or ()),
        correct_answer=_trimmed(question.correct_answer),
        explanation=_trimmed(question.explanation),
        metadata=dict(question.question_metadata or {}),
    )


def _option_text(option: JsonObject) -> OptionText:
    return OptionText(str(option["text"]).strip(), bool(option["is_correct"]))


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None
