"""The texts that a lesson had before: kept in the flush that writes it, whoever writes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models.columns import CreatedAt, PrimaryKey, check
from studium.models.lesson import Lesson

KEPT_VERSIONS = 50
AUTOSAVED = "is_autosaved"
"""An attribute of a `Lesson` in a session: it is written while its text is being typed."""

PAUSE = timedelta(minutes=10)
"""So long after an autosave no further one keeps the text before, unless somebody saved it meanwhile."""

_PLAIN = {"synchronize_session": False}
TEXTS = ("title", "description", "content")


class LessonVersion(Base):
    """A text that a lesson had: as version `number`, since `written_at`, until another was saved at `replaced_at`.

    `by_autosave` while the newest one was replaced by an autosave, and nobody has saved the text since.
    """

    __tablename__ = "lesson_versions"
    __table_args__ = (
        check("ck_lesson_versions_number", "number >= 1"),
        UniqueConstraint("lesson_id", "number", name="uq_lesson_versions_lesson_number"),
    )

    id: Mapped[PrimaryKey]
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    written_at: Mapped[datetime]
    replaced_at: Mapped[CreatedAt]
    by_autosave: Mapped[bool]


def _before(row: Lesson, name: str) -> Any:  # noqa: ANN401 -- a value of any column.
    history = inspect(row).attrs[name].history
    return history.deleted[0] if history.deleted else getattr(row, name)


def _keep(mapper: Any, connection: Connection, row: Lesson) -> None:  # noqa: ANN401 -- SQLAlchemy's.
    """Keep the text before, and let the oldest go."""
    del mapper
    if not any(inspect(row).attrs[name].history.has_changes() for name in TEXTS):
        return
    by_autosave = bool(getattr(row, AUTOSAVED, False))
    mine = LessonVersion.lesson_id == row.id
    newest_first = select(LessonVersion.by_autosave, LessonVersion.replaced_at, LessonVersion.number).where(mine)
    last = connection.execute(newest_first.order_by(LessonVersion.number.desc()).limit(1)).one_or_none()
    if by_autosave and last is not None and last.by_autosave and last.replaced_at > now() - PAUSE:
        return
    kept = {name: _before(row, name) for name in TEXTS}
    times = {"written_at": _before(row, "updated_at"), "replaced_at": now()}
    # The lesson's own version; higher where a text was written without a new one.
    number = max(_before(row, "version"), 0 if last is None else last.number + 1)
    ids = {"id": new_id(), "lesson_id": row.id, "number": number}
    connection.execute(insert(LessonVersion).values(**ids, **kept, **times, by_autosave=by_autosave))
    oldest = select(LessonVersion.number).where(mine).order_by(LessonVersion.number.desc()).offset(KEPT_VERSIONS)
    connection.execute(delete(LessonVersion).where(mine, LessonVersion.number.in_(oldest.scalar_subquery())))


async def end_autosaves(session: AsyncSession, lesson_id: UUID) -> None:
    """Somebody saved the text that stands now, so that it is kept, whatever replaces it."""
    last = select(func.max(LessonVersion.number)).where(LessonVersion.lesson_id == lesson_id).scalar_subquery()
    newest = LessonVersion.lesson_id == lesson_id, LessonVersion.number == last, LessonVersion.by_autosave
    await session.execute(update(LessonVersion).where(*newest).values(by_autosave=False), execution_options=_PLAIN)


event.listen(Lesson, "before_update", _keep)
