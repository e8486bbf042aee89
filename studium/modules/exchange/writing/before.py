"""What a source brought before: as it was remembered or, from before that was done, as far as can be told."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from studium.kit.base.ids import new_id
from studium.models import ImportedItem, Lesson, Quiz, QuizQuestion
from studium.modules.exchange.formats.own.queries import StoredCourse
from studium.modules.exchange.model.items import token_of
from studium.modules.exchange.model.texts import CourseText, LessonText, QuestionText
from studium.modules.exchange.model.wishes import Change, changed_lesson, changed_texts, with_addresses
from studium.modules.exchange.writing.merging import (
    course_values,
    digests,
    is_as_it_came,
    lesson_values,
    matched,
    names_of,
    question_values,
    quiz_values,
)
from studium.modules.exchange.writing.merging_quiz import Brought
from studium.modules.exchange.writing.prepared import Parts, Prepared, parts_of, settled, settled_course
from studium.modules.exchange.writing.writer import Known
from studium.modules.files.actions_upload import address_of

_CHANGED = Parts({})
"""Nothing is known of how it came, but that it may have been changed since."""


class Before:
    """What the source of `material` brought into a course, and whether it stands as it came."""

    def __init__(self, material: Prepared, known: Known, stored: StoredCourse, here: Mapping[UUID, LessonText]) -> None:
        self._material, self._known, self._stored, self._here = material, known, stored, here
        self._raw = {material.item.id_of(text.slug): text for text in material.item.course.lessons}

    def course(self, here: CourseText, version: int) -> Parts | None:
        """The course itself; None where the source never brought it."""
        row = self._known.get(("course", ""))
        if row is None or row.parts is not None:
            return None if row is None or row.parts is None else Parts.read(row.parts)
        if row.checksum == self._material.course_checksum:
            text = changed_texts(replace(self._material.item.course, lessons=()), self._old_addresses())
            return Parts(digests(course_values(settled_course(text))))
        return Parts(digests(course_values(here))) if version == 1 else _CHANGED

    def lesson(self, lesson: Lesson, external_id: str) -> Parts | None:
        """A lesson that stands here; None where the source never brought it."""
        row = self._known.get(("lesson", external_id))
        if row is None:
            return None
        return self._without_parts(row, lesson) if row.parts is None else Parts.read(row.parts)

    def is_untouched(self, lesson: Lesson, external_id: str) -> bool:
        """Whether a lesson that the source brought stands as it came, with its quiz."""
        before, here = self.lesson(lesson, external_id), self._here[lesson.id]
        if before is None or not is_as_it_came(before.values, lesson_values(here)):
            return False
        return here.quiz is None or self.is_quiz_untouched(lesson, before)

    def is_quiz_untouched(self, lesson: Lesson, before: Parts) -> bool:
        """Whether the quiz of a lesson stands as it came."""
        quiz = self._here[lesson.id].quiz
        if quiz is None or before.quiz is None or not is_as_it_came(before.quiz, quiz_values(quiz)):
            return False
        came = {each.id: each.values for each in before.questions}
        here = self.questions(lesson)
        same = (is_as_it_came(came.get(each) or {"key": ""}, question_values(text)) for each, text in here.items())
        return came.keys() == here.keys() and all(same)

    def quiz(self, lesson: Lesson) -> Quiz | None:
        """The quiz that hangs on it."""
        return self._stored.quizzes.get(lesson.id)

    def rows(self, lesson: Lesson) -> list[QuizQuestion]:
        """The questions of its quiz, in order."""
        quiz = self.quiz(lesson)
        return [] if quiz is None else self._stored.questions.get(quiz.id, [])

    def questions(self, lesson: Lesson) -> dict[UUID, QuestionText]:
        """The same as texts by the ids of their rows."""
        quiz = self._here[lesson.id].quiz
        return dict(zip((row.id for row in self.rows(lesson)), () if quiz is None else quiz.questions, strict=False))

    # Imported before anything but checksums was remembered

    def _without_parts(self, row: ImportedItem, lesson: Lesson) -> Parts:
        raw = self._raw.get(row.external_id)
        if raw is not None and row.checksum == self._material.checksums[raw.slug]:
            return self._recognised(lesson, settled(changed_lesson(raw, self._old_addresses())))
        quiz, rows = self._stored.quizzes.get(lesson.id), self.rows(lesson)
        if max([lesson.version, 1 if quiz is None else quiz.version, *(each.version for each in rows)]) == 1:
            return self._recognised(lesson, self._here[lesson.id])
        unknown = tuple(Brought(each, names_of(text), {}) for each, text in self.questions(lesson).items())
        return Parts({}, quiz=None if quiz is None else {}, questions=unknown)

    def _recognised(self, lesson: Lesson, came: LessonText) -> Parts:
        """The parts of a lesson that came so, with the rows of its questions that are still there."""
        parts, rows = parts_of(self._material.item, came, 0), list(self.questions(lesson).items())
        pairs = matched([names_of(text) for _, text in rows], [each.names for each in parts.questions])
        ids = [rows[pairs[at]][0] if at in pairs else new_id() for at in range(len(parts.questions))]
        return replace(parts, questions=tuple(replace(each, id=ids[at]) for at, each in enumerate(parts.questions)))

    def _old_addresses(self) -> Change:
        """Where the texts pointed that came then: files that were not taken then left their words."""
        files = {name: row.item_id for (kind, name), row in self._known.items() if kind == "file"}
        wanted = [token_of(file.reference) for file in self._material.item.files]
        return with_addresses({token: address_of(files[token]) if token in files else "" for token in wanted})
