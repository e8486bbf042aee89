"""Taking a file in: received beside any transaction, judged, stored, and only then made a row."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.permissions import editable_course
from studium.kit.base.config import Settings
from studium.kit.base.executors import in_thread
from studium.kit.base.ids import new_id
from studium.kit.base.problems import BodyTooLarge, NotFound, Problem, Unauthorized
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.errors import Constraint
from studium.kit.runtime import Runtime, get_runtime
from studium.models import FileType, Role, UploadedFile, User
from studium.modules.files import inspection, queries
from studium.modules.files.delivery import delivery_headers
from studium.modules.files.errors import PublicNotAllowed, QuotaExceeded
from studium.modules.files.formats import HEAD, Format, judged
from studium.modules.files.forms import FILE, FormReader, invalid, invalid_fields
from studium.modules.files.schemas import UploadFields, label_of
from studium.modules.files.temporary_uploads import TemporaryUpload, checksum_of, new_draft

MIB = 1 << 20
STUDENTS_PUBLIC_MAX = 2 * MIB
CAPTIONS_MAX_MIB = 1
"""Ten hours of speech."""

BLOBS = "uploads"
FIELDS = tuple(UploadFields.model_fields)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was received and found good, in a temporary place. The fingerprint is of what was sent."""

    path: Path
    label: str
    format: Format
    fields: UploadFields
    size: int
    checksum: str
    fingerprint: str


@asynccontextmanager
async def received(
    runtime: Runtime, actor: Actor, content_type: str, body: AsyncIterator[bytes]
) -> AsyncIterator[Upload]:
    """Read the form and judge what is in it; after the block nothing temporary is left.

    No transaction is open meanwhile. Raises what FormReader and `inspect` raise, BodyTooLarge, QuotaExceeded,
    PublicNotAllowed, NotFound and Forbidden for the course, StorageFull, DependencyDown.
    """
    reader = FormReader(content_type, FIELDS)
    async with runtime.database.read_session() as session:
        used = await queries.used_bytes(session, actor)
    async with new_draft(runtime.storage.incoming) as draft:
        found = await _receive(reader, draft, body, _Bounds(runtime.settings, used))
        fields = _fields(reader)
        await _check_wishes(runtime, actor, fields, found, draft.size)
        sent = draft.checksum
        kept = await inspection.inspect(draft.path, found)
        label = kept_label(label_of(reader.filename or ""), kept)
        yield Upload(
            path=draft.path,
            label=label,
            format=kept,
            fields=fields,
            size=draft.path.stat().st_size,
            checksum=await in_thread(checksum_of, draft.path) if found.is_rewritten else sent,
            fingerprint=hashlib.sha256(f"upload {sent} {fields.model_dump_json()} {label}".encode()).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How far a file may grow."""

    settings: Settings
    used: int

    def check(self, size: int, claimed: Format) -> None:
        """Raise BodyTooLarge or QuotaExceeded."""
        check_size(self.settings, claimed, size)
        check_quota(self.settings, self.used, size)


def check_size(settings: Settings, claimed: Format, size: int) -> None:
    """Raise BodyTooLarge for a file that is larger than its format may be."""
    most = settings.upload_video_max_mib if claimed.file_type is FileType.VIDEO else settings.upload_max_mib
    most = min(most, CAPTIONS_MAX_MIB) if claimed.is_captions else most
    if size > most * MIB:
        message = f"A .{claimed.extension} file may have {most} MiB."
        raise BodyTooLarge(message)


def kept_label(label: str, kept: Format) -> str:
    """The label of a file that may have become another one: `talk.srt` is `talk.vtt` then."""
    return f"{label.rpartition('.')[0]}.{kept.extension}" if kept.is_captions else label


async def _receive(reader: FormReader, draft: TemporaryUpload, body: AsyncIterator[bytes], bounds: _Bounds) -> Format:
    """Write the file as it comes, and stop as soon as it is too large or not what its name says."""
    claimed: Format | None = None
    async for piece in body:
        for part in reader.feed(piece):
            await draft.add(part)
        if claimed is None and draft.size >= HEAD:
            claimed = judged(label_of(reader.filename or ""), draft.head)
        if claimed is not None:
            bounds.check(draft.size, claimed)
    reader.finish()
    await draft.finish()
    if draft.size == 0:
        raise invalid(FILE, "empty", "The file is empty.")
    claimed = claimed or judged(label_of(reader.filename or ""), draft.head)
    bounds.check(draft.size, claimed)
    return claimed


def _fields(reader: FormReader) -> UploadFields:
    """The fields as they should be; an empty one, as browsers send them, was not filled in."""
    try:
        return UploadFields.model_validate({name: text for name, text in reader.fields.items() if text})
    except ValidationError as error:
        raise invalid_fields(error) from None


async def _check_wishes(runtime: Runtime, actor: Actor, fields: UploadFields, found: Format, size: int) -> None:
    """Raise PublicNotAllowed for what a student may not publish; NotFound or Forbidden for a course of others."""
    if fields.is_public and actor.role is Role.STUDENT and (not found.is_image or size > STUDENTS_PUBLIC_MAX):
        raise PublicNotAllowed
    if fields.course_id is not None:
        async with runtime.database.read_session() as session:
            await editable_course(fields.course_id, actor, session)


def check_quota(settings: Settings, used: int, size: int) -> None:
    """Raise QuotaExceeded unless so many more bytes fit."""
    quota = settings.quota_mib * MIB
    if used + size > quota:
        message = "The file does not fit into what is left of your quota; delete others first."
        raise QuotaExceeded(message, quota_bytes=quota, used_bytes=used)


@asynccontextmanager
async def stored(runtime: Runtime, upload: Upload) -> AsyncIterator[str]:
    """Make a blob of the file and give its name to the block; a Problem of the block removes the blob again.

    After any other error nobody knows whether the block's transaction was committed, so the blob is left to the sweep.
    """
    name = await store(runtime, upload)
    try:
        yield name
    except Problem:
        await discard(runtime, name)
        raise


async def store(runtime: Runtime, upload: Upload) -> str:
    """Make a blob of the file and return its random name."""
    name = random_name(upload)
    headers = delivery_headers(upload.format.mime_type, upload.label)
    await runtime.storage.adopt(blob_path(name), upload.path, headers)
    return name


def random_name(upload: Upload) -> str:
    """A name for a blob that nobody can guess."""
    return f"{secrets.token_hex(16)}.{upload.format.extension}"


async def discard(runtime: Runtime, name: str) -> None:
    """Remove a blob that gets no row."""
    await runtime.storage.delete(blob_path(name))


def blob_path(name: str) -> str:
    """Where the blob of this random name lies."""
    return f"{BLOBS}/{name[:2]}/{name}"


async def add_file(session: AsyncSession, actor: Actor, upload: Upload, name: str) -> UploadedFile:
    """Make the row of a stored file, with the quota decided under the owner's lock; raises QuotaExceeded, NotFound."""
    locked = select(User.is_active).where(User.id == actor.id).with_for_update(key_share=True)
    if not await session.scalar(locked):
        raise Unauthorized
    runtime = get_runtime(session)
    check_quota(runtime.settings, await queries.used_bytes(session, actor), upload.size)
    file = row_of(runtime, actor, upload, name, new_id())
    async with raise_on_conflict(session, NotFound("There is no such course any more."), Constraint.FOREIGN_KEY):
        session.add(file)
    return file


def row_of(runtime: Runtime, actor: Actor, upload: Upload, name: str, file_id: UUID) -> UploadedFile:
    """The row of a stored file, not yet in any session."""
    return UploadedFile(
        id=file_id,
        uploader_id=actor.id,
        filename=name,
        original_filename=upload.label,
        file_url=address_of(file_id),
        storage_path=blob_path(name),
        file_type=upload.format.file_type,
        mime_type=upload.format.mime_type,
        file_size=upload.size,
        checksum=upload.checksum,
        storage_provider="local" if runtime.storage.is_local else "s3",
        **upload.fields.model_dump(),
    )


def address_of(file_id: UUID) -> str:
    """Where a file is downloaded from."""
    return f"/api/v1/files/{file_id}/download"
