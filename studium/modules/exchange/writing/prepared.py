"""A material as it will stand in the database, and the digests that it is known by: all hashing, before any session."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from studium.kit.base.ids import new_id
from studium.models import Course, JsonObject, Lesson
from studium.modules.exchange.formats.own.queries import course_text, lesson_text, quiz_text
from studium.modules.exchange.model.items import CourseItem
from studium.modules.exchange.model.texts import CourseText, LessonText, QuizText
from studium.modules.exchange.model.wishes import (
    Change,
    changed_lesson,
    changed_texts,
    course_wish,
    lesson_wish,
    quiz_wish,
)
from studium.modules.exchange.writing.merging import (
    Digests,
    course_values,
    digest,
    digests,
    lesson_values,
    quiz_values,
)
from studium.modules.exchange.writing.merging_quiz import Brought
from studium.modules.quizzes.authoring.actions_import import new_quiz


@dataclass(frozen=True)
class Parts:
    """What a lesson, or the course itself, consisted of when it came: digests, in the order in which it came.

    `prints` tell one material from another. `parent` is the external id of the lesson above it.
    """

    values: Digests
    parent: str | None = None
    place: int = 0
    quiz: Digests | None = None
    questions: tuple[Brought, ...] = ()
    prints: tuple[str, ...] = ()

    def stored(self) -> JsonObject:
        """As JSON."""
        kept: JsonObject = _PARTS.dump_python(self, mode="json")
        return kept

    @classmethod
    def read(cls, kept: JsonObject) -> "Parts":
        """From JSON; what lessons have only had since then was nothing when they came."""
        parts = _PARTS.validate_python(kept)
        return replace(parts, values={**_SINCE, **parts.values}) if parts.values else parts


_PARTS = TypeAdapter(Parts)
_SINCE = {"captions": digest({})}


@dataclass(frozen=True)
class Prepared:
    """A material that is ready to be written: `course` is as it will stand, lessons by the slugs of the material."""

    item: CourseItem
    course: CourseText
    course_checksum: str
    checksums: Mapping[str, str]
    parts: Mapping[str, Parts]
    course_parts: Parts

    def renamed(self, external_id: str) -> "Prepared":
        """The same as that of another source."""
        return replace(self, item=replace(self.item, external_id=external_id))


def prepared(item: CourseItem, change: Change) -> Prepared:
    """The material with its addresses; raises ImportRefused for what no course may be. Takes long for a large one."""
    lessons = tuple(settled(changed_lesson(text, change)) for text in item.course.lessons)
    top = settled_course(changed_texts(replace(item.course, lessons=()), change))
    parts = {}
    for place, (raw, text) in enumerate(zip(item.course.lessons, lessons, strict=True)):
        parts[raw.slug] = parts_of(item, text, place, prints_of(raw))
    return Prepared(
        item=item,
        course=replace(top, lessons=lessons),
        course_checksum=_checksum(asdict(replace(item.course, lessons=()))),
        checksums={text.slug: _lesson_checksum(item, text) for text in item.course.lessons},
        parts=parts,
        course_parts=Parts(digests(course_values(top))),
    )


def parts_of(item: CourseItem, text: LessonText, place: int, prints: Sequence[str] = ()) -> Parts:
    """What a lesson consists of; its questions have no rows yet."""
    questions = () if text.quiz is None else text.quiz.questions
    return Parts(
        values=digests(lesson_values(text)),
        parent=item.id_of(text.parent) if text.parent else None,
        place=place,
        quiz=None if text.quiz is None else digests(quiz_values(text.quiz)),
        questions=tuple(Brought.of(new_id(), each) for each in questions),
        prints=tuple(prints),
    )


def settled_course(text: CourseText) -> CourseText:
    """The course, without its lessons, as it will be read when it was written. Raises ImportRefused."""
    payload = course_wish(text)
    row = Course(
        slug=text.slug,
        course_metadata=payload.metadata,
        **payload.model_dump(exclude={"slug", "metadata", "instructor_id"}),
    )
    return course_text(row, ())


def settled(text: LessonText) -> LessonText:
    """The lesson as it will be read when it was written: validation tidies texts. Raises ImportRefused."""
    payload = lesson_wish(text, None)
    fields = payload.model_dump(exclude={"metadata", "order_index"})
    row = Lesson(lesson_metadata=payload.metadata, **fields)
    return lesson_text(row, text.depth, text.parent, None if text.quiz is None else _settled_quiz(text.quiz))


def _settled_quiz(text: QuizText) -> QuizText:
    payload, questions = quiz_wish(text, new_id())
    quiz, rows = new_quiz(payload, questions)
    return quiz_text(quiz, rows)


def prints_of(lesson: LessonText) -> list[str]:
    """What tells this lesson from those of other materials: its questions, its content, its video."""
    questions = () if lesson.quiz is None else lesson.quiz.questions
    texts = [*(each.question_text for each in questions), lesson.content, lesson.video_url]
    return [digest(text) for text in texts if text]


def _lesson_checksum(item: CourseItem, text: LessonText) -> str:
    values = {name: value for name, value in asdict(text).items() if name != "captions" or value}
    return _checksum(values | {"parent": item.id_of(text.parent) if text.parent else None, "slug": None})


def _checksum(values: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()
