"""Uploads that wait to be imported: received beside any transaction, kept in the storage until a job has read them."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import ConfigDict, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.permissions import editable_course
from studium.events import NOBODY, CourseImportRequested
from studium.kit.base.config import Settings
from studium.kit.base.ids import new_id
from studium.kit.base.problems import BodyTooLarge, NotFound, Problem
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.errors import Constraint
from studium.kit.http.schemas import RequestModel
from studium.kit.jobs.events import publish
from studium.kit.runtime import Runtime, get_runtime
from studium.models import CourseImport, ImportPhase, ImportStatus, PeopleImport, User
from studium.modules.files import queries
from studium.modules.files.actions_upload import MIB, check_quota
from studium.modules.files.forms import FILE, FormReader, invalid, invalid_fields
from studium.modules.files.schemas import label_of
from studium.modules.files.temporary_uploads import TemporaryUpload, new_draft

BLOBS = "imports"


class ImportFields(RequestModel):
    """The fields beside the file; a form sends texts."""

    model_config = ConfigDict(extra="forbid", strict=False)

    course_id: UUID | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """What was received, in a temporary place."""

    path: Path
    label: str
    size: int
    fields: ImportFields
    fingerprint: str


@asynccontextmanager
async def received(
    runtime: Runtime, actor: Actor, content_type: str, body: AsyncIterator[bytes]
) -> AsyncIterator[Upload]:
    """Read the form; after the block nothing temporary is left.

    Raises what FormReader raises, BodyTooLarge, QuotaExceeded, NotFound and Forbidden for the course, StorageFull.
    """
    async with runtime.database.read_session() as session:
        used = await queries.used_bytes(session, actor)
    reader = FormReader(content_type, tuple(ImportFields.model_fields))
    async with new_draft(runtime.storage.incoming) as draft:
        await _receive(reader, draft, body, _Bounds(runtime.settings, used))
        fields = _fields(reader)
        if fields.course_id is not None:
            async with runtime.database.read_session() as session:
                await editable_course(fields.course_id, actor, session)
        label = label_of(reader.filename or "") or "course"
        said = f"import {draft.checksum} {fields.model_dump_json()} {label}"
        yield Upload(draft.path, label, draft.size, fields, hashlib.sha256(said.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How far an upload may grow."""

    settings: Settings
    used: int

    def check(self, size: int) -> None:
        """Raise BodyTooLarge or QuotaExceeded."""
        if size > self.settings.import_max_mib * MIB:
            message = f"A course may have {self.settings.import_max_mib} MiB."
            raise BodyTooLarge(message)
        check_quota(self.settings, self.used, size)


async def _receive(reader: FormReader, draft: TemporaryUpload, body: AsyncIterator[bytes], bounds: _Bounds) -> None:
    async for piece in body:
        for part in reader.feed(piece):
            await draft.add(part)
        bounds.check(draft.size)
    reader.finish()
    await draft.finish()
    if draft.size == 0:
        raise invalid(FILE, "empty", "The file is empty.")


def _fields(reader: FormReader) -> ImportFields:
    try:
        return ImportFields.model_validate({name: text for name, text in reader.fields.items() if text})
    except ValidationError as error:
        raise invalid_fields(error) from None


@asynccontextmanager
async def stored(runtime: Runtime, received_at: Path) -> AsyncIterator[str]:
    """Make a blob of the upload and give its path to the block; a Problem of the block removes it again."""
    path = f"{BLOBS}/{new_id().hex}"
    await runtime.storage.adopt(path, received_at, {})
    try:
        yield path
    except Problem:
        await runtime.storage.delete(path)
        raise


async def request_import(session: AsyncSession, actor: Actor, upload: Upload, path: str) -> CourseImport:
    """Store the wish, with the quota decided under the owner's lock; a job follows it up. Raises QuotaExceeded."""
    await session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    check_quota(get_runtime(session).settings, await queries.used_bytes(session, actor), upload.size)
    row = CourseImport(
        id=new_id(),
        owner_id=actor.id,
        into_id=upload.fields.course_id,
        original_filename=upload.label,
        file_size=upload.size,
        storage_path=path,
        is_dry_run=upload.fields.dry_run,
        status=ImportStatus.QUEUED,
        phase=ImportPhase.READING,
        progress_done=0,
        progress_total=0,
    )
    async with raise_on_conflict(session, NotFound("There is no such course any more."), Constraint.FOREIGN_KEY):
        session.add(row)
    into_id = upload.fields.course_id or NOBODY
    await publish(session, CourseImportRequested(import_id=row.id, owner_id=actor.id, into_id=into_id))
    return row


async def waiting_paths(session: AsyncSession, paths: list[str]) -> set[str]:
    """Which of these blobs an import of courses or of people still waits for."""
    waiting: set[str] = set()
    for column in (CourseImport.storage_path, PeopleImport.storage_path):
        found = (await session.execute(select(column).where(column.in_(paths)))).scalars()
        waiting |= {path for path in found if path is not None}
    return waiting
