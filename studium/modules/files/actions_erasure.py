"""The files of an erased person."""

from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.trash import is_kept
from studium.events import FileDeleted
from studium.kit.jobs.events import publish
from studium.models import FileReference, Lesson, UploadedFile

NO_NAME = "file"
_AT_ONCE = 200
_PLAIN = {"synchronize_session": False}


def is_course_material() -> ColumnElement[bool]:
    """Whether the course that a file belongs to shows it: such a file is the course's, whoever uploaded it."""
    shown = (
        select(FileReference.id)
        .outerjoin(Lesson, Lesson.id == FileReference.lesson_id)
        .where(
            FileReference.file_id == UploadedFile.id,
            FileReference.course_id == UploadedFile.course_id,
            is_kept(),
        )
    )
    return and_(UploadedFile.course_id.is_not(None), exists(shown.correlate(UploadedFile)))


async def delete_files(session: AsyncSession, whose: ColumnElement[bool]) -> list[str]:
    """Delete up to 200 files that no course shows, and return the paths of the blobs, which follow by jobs."""
    some = select(UploadedFile.id).where(whose, ~is_course_material()).order_by(UploadedFile.id).limit(_AT_ONCE)
    ids = (await session.execute(some.with_for_update())).scalars().all()
    gone = delete(UploadedFile).where(UploadedFile.id.in_(ids)).returning(UploadedFile.storage_path)
    paths = list((await session.execute(gone, execution_options=_PLAIN)).scalars())
    for path in paths:
        await publish(session, FileDeleted(storage_path=path))
    return paths


async def erase_files(session: AsyncSession, user_id: UUID) -> list[str]:
    """Delete a person's files; the blobs, whose paths are returned, follow by jobs.

    What a course shows stays, without the name that it was given.
    """
    paths: list[str] = []
    theirs = UploadedFile.uploader_id == user_id
    while some := await delete_files(session, theirs):
        paths += some
    kept = select(UploadedFile.id, UploadedFile.filename).where(theirs)
    for file_id, filename in (await session.execute(kept)).all():
        plain = f"{NO_NAME}{PurePosixPath(filename).suffix}"
        write = update(UploadedFile).where(UploadedFile.id == file_id).values(original_filename=plain)
        await session.execute(write, execution_options=_PLAIN)
    return paths
