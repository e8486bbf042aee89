"""The words by which people are found."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, ForeignKey, Index, UniqueConstraint, delete, event, insert, inspect
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.db.search import SearchWords, endings_of, searchable
from studium.kit.db.tables import Base
from studium.models.user import User


class UserWords(Base):
    """The words of one person's name, which count as its title, and every part of the address; written with those.

    Whoever may not read addresses looks for words of the title alone. The key is an integer, as that of `CourseWords`.
    """

    __tablename__ = "user_words"
    __table_args__ = (
        UniqueConstraint("user_id"),
        Index("ix_user_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    words: Mapped[frozenset[str]] = mapped_column(SearchWords)


def words_of_person(full_name: str, email: str) -> frozenset[str]:
    """The value of `UserWords.words`."""
    return searchable(full_name, None) | endings_of(email)


@event.listens_for(User, "after_insert")
def _write(mapper: Any, connection: Connection, user: User) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    del mapper
    words = words_of_person(user.full_name, user.email)
    connection.execute(insert(UserWords).values(user_id=user.id, words=words))


@event.listens_for(User, "after_update")
def _write_anew(mapper: Any, connection: Connection, user: User) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    attributes = inspect(user).attrs
    if attributes.full_name.history.has_changes() or attributes.email.history.has_changes():
        connection.execute(delete(UserWords).where(UserWords.user_id == user.id))
        _write(mapper, connection, user)
