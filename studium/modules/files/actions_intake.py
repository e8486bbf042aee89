"""Taking in files that come with a course: judged and stored as an upload is, made rows with the course."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.kit.base.config import Settings
from studium.kit.base.executors import in_thread
from studium.kit.base.ids import new_id
from studium.kit.base.problems import Unauthorized
from studium.kit.runtime import Runtime, get_runtime
from studium.models import UploadedFile, User
from studium.modules.files import inspection, queries
from studium.modules.files.actions_upload import Upload, check_quota, check_size, kept_label, random_name, row_of, store
from studium.modules.files.formats import HEAD, Format, judged
from studium.modules.files.schemas import UploadFields, label_of
from studium.modules.files.temporary_uploads import TemporaryUpload, checksum_of, new_draft

FOLDER = "courses"
AT_ONCE = 500
"""Checksums of one statement."""


class Source(Protocol):
    """A file that comes: its size in bytes, the SHA-256 in hex of its bytes, and these from their beginning."""

    @property
    def size(self) -> int: ...  # noqa: D102 -- see the class.
    @property
    def checksum(self) -> str: ...  # noqa: D102 -- see the class.
    def pieces(self) -> Iterator[bytes]: ...  # noqa: D102 -- see the class.


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


async def take(
    runtime: Runtime, filename: str, source: Source, ours: Collection[tuple[str, str]], *, keep: bool
) -> Taken:
    """Judge a file, and with `keep` store its blob.

    A picture that is among `ours` (see `written_here`) was written by us and is not written anew: what was exported
    comes back as it was.
    Raises RuntimeError where the bytes are not those of the source's checksum, else what an upload raises:
    FileTypeNotAllowed, UnsafeArchive, ImageTooLarge, BodyTooLarge, StorageFull, DependencyDown, Overloaded.
    """
    label = label_of(filename)
    async with new_draft(runtime.storage.incoming) as draft:
        found = await _receive(draft, source, label, runtime.settings)
        kept = found
        if not (found.is_image and (draft.checksum, found.mime_type) in ours):
            kept = await inspection.inspect(draft.path, found)
        label = kept_label(label, kept)
        size = draft.path.stat().st_size
        checksum = checksum_of(draft.path) if found.is_rewritten else draft.checksum
        upload = Upload(draft.path, label, kept, UploadFields(folder=FOLDER), size, checksum, fingerprint="")
        name = await store(runtime, upload) if keep else random_name(upload)
        return Taken(new_id(), name, upload, is_stored=keep)


async def _receive(draft: TemporaryUpload, source: Source, label: str, settings: Settings) -> Format:
    """Write the bytes of the source to a draft, as soon as its first ones and its size are found good."""
    pieces = source.pieces()
    found: Format | None = None
    while piece := await in_thread(next, pieces, b""):
        await draft.add(piece)
        if found is None and draft.size >= HEAD:
            found = judged(label, draft.head)
            check_size(settings, found, source.size)
    await draft.finish()
    found = found or judged(label, draft.head)
    check_size(settings, found, source.size)
    if draft.checksum != source.checksum:
        message = "a file came with other bytes than its source has"
        raise RuntimeError(message)
    return found


async def add_taken(session: AsyncSession, actor: Actor, course_id: UUID, taken: Sequence[Taken]) -> None:
    """Make the rows of files of a course, with the quota decided under the owner's lock; raises QuotaExceeded.

    What waits to be imported does not count here: the material that these came in goes in this moment.
    """
    locked = select(User.is_active).where(User.id == actor.id).with_for_update(key_share=True)
    if not await session.scalar(locked):
        raise Unauthorized
    runtime = get_runtime(session)
    total = sum(each.upload.size for each in taken)
    check_quota(runtime.settings, await queries.file_bytes(session, actor), total)
    session.add_all(_row(runtime, actor, course_id, each) for each in taken)
    await session.flush()


def _row(runtime: Runtime, actor: Actor, course_id: UUID, each: Taken) -> UploadedFile:
    fields = UploadFields(folder=FOLDER, course_id=course_id)
    return row_of(runtime, actor, replace(each.upload, fields=fields), each.name, each.id)
