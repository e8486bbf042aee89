"""Makes rows of an imported course, or brings a course up to date that the same source made before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db import unique_or
from studium.kit.ids import new_id
from studium.kit.tables import Base, assign
from studium.kit.versions import ANY_VERSION
from studium.models import Course, ImportedItem, Lesson, Quiz
from studium.modules.courses.actions import AS_MUTEX
from studium.modules.courses.actions_lessons import change_order, check_type_change, delete_lesson
from studium.modules.courses.course_text import CourseText, LessonText
from studium.modules.courses.errors import ImportRefused, TooManyLessons
from studium.modules.courses.importing.items import CourseItem, Fate, ReportItem
from studium.modules.courses.importing.returned import as_returned
from studium.modules.courses.importing.wishes import (
    Change,
    changed_lesson,
    changed_texts,
    course_wish,
    lesson_wish,
    quiz_wish,
)
from studium.modules.courses.queries_text import StoredCourse, stored_course
from studium.modules.courses.schemas import MAX_LESSONS
from studium.modules.courses.slugs import add_under_free_slug
from studium.modules.enrollments.actions_recount import hold_learners, recount_course, recount_later
from studium.modules.quizzes.actions import delete_quiz
from studium.modules.quizzes.actions_import import new_quiz, replace_quiz


class Outcome(StrEnum):
    """What an import did to a course."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass
class Written:
    """The course that came of it; `notes` are for the report."""

    course: Course
    outcome: Outcome
    notes: list[ReportItem] = field(default_factory=list)


Known = Mapping[tuple[str, str], ImportedItem]
"""What the source brought before, by kind and external id."""


async def find_course(session: AsyncSession, owner_id: UUID, item: CourseItem) -> Course | None:
    """The owner's course that this source made before, or that has this slug where the source is Studium's own."""
    same = select(Course).where(Course.instructor_id == owner_id)
    found = await session.scalar(same.where(Course.external_id == item.external_id))
    if found is None and item.is_by_slug:
        found = await session.scalar(same.where(Course.slug == item.course.slug))
    return found


async def known_items(session: AsyncSession, course: Course, item: CourseItem) -> Known:
    """What the source brought into this course before."""
    rows = select(ImportedItem).where(ImportedItem.course_id == course.id, ImportedItem.source == item.external_id)
    return {(row.kind, row.external_id): row for row in (await session.execute(rows)).scalars()}


async def create_course(session: AsyncSession, owner_id: UUID, item: CourseItem, change: Change) -> Written:
    """Make a draft of the course, with everything in it, in a handful of statements."""
    text = changed_texts(item.course, change)
    fields = course_wish(text).model_dump(exclude={"slug", "metadata", "instructor_id"})
    metadata = text.metadata or None
    course = Course(
        id=new_id(), instructor_id=owner_id, course_metadata=metadata, external_id=item.external_id, **fields
    )
    async with unique_or(session, ImportRefused("The same course is being imported at this moment.")):
        await add_under_free_slug(session, course, text.slug, siblings=true())
    lessons: dict[str, Lesson] = {}
    quizzes: list[list[Base]] = []
    for place, lesson in enumerate(text.lessons, 1):
        row = _new_lesson(course, lesson, lessons, place)
        lessons[lesson.slug] = row
        quizzes += _new_quiz(row, lesson)
    session.add_all(lessons.values())
    await session.flush()
    session.add_all(quiz[0] for quiz in quizzes)
    await session.flush()
    session.add_all(row for quiz in quizzes for row in quiz[1:])
    session.add(_record(course, item, "course", "", course.id, _course_checksum(item.course)))
    _record_lessons(session, course, item, lessons)
    await session.flush()
    return Written(course, Outcome.CREATED)


def _new_lesson(course: Course, text: LessonText, parents: Mapping[str, Lesson], place: int) -> Lesson:
    wish = lesson_wish(text, parents[text.parent].id if text.parent else None)
    fields = wish.model_dump(exclude={"metadata", "order_index"})
    return Lesson(id=new_id(), course_id=course.id, order_index=place, lesson_metadata=wish.metadata, **fields)


def _new_quiz(lesson: Lesson, text: LessonText) -> list[list[Base]]:
    if text.quiz is None:
        return []
    wish, questions = quiz_wish(text.quiz, lesson.id)
    return [new_quiz(wish, questions)]


# What came before


def _record(
    course: Course, item: CourseItem, kind: str, external_id: str, item_id: UUID, checksum: str
) -> ImportedItem:
    return ImportedItem(
        course_id=course.id,
        source=item.external_id,
        kind=kind,
        external_id=external_id,
        item_id=item_id,
        checksum=checksum,
    )


def _record_lessons(session: AsyncSession, course: Course, item: CourseItem, lessons: Mapping[str, Lesson]) -> None:
    for text in item.course.lessons:
        checksum = _lesson_checksum(item, text)
        session.add(_record(course, item, "lesson", item.id_of(text.slug), lessons[text.slug].id, checksum))


async def record_files(
    session: AsyncSession, course: Course, item: CourseItem, files: Iterable[tuple[str, UUID, str]]
) -> None:
    """Remember files (token, id, checksum of the source) in place of what was remembered of them."""
    rows = [_record(course, item, "file", token, file_id, checksum) for token, file_id, checksum in files]
    old = delete(ImportedItem).where(
        ImportedItem.course_id == course.id,
        ImportedItem.source == item.external_id,
        ImportedItem.kind == "file",
        ImportedItem.external_id.in_([row.external_id for row in rows]),
    )
    await session.execute(old.execution_options(synchronize_session=False))
    session.add_all(rows)
    await session.flush()


def _course_checksum(text: CourseText) -> str:
    return _checksum(asdict(replace(text, lessons=())))


def _lesson_checksum(item: CourseItem, text: LessonText) -> str:
    return _checksum(asdict(text) | {"parent": item.id_of(text.parent) if text.parent else None, "slug": None})


def _checksum(fields: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(fields, default=str, sort_keys=True).encode()).hexdigest()


# Bringing up to date


async def update_course(
    session: AsyncSession, course: Course, item: CourseItem, change: Change, *, only_lessons: bool
) -> Written:
    """Bring a course up to what its source says now.

    What came with the same checksum before stays as it is, so edits made here survive; lessons that the source no
    longer has go (or are archived where somebody has progress on them); lessons made here stay where they are.
    """
    await session.refresh(course, with_for_update=AS_MUTEX)
    stored = await stored_course(session, course)
    known = await known_items(session, course, item)
    if item.is_by_slug:
        stored = replace(stored, text=await as_returned(session, course, stored.text))
    update = _Update(session, course, item, change, stored, known)
    await update.run(only_lessons=only_lessons)
    return Written(course, Outcome.UPDATED if update.is_changed else Outcome.UNCHANGED, update.notes)


class _Update:
    """One update of one course, whose row is held."""

    def __init__(
        self,
        session: AsyncSession,
        course: Course,
        item: CourseItem,
        change: Change,
        stored: StoredCourse,
        known: Known,
    ) -> None:
        self._session, self._course, self._item, self._change = session, course, item, change
        self._stored, self._known = stored, known
        self._texts = {text.slug: text for text in stored.text.lessons}
        self.is_changed = False
        self.notes: list[ReportItem] = []

    async def run(self, *, only_lessons: bool) -> None:
        """Do it all."""
        if not only_lessons:
            await self._course_fields()
        rows = self._rows()
        gone = self._gone(rows)
        is_other_outline = bool(gone) or len(rows) < len(self._item.course.lessons)
        are_held = await hold_learners(self._session, self._course.id) if is_other_outline else True
        placed = await self._lessons(rows)
        for lesson in gone:
            await delete_lesson(self._session, self._course, lesson, ANY_VERSION)
            self.notes.append(ReportItem(lesson.title, "", Fate.CHANGED, "lesson removed", "the source has it no more"))
        await self._order(placed, gone)
        if is_other_outline:
            self.is_changed = True
            await (recount_course if are_held else recount_later)(self._session, self._course.id)

    async def _course_fields(self) -> None:
        checksum = _course_checksum(self._item.course)
        record = self._known.get(("course", ""))
        if record is not None and record.checksum == checksum:
            return
        text = changed_texts(replace(self._item.course, lessons=()), self._change)
        if replace(text, slug="") != replace(self._stored.text, lessons=(), slug=""):
            wish = course_wish(text)
            if assign(self._course, wish.model_dump(exclude={"slug", "instructor_id"})):
                self._course.version += 1
                self.is_changed = True
        self._remember("course", "", self._course.id, checksum)
        await self._session.flush()

    def _remember(self, kind: str, external_id: str, item_id: UUID, checksum: str) -> None:
        record = self._known.get((kind, external_id))
        if record is None:
            self._session.add(_record(self._course, self._item, kind, external_id, item_id, checksum))
        else:
            record.item_id, record.checksum = item_id, checksum

    def _rows(self) -> dict[str, Lesson]:
        """The lesson of each text that has one: as it was remembered, else by its slug."""
        live = {lesson.id: lesson for lesson in self._stored.lessons.values()}
        remembered = {row.item_id for (kind, _), row in self._known.items() if kind == "lesson"}
        found = {}
        for text in self._item.course.lessons:
            record = self._known.get(("lesson", self._item.id_of(text.slug)))
            lesson = live.get(record.item_id) if record is not None else None
            if lesson is None and record is None and self._item.is_by_slug:
                lesson = self._stored.lessons.get(text.slug)
                lesson = None if lesson is not None and lesson.id in remembered else lesson
            if lesson is not None:
                found[text.slug] = lesson
        return found

    def _gone(self, rows: Mapping[str, Lesson]) -> list[Lesson]:
        """Lessons that this source brought and has no more."""
        kept = {lesson.id for lesson in rows.values()}
        brought = {row.item_id for (kind, _), row in self._known.items() if kind == "lesson"}
        return [each for each in self._stored.lessons.values() if each.id in brought - kept]

    async def _lessons(self, rows: Mapping[str, Lesson]) -> dict[str, Lesson]:
        placed: dict[str, Lesson] = {}
        for text in self._item.course.lessons:
            lesson = rows.get(text.slug)
            checksum = _lesson_checksum(self._item, text)
            external_id = self._item.id_of(text.slug)
            record = self._known.get(("lesson", external_id))
            if lesson is None:
                lesson = await self._insert(text, placed)
            elif record is None or record.checksum != checksum:
                await self._write(lesson, text, placed)
            placed[text.slug] = lesson
            self._remember("lesson", external_id, lesson.id, checksum)
        await self._session.flush()
        return placed

    async def _insert(self, text: LessonText, placed: Mapping[str, Lesson]) -> Lesson:
        if len(self._stored.lessons) + len(self._item.course.lessons) > MAX_LESSONS:
            message = f"A course holds at most {MAX_LESSONS} lessons."
            raise TooManyLessons(message)
        changed = changed_lesson(text, self._change)
        top = select(func.max(Lesson.order_index)).where(Lesson.course_id == self._course.id)
        lesson = _new_lesson(self._course, changed, placed, max(0, await self._session.scalar(top) or 0) + 1)
        await add_under_free_slug(self._session, lesson, text.slug, siblings=Lesson.course_id == self._course.id)
        for rows in _new_quiz(lesson, changed):
            self._session.add(rows[0])
            await self._session.flush()
            self._session.add_all(rows[1:])
        self.is_changed = True
        return lesson

    async def _write(self, lesson: Lesson, text: LessonText, placed: Mapping[str, Lesson]) -> None:
        """Write what differs from the row, which someone may have edited to the same."""
        changed = changed_lesson(text, self._change)
        before = self._texts[lesson.slug]
        parent_id = placed[text.parent].id if text.parent else None
        await self._session.refresh(lesson, with_for_update=True)
        quiz = self._stored.quizzes.get(lesson.id)
        if changed.quiz is None and quiz is not None:
            await delete_quiz(self._session, quiz, ANY_VERSION)  # It would hold the type of its lesson.
            quiz, self.is_changed = None, True
        if changed.lesson_type is not lesson.lesson_type:
            await check_type_change(self._session, lesson)
        fields = lesson_wish(changed, parent_id).model_dump(exclude={"slug", "order_index"})
        if _differ(replace(changed, quiz=None), replace(before, quiz=None), lesson, parent_id) and assign(
            lesson, fields
        ):
            lesson.version += 1
            self.is_changed = True
        if changed.quiz != before.quiz:
            await self._write_quiz(lesson, changed, quiz)
            self.is_changed = True

    async def _write_quiz(self, lesson: Lesson, text: LessonText, quiz: Quiz | None) -> None:
        if text.quiz is None:
            return
        if quiz is None:
            for rows in _new_quiz(lesson, text):
                self._session.add_all(rows)
                await self._session.flush()
            return
        before = self._texts[lesson.slug].quiz
        wish, questions = quiz_wish(text.quiz, lesson.id)
        is_other = before is None or before.questions != text.quiz.questions
        await replace_quiz(self._session, quiz, wish, questions if is_other else None)

    async def _order(self, placed: Mapping[str, Lesson], gone: Iterable[Lesson]) -> None:
        """The order of the source; what was made here stays behind what it stood behind.

        What counts is the outline, children behind their parent: the same one may be kept in several orders.
        """
        outline = [self._stored.lessons[text.slug] for text in self._stored.text.lessons]
        before = [each.id for each in outline if each not in list(gone)]
        ours = {lesson.id for lesson in placed.values()}
        order = [lesson.id for lesson in placed.values()]
        if [each for each in before if each in ours] == order:
            return
        for at, lesson_id in enumerate(before):
            if lesson_id not in ours:
                behind = order.index(before[at - 1]) + 1 if at else 0
                order.insert(behind, lesson_id)
        await change_order(self._session, self._course, order)
        self.is_changed = True


def _differ(text: LessonText, before: LessonText, lesson: Lesson, parent_id: UUID | None) -> bool:
    return _placeless(text) != _placeless(before) or lesson.parent_lesson_id != parent_id


def _placeless(text: LessonText) -> LessonText:
    """The text without what its place in the outline says."""
    return replace(text, slug="", parent=None, depth=0)
