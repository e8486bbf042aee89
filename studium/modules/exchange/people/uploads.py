"""A CSV of people as it is received: read once to its end, so that a file that is no table never becomes an import."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from studium.kit.base.executors import in_thread
from studium.kit.base.problems import BodyTooLarge
from studium.kit.runtime import Runtime
from studium.modules.exchange.people.schemas import PeopleImportFields
from studium.modules.exchange.people.source import MOST_BYTES, check_file
from studium.modules.files.forms import FILE, FormReader, invalid, invalid_fields
from studium.modules.files.schemas import label_of
from studium.modules.files.temporary_uploads import new_draft


@dataclass(frozen=True, slots=True)
class PeopleUpload:
    """What was received, in a temporary place."""

    path: Path
    label: str
    size: int
    rows: int
    fields: PeopleImportFields
    fingerprint: str


@asynccontextmanager
async def received(runtime: Runtime, content_type: str, body: AsyncIterator[bytes]) -> AsyncIterator[PeopleUpload]:
    """Read the form; after the block nothing temporary is left.

    Raises what FormReader raises, BodyTooLarge, InvalidCsv, StorageFull.
    """
    reader = FormReader(content_type, tuple(PeopleImportFields.model_fields))
    async with new_draft(runtime.storage.incoming) as draft:
        async for piece in body:
            for part in reader.feed(piece):
                await draft.add(part)
            if draft.size > MOST_BYTES:
                message = "A CSV of people may have 10 MiB."
                raise BodyTooLarge(message)
        reader.finish()
        await draft.finish()
        if draft.size == 0:
            raise invalid(FILE, "empty", "The file is empty.")
        fields = _fields(reader)
        rows = await in_thread(check_file, draft.path)
        label = label_of(reader.filename or "") or "people.csv"
        said = f"people {draft.checksum} {fields.model_dump_json()} {label}"
        yield PeopleUpload(draft.path, label, draft.size, rows, fields, hashlib.sha256(said.encode()).hexdigest())


def _fields(reader: FormReader) -> PeopleImportFields:
    try:
        return PeopleImportFields.model_validate({name: text for name, text in reader.fields.items() if text})
    except ValidationError as error:
        raise invalid_fields(error) from None
