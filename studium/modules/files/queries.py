"""Reads of files."""

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from studium.access.actor import Actor
from studium.kit.pages import Order, Page, PageQuery, paginate
from studium.models import Course, FileType, Lesson, UploadedFile
from studium.modules.files.schemas import FileOut


async def my_files(
    session: AsyncSession, actor: Actor, page: PageQuery, file_type: FileType | None, folder: str | None
) -> Page[FileOut]:
    """The caller's own files, newest first."""
    statement = select(UploadedFile).where(UploadedFile.uploader_id == actor.id)
    if file_type is not None:
        statement = statement.where(UploadedFile.file_type == file_type)
    if folder is not None:
        statement = statement.where(UploadedFile.folder == folder)
    order = (Order(UploadedFile.created_at), Order(UploadedFile.id))
    return await paginate(
        session, statement, order=order, page=page, name="my-files", item=lambda row: FileOut.model_validate(row[0])
    )


async def used_bytes(session: AsyncSession, actor: Actor) -> int:
    """What the caller's files take in the storage."""
    used = select(func.coalesce(func.sum(UploadedFile.file_size), 0)).where(UploadedFile.uploader_id == actor.id)
    return int(await session.scalar(used) or 0)


async def is_in_use(session: AsyncSession, file: UploadedFile) -> bool:
    """Whether a course or a live lesson points at the file."""
    courses = exists().where(_names(file, Course.thumbnail_url, Course.description))
    lessons = exists().where(Lesson.archived_at.is_(None), _names(file, Lesson.video_url, Lesson.content))
    return bool(await session.scalar(select(or_(courses, lessons))))


def _names(file: UploadedFile, *texts: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    """Whether one of the texts has the file's id, in either way of writing it that our addresses understand."""
    ids = str(file.id), file.id.hex
    return or_(*(text.icontains(written) for text in texts for written in ids))
