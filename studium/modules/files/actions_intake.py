"""Taking in files that come with a course: judged and stored as an upload is, made rows with the course."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.ids import new_id
from studium.kit.problems import Unauthorized
from studium.kit.runtime import Runtime, runtime_of
from studium.models import UploadedFile, User
from studium.modules.files import inspection, queries
from studium.modules.files.actions_upload import Upload, check_quota, check_size, random_name, row_of, store
from studium.modules.files.drafts import checksum_of, new_draft
from studium.modules.files.formats import HEAD, check_head, format_of
from studium.modules.files.schemas import UploadFields, label_of

FOLDER = "courses"
AT_ONCE = 500
"""Checksums of one statement."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was found good, with the id that it will have; `name` is that of its blob, if one was stored."""

    id: UUID
    name: str
    upload: Upload
    is_stored: bool


async def written_here(session: AsyncSession, checksums: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Which files with these checksums lie here already, byte by byte: checksum and media type of each."""
    statement = select(UploadedFile.checksum, UploadedFile.mime_type).distinct()
    found: set[tuple[str, str]] = set()
    for start in range(0, len(checksums), AT_ONCE):
        some = checksums[start : start + AT_ONCE]
        rows = await session.execute(statement.where(UploadedFile.checksum.in_(some)))
        found.update((row.checksum, row.mime_type) for row in rows)
    return frozenset(found)


async def take(runtime: Runtime, filename: str, data: bytes, ours: Collection[tuple[str, str]], *, keep: bool) -> Taken:
    """Judge a file, and with `keep` store its blob.

    A picture that is among `ours` (see `written_here`) was written by us and is not written anew: what was exported
    comes back as it was.
    Raises FileTypeNotAllowed, UnsafeArchive, ImageTooLarge, BodyTooLarge, StorageFull, DependencyDown, Overloaded.
    """
    label = label_of(filename)
    found = format_of(label)
    check_size(runtime.settings, found, len(data))
    check_head(found, data[:HEAD])
    async with new_draft(runtime.storage.incoming) as draft:
        await draft.add(data)
        await draft.finish()
        if not (found.is_image and (draft.checksum, found.mime_type) in ours):
            await inspection.inspect(draft.path, found)
        size = draft.path.stat().st_size
        checksum = checksum_of(draft.path) if found.is_image else draft.checksum
        upload = Upload(draft.path, label, found, UploadFields(folder=FOLDER), size, checksum, fingerprint="")
        name = await store(runtime, upload) if keep else random_name(upload)
        return Taken(new_id(), name, upload, is_stored=keep)


def source_checksum(data: bytes) -> str:
    """What tells whether a file came before: the SHA-256 of its bytes as they came, in hex."""
    return hashlib.sha256(data).hexdigest()


async def add_taken(session: AsyncSession, actor: Actor, course_id: UUID, taken: Sequence[Taken]) -> None:
    """Make the rows of files of a course, with the quota decided under the owner's lock; raises QuotaExceeded."""
    locked = select(User.is_active).where(User.id == actor.id).with_for_update(key_share=True)
    if not await session.scalar(locked):
        raise Unauthorized
    runtime = runtime_of(session)
    total = sum(each.upload.size for each in taken)
    check_quota(runtime.settings, await queries.used_bytes(session, actor), total)
    session.add_all(_row(runtime, actor, course_id, each) for each in taken)
    await session.flush()


def _row(runtime: Runtime, actor: Actor, course_id: UUID, each: Taken) -> UploadedFile:
    fields = UploadFields(folder=FOLDER, course_id=course_id)
    return row_of(runtime, actor, replace(each.upload, fields=fields), each.name, each.id)
