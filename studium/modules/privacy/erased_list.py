"""Who was erased, outside the database: what a backup of an earlier day brings back has to be erased again.

Each erasure leaves a blob under `erased/`, and a backup a list beside itself. Both hold ids, and what certificates say.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from studium.kit.storage import Storage
from studium.models import ErasedCertificates

LIST = "studium-erased.txt"
_BLOBS = "erased"
Erased = Mapping[UUID, ErasedCertificates]


async def keep_erased(storage: Storage, user_id: UUID, certificates: ErasedCertificates) -> None:
    """Leave a note in the storage. Raises DependencyDown, StorageFull."""
    await storage.put(f"{_BLOBS}/{user_id}.{certificates.value}", f"{user_id} {certificates.value}\n".encode())


async def erased_in_storage(storage: Storage) -> dict[UUID, ErasedCertificates]:
    """Everybody of whom the storage has a note."""
    names = [path.rpartition("/")[2].partition(".") async for path in storage.list(_BLOBS)]
    return dict(_read(f"{user_id} {certificates}" for user_id, _, certificates in names))


def erased_beside(backup: Path) -> dict[UUID, ErasedCertificates]:
    """Everybody in the list beside a backup; nobody where there is none."""
    try:
        return dict(_read((backup.absolute().parent / LIST).read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError:
        return {}


def write_beside(backup: Path, erased: Erased) -> None:
    """Add people to the list beside a backup, which is made whole or not at all; nobody makes none."""
    path = backup.absolute().parent / LIST
    known = {**erased_beside(backup), **erased}
    if known:
        draft = path.with_name(f".{LIST}.draft")
        draft.write_text("".join(f"{user_id} {known[user_id].value}\n" for user_id in sorted(known)), encoding="utf-8")
        draft.replace(path)


def _read(lines: Iterable[str]) -> Iterable[tuple[UUID, ErasedCertificates]]:
    """What can be read of the lines: an id alone is enough."""
    for line in lines:
        user_id, _, certificates = line.strip().partition(" ")
        with suppress(ValueError):
            yield UUID(user_id), ErasedCertificates(certificates or ErasedCertificates.WITHHOLD_NAME)
