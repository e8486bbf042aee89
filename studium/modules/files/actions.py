"""What happens to files that are there."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.events import FileDeleted
from studium.kit.base.problems import NotFound
from studium.kit.jobs.events import publish
from studium.models import UploadedFile
from studium.modules.files import queries
from studium.modules.files.errors import FileInUse


async def delete_file(session: AsyncSession, file: UploadedFile) -> None:
    """Remove the row; the blob follows by a job. Raises FileInUse, and NotFound where another was quicker."""
    # Whoever writes a text that names the file now has it locked until that is committed, and seen by what follows.
    await session.execute(select(UploadedFile.id).where(UploadedFile.id == file.id).with_for_update())
    if await queries.is_in_use(session, file):
        message = "A course shows this file, in a text, a lesson or a question; take it out there first."
        raise FileInUse(message)
    gone = delete(UploadedFile).where(UploadedFile.id == file.id).returning(UploadedFile.storage_path)
    path = await session.scalar(gone.execution_options(synchronize_session=False))
    if path is None:
        message = "The file is gone already."
        raise NotFound(message)
    await publish(session, FileDeleted(storage_path=path))
