"""Which files the texts of courses name: kept in the flush that writes the texts."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, ForeignKey, Select, Uuid, delete, event, insert, inspect, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from studium.kit.db.tables import Base
from studium.models.course import Course
from studium.models.file import UploadedFile
from studium.models.lesson import Lesson
from studium.models.quiz import Quiz, QuizQuestion

ADDRESS = "/files/"
_ADDRESSES = re.compile(
    ADDRESS + r"(?:urn:uuid:|\{|%7b)?([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})", re.IGNORECASE
)
_AT_ONCE = 500
"""Files of one statement."""


class FileReference(Base):
    """A text that names a file: of a course, a lesson, a quiz or a question, whose ids and those above it are kept.

    A file need not exist to be named, so `file_id` is no foreign key.
    """

    __tablename__ = "file_references"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(index=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[UUID | None] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    quiz_id: Mapped[UUID | None] = mapped_column(ForeignKey("quizzes.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[UUID | None] = mapped_column(ForeignKey("quiz_questions.id", ondelete="CASCADE"), index=True)


LEVELS = (FileReference.course_id, FileReference.lesson_id, FileReference.quiz_id, FileReference.question_id)
_NOTHING = literal(None, Uuid())


@dataclass(frozen=True, slots=True)
class Holder:
    """A table whose rows hold texts: `place` selects the ids from the course down to the row, `texts` may name files.

    `depth` is the place of its own id among LEVELS.
    """

    model: type[Course | Lesson | Quiz | QuizQuestion]
    depth: int
    place: Select[UUID, UUID, UUID, UUID]
    texts: tuple[InstrumentedAttribute[Any], ...]

    def references_of(self, row_id: UUID) -> list[Any]:
        """The condition for the references that are this row's own."""
        return [LEVELS[self.depth] == row_id, *(level.is_(None) for level in LEVELS[self.depth + 1 :])]


HOLDERS = (
    Holder(
        Course,
        0,
        select(Course.id, _NOTHING, _NOTHING, _NOTHING),
        (Course.description, Course.thumbnail_url, Course.course_metadata),
    ),
    Holder(
        Lesson,
        1,
        select(Lesson.course_id, Lesson.id, _NOTHING, _NOTHING),
        (Lesson.description, Lesson.content, Lesson.video_url, Lesson.captions, Lesson.lesson_metadata),
    ),
    Holder(Quiz, 2, select(Lesson.course_id, Lesson.id, Quiz.id, _NOTHING).join(Quiz.lesson), (Quiz.description,)),
    Holder(
        QuizQuestion,
        3,
        select(Lesson.course_id, Lesson.id, Quiz.id, QuizQuestion.id).join(QuizQuestion.quiz).join(Quiz.lesson),
        (
            QuizQuestion.question_text,
            QuizQuestion.explanation,
            QuizQuestion.options,
            QuizQuestion.correct_answer,
            QuizQuestion.question_metadata,
        ),
    ),
)
_BY_MODEL = {holder.model: holder for holder in HOLDERS}


def named_files(values: Iterable[object]) -> set[UUID]:
    """The ids of the files whose addresses stand in texts or JSON, in any way of writing them that we understand."""
    texts = (value if isinstance(value, str) else json.dumps(value) for value in values if value)
    return {UUID(found) for text in texts if ADDRESS in text for found in _ADDRESSES.findall(text)}


def write_references(connection: Connection, holder: Holder, row_id: UUID, files: set[UUID]) -> None:
    """Keep that this row's texts name these files.

    The files are held against deletion until the end of the transaction: whoever deletes one sees this first.
    """
    place = connection.execute(holder.place.where(holder.model.id == row_id)).one()
    ids = dict(zip((level.key for level in LEVELS), place, strict=True))
    ordered = sorted(files)
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        connection.execute(insert(FileReference), [{"file_id": file, **ids} for file in some])
        held = select(UploadedFile.id).where(UploadedFile.id.in_(some)).order_by(UploadedFile.id)
        connection.execute(held.with_for_update(read=True, key_share=True))


def _write(mapper: Any, connection: Connection, row: Any) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    del mapper
    holder = _BY_MODEL[type(row)]
    files = named_files(getattr(row, text.key) for text in holder.texts)
    if files:
        write_references(connection, holder, row.id, files)


def _write_anew(mapper: Any, connection: Connection, row: Any) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    holder = _BY_MODEL[type(row)]
    histories = [inspect(row).attrs[text.key].history for text in holder.texts]
    changed = [history for history in histories if history.has_changes()]
    # What was there before is not known where it was never loaded.
    are_known = all(history.deleted for history in changed)
    if not changed or (are_known and not named_files(value for each in changed for value in each.sum())):
        return
    connection.execute(delete(FileReference).where(*holder.references_of(row.id)))
    _write(mapper, connection, row)


for _model in _BY_MODEL:
    event.listen(_model, "after_insert", _write)
    event.listen(_model, "after_update", _write_anew)
