"""Imported texts as the requests that the API takes, so that one set of rules holds for both."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from studium.modules.courses.errors import ImportRefused
from studium.modules.courses.schemas import CaptionsIn, CourseCreate, LessonCreate
from studium.modules.exchange.model.items import SCHEME, TOKEN
from studium.modules.exchange.model.texts import COURSE_COLUMNS, CourseText, LessonText, QuestionText, QuizText
from studium.modules.quizzes.schemas import QuestionCreate, QuizCreate

Change = Callable[[str], str]
_POINTING = re.compile(rf'!?\[(?P<words>(?:[^\[\]\\]|\\.)*)\]\(<?(?P<token>{TOKEN.pattern})>?(?: "[^"]*")?\)')
"""A picture or link in Markdown whose file is not there."""


def course_wish(course: CourseText) -> CourseCreate:
    """The course without its slug, which may be taken; raises ImportRefused."""
    with _blamed(f"the course {course.title!r}"):
        values = {name: getattr(course, name) for name in COURSE_COLUMNS if name != "slug"}
        return CourseCreate(**values | {"metadata": course.metadata or None})


def lesson_wish(lesson: LessonText, parent_id: UUID | None) -> LessonCreate:
    """The lesson; raises ImportRefused."""
    with _blamed(f"the lesson {lesson.title!r}"):
        return LessonCreate(
            title=lesson.title,
            slug=lesson.slug,
            lesson_type=lesson.lesson_type,
            description=lesson.description,
            content=lesson.content,
            parent_lesson_id=parent_id,
            duration_minutes=lesson.duration_minutes,
            video_url=lesson.video_url,
            captions=[CaptionsIn(language=language, url=url) for language, url in lesson.captions.items()],
            is_preview=lesson.is_preview,
            metadata=lesson.metadata or None,
        )


def quiz_wish(quiz: QuizText, lesson_id: UUID) -> tuple[QuizCreate, list[QuestionCreate]]:
    """The quiz with its questions; raises ImportRefused."""
    with _blamed(f"the quiz {quiz.title!r}"):
        fields = {key: value for key, value in vars(quiz).items() if key != "questions"}
        payload = QuizCreate(lesson_id=lesson_id, **fields)
    return payload, [question_wish(question, number, quiz.title) for number, question in enumerate(quiz.questions, 1)]


def question_wish(question: QuestionText, number: int, where: str) -> QuestionCreate:
    """One question, the so-maniest of the quiz `where`; raises ImportRefused."""
    with _blamed(f"question {number} of the quiz {where!r}"):
        return _question_wish(question)


def question_of(question: QuestionText, values: Mapping[str, object]) -> QuestionText:
    """The question with other values, named as `question_values` names them."""
    changes: dict[str, Any] = dict(values)
    if "key" in changes:
        changes |= dict(zip(("question_type", "options", "correct_answer"), changes.pop("key"), strict=True))
    return replace(question, **changes)


def _question_wish(question: QuestionText) -> QuestionCreate:
    return QuestionCreate.model_validate(
        {
            "question_text": question.question_text,
            "question_type": question.question_type,
            "points": question.points,
            "explanation": question.explanation,
            "options": [asdict(each) for each in question.options] or None,
            "correct_answer": question.correct_answer,
            "metadata": dict(question.metadata) or None,
        }
    )


@contextmanager
def _blamed(what: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{what}: {where}: {str(first['msg']).removeprefix('Value error, ')}"
        raise ImportRefused(message) from None


def changed_texts(course: CourseText, change: Change) -> CourseText:
    """The course with every text that may point at a file changed."""
    return replace(
        course,
        description=_some(course.description, change),
        thumbnail_url=_some(course.thumbnail_url, change),
        lessons=tuple(changed_lesson(each, change) for each in course.lessons),
    )


def changed_lesson(lesson: LessonText, change: Change) -> LessonText:
    """The same for one lesson."""
    return replace(
        lesson,
        description=_some(lesson.description, change),
        content=_some(lesson.content, change),
        video_url=_some(lesson.video_url, change),
        captions={language: url for language, was in lesson.captions.items() if (url := change(was))},
        quiz=None if lesson.quiz is None else _quiz(lesson.quiz, change),
    )


def _quiz(quiz: QuizText, change: Change) -> QuizText:
    questions = tuple(_question(each, change) for each in quiz.questions)
    return replace(quiz, description=_some(quiz.description, change), questions=questions)


def _question(question: QuestionText, change: Change) -> QuestionText:
    return replace(
        question,
        question_text=change(question.question_text),
        options=tuple(replace(each, text=change(each.text)) for each in question.options),
        explanation=_some(question.explanation, change),
    )


def _some(text: str | None, change: Change) -> str | None:
    """A text that comes to nothing is none."""
    return None if text is None else change(text) or None


def with_addresses(addresses: Mapping[str, str]) -> Change:
    """A change that puts the address of each file in place of its token; where it is "", the words are left.

    What only looks like a token of ours stays as its author wrote it.
    """

    def words(link: re.Match[str]) -> str:
        return link[0] if addresses.get(link["token"], "-") else link["words"]

    def change(text: str) -> str:
        if SCHEME not in text:
            return text
        return TOKEN.sub(lambda token: addresses.get(token[0], token[0]), _POINTING.sub(words, text))

    return change
