"""What happens to files that are there."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import FileDeleted
from studium.kit.events import publish
from studium.kit.problems import NotFound
from studium.models import UploadedFile
from studium.modules.files import queries
from studium.modules.files.errors import FileInUse


async def delete_file(session: AsyncSession, file: UploadedFile) -> None:
    """Remove the row; the blob follows by a job. Raises FileInUse, and NotFound where another was quicker."""
    if await queries.is_in_use(session, file):
        message = "A course or a lesson shows this file; take it out there first."
        raise FileInUse(message)
    gone = delete(UploadedFile).where(UploadedFile.id == file.id).returning(UploadedFile.storage_path)
    path = await session.scalar(gone.execution_options(synchronize_session=False))
    if path is None:
        message = "The file is gone already."
        raise NotFound(message)
    await publish(session, FileDeleted(storage_path=path))
