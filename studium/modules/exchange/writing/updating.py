"""Brings a course up to what its source says now, without taking back what was changed here."""

from asyncio import sleep
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.locking import lock_course
from studium.kit.base.versions import ANY_VERSION
from studium.kit.db.tables import apply_changes
from studium.models import Course, Lesson
from studium.modules.courses.actions_lessons import change_order, delete_lesson
from studium.modules.courses.errors import TooManyLessons
from studium.modules.courses.schemas import MAX_LESSONS
from studium.modules.courses.slugs import add_under_free_slug
from studium.modules.enrollments.actions_recount import lock_active_enrollments, recount_course, recount_later
from studium.modules.exchange.formats.own.queries import StoredCourse, stored_course
from studium.modules.exchange.model.imports import Outcome
from studium.modules.exchange.model.texts import CourseText, LessonText
from studium.modules.exchange.model.wishes import course_wish
from studium.modules.exchange.writing.before import Before
from studium.modules.exchange.writing.merging import course_values, merged, merged_order
from studium.modules.exchange.writing.merging_quiz import GONE
from studium.modules.exchange.writing.notes import Notes
from studium.modules.exchange.writing.prepared import Parts, Prepared
from studium.modules.exchange.writing.returned import Returned
from studium.modules.exchange.writing.updating_lesson import LessonUpdate
from studium.modules.exchange.writing.writer import Known, Written, known_items, new_lesson, quiz_rows, record


async def update_course(
    session: AsyncSession, course: Course, material: Prepared, returned: Returned | None, *, only_lessons: bool
) -> Written:
    """Bring a course up to what its source says now.

    What stands as it came follows the source; what was changed, added or removed here stays as it is, and the notes
    say each thing that the source has otherwise. Lessons that the source no longer has go (or are archived where
    somebody has progress on them); lessons made here stay where they are.
    """
    await lock_course(session, course)
    stored = await stored_course(session, course)
    here = stored.text if returned is None else await returned.of(session, course, stored.text)
    update = _Update(session, course, material, stored, here, await known_items(session, course, material.item))
    await update.run(only_lessons=only_lessons)
    notes = update.notes
    return Written(course, Outcome.UPDATED if notes.is_changed else Outcome.UNCHANGED, notes.items)


class _Update:
    """One update of one course, whose row is held."""

    def __init__(
        self,
        session: AsyncSession,
        course: Course,
        material: Prepared,
        stored: StoredCourse,
        here: CourseText,
        known: Known,
    ) -> None:
        self._session, self._course, self._material, self._item = session, course, material, material.item
        self._stored, self._here, self._known = stored, here, known
        self._outline = [stored.lessons[text.slug] for text in stored.text.lessons]
        self._texts = {lesson.id: text for lesson, text in zip(self._outline, here.lessons, strict=True)}
        self._before = Before(material, known, stored, self._texts)
        self._names = {row.item_id: name for (kind, name), row in known.items() if kind == "lesson"}
        self._above = {text.slug: text.parent for text in material.course.lessons}
        self._placed: dict[str, Lesson | None] = {}
        self.notes = Notes()

    async def run(self, *, only_lessons: bool) -> None:
        """Do it all."""
        before = self._places()
        if not only_lessons:
            await self._course_values()
        rows = self._rows()
        gone = await self._gone()
        is_other_outline = bool(gone) or any(text.slug not in rows for text in self._material.course.lessons)
        are_held = await lock_active_enrollments(self._session, self._course.id) if is_other_outline else True
        for text in self._material.course.lessons:
            await self._lesson(text, rows)
            await sleep(0)  # Requests of others are answered between two lessons.
        await self._session.flush()
        for lesson in gone:
            await delete_lesson(self._session, None, self._course, lesson, ANY_VERSION)
        await self._order(before, gone)
        if is_other_outline:
            self.notes.is_changed = True
            await (recount_course if are_held else recount_later)(self._session, self._course.id)

    async def _course_values(self) -> None:
        text, before = self._material.course, self._before.course(self._here, self._course.version)
        here = course_values(self._here)
        taken, kept = merged(None if before is None else before.values, here, course_values(text))
        self.notes.merged(
            str(taken.get("title", self._course.title)), "course", here, taken if before is None else {}, kept
        )
        if taken and apply_changes(self._course, course_wish(text).model_dump(include=set(taken))):
            self._course.version += 1
            self.notes.is_changed = True
        self._remember("course", "", self._course.id, self._material.course_checksum, self._material.course_parts)

    def _remember(self, kind: str, external_id: str, item_id: UUID, checksum: str, parts: Parts) -> None:
        row = self._known.get((kind, external_id))
        if row is None:
            self._session.add(record(self._course, self._item, kind, external_id, item_id, checksum, parts))
        else:
            row.item_id, row.checksum, row.parts = item_id, checksum, parts.stored()

    # Which lesson is which

    def _rows(self) -> dict[str, Lesson | None]:
        """The lesson of each text that has one: as it was remembered, else by its slug; None if it was removed here.

        Where all of them were removed, whoever imports them again wants them back.
        """
        live = {lesson.id: lesson for lesson in self._outline}
        is_here = not live.keys().isdisjoint(self._names)
        found: dict[str, Lesson | None] = {}
        for text in self._material.course.lessons:
            row = self._known.get(("lesson", self._item.id_of(text.slug)))
            by_slug = self._stored.lessons.get(text.slug) if self._item.is_by_slug else None
            if row is not None and (row.item_id in live or (is_here and row.parts is not None)):
                found[text.slug] = live.get(row.item_id)
            elif row is None and by_slug is not None and by_slug.id not in self._names:
                found[text.slug] = by_slug
        return found

    async def _gone(self) -> list[Lesson]:
        """Lessons that this source brought and has no more, but for those that somebody has worked on here."""
        gone, wanted = [], {self._item.id_of(text.slug) for text in self._material.course.lessons}
        for lesson in self._outline:
            name = self._names.get(lesson.id)
            if name is None or name in wanted:
                continue
            if self._before.is_untouched(lesson, name):
                gone.append(lesson)
                self.notes.add(lesson.title, "lesson removed", GONE)
                self.notes.removed(self._texts[lesson.id])
            else:
                self.notes.add(lesson.title, "lesson kept", f"{GONE}, but it was changed here")
        for (kind, name), row in self._known.items():
            if kind == "lesson" and name not in wanted:
                await self._session.delete(row)
        return gone

    async def _lesson(self, text: LessonText, rows: Mapping[str, Lesson | None]) -> None:
        external_id, parts = self._item.id_of(text.slug), self._material.parts[text.slug]
        parent = self._parent(text)
        lesson = rows.get(text.slug)
        if lesson is not None:
            before = self._before.lesson(lesson, external_id)
            update = LessonUpdate(self._session, self._course, self._before, self.notes, lesson, self._texts[lesson.id])
            parts = await update.run(before, text, parts)
            await update.move(
                before, parent, self._names.get(lesson.parent_lesson_id) if lesson.parent_lesson_id else None
            )
        elif text.slug in rows:
            self.notes.add(text.title, "lesson stays removed", "it was removed here; the source still has it")
            self._placed[text.slug] = None
            return
        else:
            lesson = await self._insert(text, parent, parts)
        self._placed[text.slug] = lesson
        self._remember("lesson", external_id, lesson.id, self._material.checksums[text.slug], parts)

    def _parent(self, text: LessonText) -> Lesson | None:
        """The nearest lesson above it that is here."""
        parent = text.parent
        while parent is not None and self._placed[parent] is None:
            parent = self._above[parent]
        return None if parent is None else self._placed[parent]

    async def _insert(self, text: LessonText, parent: Lesson | None, parts: Parts) -> Lesson:
        if len(self._stored.lessons) + len(self._material.course.lessons) > MAX_LESSONS:
            message = f"A course holds at most {MAX_LESSONS} lessons."
            raise TooManyLessons(message)
        top = select(func.max(Lesson.order_index)).where(Lesson.course_id == self._course.id)
        place = max(0, await self._session.scalar(top) or 0) + 1
        lesson = new_lesson(self._course, text, None if parent is None else parent.id, place)
        await add_under_free_slug(self._session, lesson, text.slug, siblings=Lesson.course_id == self._course.id)
        for quiz, questions in quiz_rows(lesson, text, parts):
            self._session.add(quiz)
            await self._session.flush()
            self._session.add_all(questions)
        return lesson

    # The order

    def _places(self) -> list[UUID] | None:
        """The lessons in the order in which they came; None where that is not known."""
        places = {row.item_id: row.parts for (kind, _), row in self._known.items() if kind == "lesson"}
        if None in places.values():
            return None
        return sorted(places, key=lambda lesson_id: int(str((places[lesson_id] or {})["place"])))

    async def _order(self, before: list[UUID] | None, gone: list[Lesson]) -> None:
        """The order of the source, unless another one was made here; what only one of the two has keeps its neighbour.

        What counts is the outline, children behind their parent: the same one may be kept in several orders.
        """
        here = [lesson.id for lesson in self._outline if lesson not in gone]
        source = [lesson.id for lesson in self._placed.values() if lesson is not None]
        order, is_kept = merged_order(before, here, source)
        if is_kept:
            why = "the lessons were put into another order here; the source has its own"
            self.notes.add(self._course.title, "order kept", why)
        if order != [*here, *(each for each in source if each not in set(here))]:
            await change_order(self._session, self._course, order)
            self.notes.is_changed = True
