"""Reads of files."""

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.trash import is_kept
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import Course, CourseImport, FileReference, FileType, Lesson, UploadedFile
from studium.modules.files.schemas import FileOut

_OWN = [UploadedFile.__table__.c[name] for name in FileOut.model_fields]
_NEWEST = (Order(UploadedFile.created_at), Order(UploadedFile.id))


@cache
def _my_files(narrowed: frozenset[str]) -> PagedRead[FileOut]:
    """The files of one uploader, narrowed by the columns named."""
    columns = (UploadedFile.__table__.c[name] for name in ("uploader_id", *sorted(narrowed)))
    statement = select(*_OWN).where(*(column == bindparam(f"p_{column.name}", type_=column.type) for column in columns))
    return PagedRead(statement, order=_NEWEST, name="my-files", of=FileOut)


async def my_files(
    reads: QueryExecutor, actor: Actor, page: PageQuery, file_type: FileType | None, folder: str | None
) -> Page[FileOut]:
    """The caller's own files, newest first. One hot read."""
    wanted = {"file_type": file_type, "folder": folder}
    narrowed = {name: value for name, value in wanted.items() if value is not None}
    asked: dict[str, Any] = {f"p_{name}": value for name, value in narrowed.items()}
    return await _my_files(frozenset(narrowed)).page(reads, page, p_uploader_id=actor.id, **asked)


async def used_bytes(session: AsyncSession, actor: Actor) -> int:
    """What the caller's files take in the storage, and the courses that wait there to be imported."""
    return await file_bytes(session, actor) + int(await session.scalar(_waiting(actor)) or 0)


async def file_bytes(session: AsyncSession, actor: Actor) -> int:
    """What the caller's files take in the storage."""
    used = select(func.sum(UploadedFile.file_size)).where(UploadedFile.uploader_id == actor.id)
    return int(await session.scalar(used) or 0)


def _waiting(actor: Actor) -> Select[int]:
    waits = CourseImport.owner_id == actor.id, CourseImport.storage_path.is_not(None)
    return select(func.sum(CourseImport.file_size)).where(*waits)


async def is_in_use(session: AsyncSession, file: UploadedFile) -> bool:
    """Whether a text that counts names the file: of a course of its uploader, or of the course that it belongs to.

    What other people write about a file does not keep it from being deleted; nor does an archived lesson that stays so.
    """
    counting = or_(Course.instructor_id == file.uploader_id, Course.id == file.course_id)
    found = (
        select(FileReference.id)
        .join(Course, Course.id == FileReference.course_id)
        .outerjoin(Lesson, Lesson.id == FileReference.lesson_id)
        .where(FileReference.file_id == file.id, counting, is_kept())
    )
    return bool(await session.scalar(select(exists(found))))
