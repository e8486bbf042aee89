"""Makes rows of an imported course, and remembers what its source brought."""

from asyncio import sleep
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.ids import new_id
from studium.kit.db.database import raise_on_conflict
from studium.models import Course, ImportedItem, Lesson, Quiz, QuizQuestion
from studium.modules.courses.errors import ImportRefused
from studium.modules.courses.slugs import add_under_free_slug
from studium.modules.exchange.model.imports import Outcome
from studium.modules.exchange.model.items import CourseItem, ImportReportEntry
from studium.modules.exchange.model.texts import LessonText
from studium.modules.exchange.model.wishes import course_wish, lesson_wish, quiz_wish
from studium.modules.exchange.writing.prepared import Parts, Prepared
from studium.modules.quizzes.authoring.actions_import import new_quiz


@dataclass
class Written:
    """The course that came of it; `notes` are for the report."""

    course: Course
    outcome: Outcome
    notes: list[ImportReportEntry] = field(default_factory=list)


Known = Mapping[tuple[str, str], ImportedItem]
"""What the source brought before, by kind and external id."""


async def known_items(session: AsyncSession, course: Course, item: CourseItem, *kinds: str) -> Known:
    """What the source brought into this course before, of these kinds."""
    rows = select(ImportedItem).where(
        ImportedItem.course_id == course.id,
        ImportedItem.source == item.external_id,
        ImportedItem.kind.in_(kinds or ("course", "lesson", "file")),
    )
    return {(row.kind, row.external_id): row for row in (await session.execute(rows)).scalars()}


async def create_course(session: AsyncSession, owner_id: UUID, material: Prepared) -> Written:
    """Make a draft of the course, with everything in it, in a handful of statements; those of questions for each quiz.

    Requests of others are answered between two lessons, however many questions there are.
    """
    text, item = material.course, material.item
    fields = course_wish(text).model_dump(exclude={"slug", "metadata", "instructor_id"})
    metadata = text.metadata or None
    course = Course(
        id=new_id(), instructor_id=owner_id, course_metadata=metadata, external_id=item.external_id, **fields
    )
    async with raise_on_conflict(session, ImportRefused("The same course is being imported at this moment.")):
        await add_under_free_slug(session, course, text.slug, siblings=true())
    lessons: dict[str, Lesson] = {}
    quizzes: list[tuple[Quiz, list[QuizQuestion]]] = []
    for place, lesson in enumerate(text.lessons, 1):
        parts = material.parts[lesson.slug]
        row = new_lesson(course, lesson, lessons[lesson.parent].id if lesson.parent else None, place)
        lessons[lesson.slug] = row
        quizzes += quiz_rows(row, lesson, parts)
        session.add(
            record(course, item, "lesson", item.id_of(lesson.slug), row.id, material.checksums[lesson.slug], parts)
        )
        await sleep(0)
    session.add_all(lessons.values())
    await session.flush()
    session.add_all(quiz for quiz, _ in quizzes)
    await session.flush()
    for _, rows in quizzes:
        session.add_all(rows)
        await session.flush()
    session.add(record(course, item, "course", "", course.id, material.course_checksum, material.course_parts))
    await session.flush()
    return Written(course, Outcome.CREATED)


def new_lesson(course: Course, text: LessonText, parent_id: UUID | None, place: int) -> Lesson:
    """The row of a lesson, not yet in any session."""
    payload = lesson_wish(text, parent_id)
    fields = payload.model_dump(exclude={"metadata", "order_index"})
    return Lesson(id=new_id(), course_id=course.id, order_index=place, lesson_metadata=payload.metadata, **fields)


def quiz_rows(lesson: Lesson, text: LessonText, parts: Parts) -> list[tuple[Quiz, list[QuizQuestion]]]:
    """The rows of its quiz, if it has one, with the ids that `parts` remembers."""
    if text.quiz is None:
        return []
    payload, questions = quiz_wish(text.quiz, lesson.id)
    return [new_quiz(payload, questions, [each.id for each in parts.questions])]


def record(
    course: Course,
    item: CourseItem,
    kind: str,
    external_id: str,
    item_id: UUID,
    checksum: str,
    parts: Parts | None = None,
) -> ImportedItem:
    """What is remembered of one item."""
    return ImportedItem(
        course_id=course.id,
        source=item.external_id,
        kind=kind,
        external_id=external_id,
        item_id=item_id,
        checksum=checksum,
        parts=None if parts is None else parts.stored(),
    )


async def record_files(
    session: AsyncSession, course: Course, item: CourseItem, files: Iterable[tuple[str, UUID, str]]
) -> None:
    """Remember files (token, id, checksum of the source) in place of what was remembered of them."""
    rows = [record(course, item, "file", token, file_id, checksum) for token, file_id, checksum in files]
    old = delete(ImportedItem).where(
        ImportedItem.course_id == course.id,
        ImportedItem.source == item.external_id,
        ImportedItem.kind == "file",
        ImportedItem.external_id.in_([row.external_id for row in rows]),
    )
    await session.execute(old.execution_options(synchronize_session=False))
    session.add_all(rows)
    await session.flush()
