"""The words by which courses are found."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, ForeignKey, Index, UniqueConstraint, delete, event, insert, inspect
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.search import SearchWords, searchable
from studium.kit.db.tables import Base
from studium.models.course import Course


class CourseWords(Base):
    """The words of one course's title and description, written whenever those are: in the same flush.

    The key is an integer because FTS5 knows rows by number, and a number that is not a key does not survive a VACUUM.
    """

    __tablename__ = "course_words"
    __table_args__ = (
        UniqueConstraint("course_id"),
        Index("ix_course_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"))
    words: Mapped[frozenset[str]] = mapped_column(SearchWords)


@event.listens_for(Course, "after_insert")
def _write(mapper: Any, connection: Connection, course: Course) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    del mapper
    words = searchable(course.title, course.description)
    connection.execute(insert(CourseWords).values(course_id=course.id, words=words))


@event.listens_for(Course, "after_update")
def _write_anew(mapper: Any, connection: Connection, course: Course) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    attributes = inspect(course).attrs
    if attributes.title.history.has_changes() or attributes.description.history.has_changes():
        connection.execute(delete(CourseWords).where(CourseWords.course_id == course.id))
        _write(mapper, connection, course)
