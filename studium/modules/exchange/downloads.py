"""An upload that waits in the storage, as a file of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from studium.kit.runtime import Runtime
from studium.kit.storage import BlobMissing
from studium.modules.files.temporary_uploads import new_draft


@asynccontextmanager
async def downloaded(runtime: Runtime, storage_path: str) -> AsyncIterator[Path | None]:
    """The upload as a file of this machine; None where it is gone."""
    async with new_draft(runtime.storage.incoming) as draft:
        try:
            async for chunk in runtime.storage.stream(storage_path):
                await draft.add(chunk)
        except BlobMissing:
            yield None
            return
        await draft.finish()
        yield draft.path
