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
from studium.events import CourseImportRequested
from studium.kit.db import unique_or
from studium.kit.events import publish
from studium.kit.ids import new_id
from studium.kit.problems import BodyTooLarge, NotFound, Problem
from studium.kit.runtime import Runtime
from studium.kit.schema import Input
from studium.models import CourseImport, ImportPhase, ImportStatus
from studium.modules.files.actions_upload import MIB
from studium.modules.files.drafts import Draft, new_draft
from studium.modules.files.forms import FILE, FormReader, invalid, invalid_fields
from studium.modules.files.schemas import label_of

BLOBS = "imports"


class ImportFields(Input):
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

    Raises what FormReader raises, BodyTooLarge, NotFound and Forbidden for the course, StorageFull.
    """
    reader = FormReader(content_type, tuple(ImportFields.model_fields))
    async with new_draft(runtime.storage.incoming) as draft:
        await _receive(reader, draft, body, runtime.settings.import_max_mib)
        fields = _fields(reader)
        if fields.course_id is not None:
            async with runtime.database.reading() as session:
                await editable_course(fields.course_id, actor, session)
        label = label_of(reader.filename or "") or "course"
        said = f"import {draft.checksum} {fields.model_dump_json()} {label}"
        yield Upload(draft.path, label, draft.size, fields, hashlib.sha256(said.encode()).hexdigest())


async def _receive(reader: FormReader, draft: Draft, body: AsyncIterator[bytes], most: int) -> None:
    async for piece in body:
        for part in reader.feed(piece):
            await draft.add(part)
        if draft.size > most * MIB:
            message = f"A course may have {most} MiB."
            raise BodyTooLarge(message)
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
async def stored(runtime: Runtime, upload: Upload) -> AsyncIterator[str]:
    """Make a blob of the upload and give its path to the block; a Problem of the block removes it again."""
    path = f"{BLOBS}/{new_id().hex}"
    await runtime.storage.adopt(path, upload.path, {})
    try:
        yield path
    except Problem:
        await runtime.storage.delete(path)
        raise


async def request_import(session: AsyncSession, actor: Actor, upload: Upload, path: str) -> CourseImport:
    """Store the wish; a job follows it up."""
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
    async with unique_or(session, NotFound("There is no such course any more.")):
        session.add(row)
    await publish(session, CourseImportRequested(import_id=row.id))
    return row


async def waiting_paths(session: AsyncSession, paths: list[str]) -> set[str]:
    """Which of these blobs an import still waits for."""
    rows = select(CourseImport.storage_path).where(CourseImport.storage_path.in_(paths))
    return {path for path in (await session.execute(rows)).scalars() if path is not None}
