"""What follows the end of a file's row."""

from studium.events import FileDeleted
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime


@on(FileDeleted, "files.dispose_of_blob", has_external_effects=True)
async def dispose_of_blob(runtime: Runtime, event: FileDeleted) -> None:
    """Remove the blob that no row names any more."""
    await runtime.storage.delete(event.storage_path)
