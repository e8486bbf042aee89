"""The content of files in a backup: every blob that a row names, with what its store must know of it."""

import asyncio
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from studium.kit.runtime import Runtime
from studium.kit.storage import BlobMissing, Storage
from studium.models import UploadedFile
from studium.modules.files.delivery import delivery_headers
from studium.modules.files.temporary_uploads import checksum_of, new_path

BLOBS = "files"
_LIST = "files.jsonl"
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as its row describes it."""

    id: str
    path: str
    mime_type: str
    label: str
    checksum: str


def files_at(moment: Connection) -> list[KeptFile]:
    """The files that there were at the moment that a connection sees."""
    columns = (
        UploadedFile.id,
        UploadedFile.storage_path,
        UploadedFile.mime_type,
        UploadedFile.original_filename,
        UploadedFile.checksum,
    )
    return [KeptFile(str(row[0]), *row[1:]) for row in moment.execute(select(*columns).order_by(UploadedFile.id))]


async def keep_blobs(storage: Storage, files: Iterable[KeptFile], folder: Path) -> list[KeptFile]:
    """Copy the content that is not in the backup yet; return the files whose content is missing or not what it was."""
    wanted = list(files)
    _list(folder, wanted)
    faults: list[KeptFile] = []
    for start in range(0, len(wanted), _AT_ONCE):
        batch = wanted[start : start + _AT_ONCE]
        kept = await asyncio.gather(*(_keep(storage, file, folder / BLOBS / file.path) for file in batch))
        faults += [file for file, is_whole in zip(batch, kept, strict=True) if not is_whole]
    return faults


def _list(folder: Path, files: list[KeptFile]) -> None:
    (folder / _LIST).write_text("".join(f"{json.dumps(asdict(file))}\n" for file in files), encoding="utf-8")


async def _keep(storage: Storage, file: KeptFile, target: Path) -> bool:
    """Whether the file is in the backup as its row says; damaged content is kept, for want of better."""
    if not _is_there(target):
        try:
            with target.open("xb") as copy:
                async for chunk in storage.stream(file.path):
                    copy.write(chunk)
        except BlobMissing:
            await asyncio.to_thread(target.unlink)
            return False
    return await asyncio.to_thread(checksum_of, target) == file.checksum


def _is_there(target: Path) -> bool:
    """Whether the content was copied before; its folder is made where not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.exists()


async def still_known(runtime: Runtime, files: Iterable[KeptFile]) -> list[KeptFile]:
    """Those of the files that have a row now: whatever else is missing was deleted meanwhile."""
    paths = select(UploadedFile.storage_path).where(UploadedFile.storage_path.in_([file.path for file in files]))
    async with runtime.database.read_session() as session:
        known = set((await session.execute(paths)).scalars())
    return [file for file in files if file.path in known]


async def bring_back(storage: Storage, folder: Path) -> int:
    """Store every blob of the backup under its old path, where it replaces any other; say how many they are."""
    found = [file for file in _listed(folder) if (folder / BLOBS / file.path).exists()]
    for file in found:
        blob = folder / BLOBS / file.path
        source = blob if not storage.is_local else await asyncio.to_thread(_copied, blob, storage.incoming)
        await storage.adopt(file.path, source, delivery_headers(file.mime_type, file.label))
    return len(found)


def _listed(folder: Path) -> Iterator[KeptFile]:
    for line in (folder / _LIST).read_text(encoding="utf-8").splitlines():
        yield KeptFile(**json.loads(line))


def _copied(blob: Path, incoming: Path) -> Path:
    """A copy that the store may take away."""
    return Path(shutil.copyfile(blob, new_path(incoming)))
