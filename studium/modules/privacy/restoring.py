"""People who were erased after a backup was made: when it is restored, they are erased again."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Update, null, select, update

from studium.kit.db.tables import utc_now
from studium.kit.runtime import Runtime
from studium.models import ErasedCertificates, User
from studium.models.inventory.people import FORMER
from studium.modules.privacy.erased_list import Erased, keep_erased
from studium.modules.privacy.erasing import erase


def first_aid(erased: Iterable[UUID]) -> list[Update]:
    """What is done in the very transaction of the restore, so that after a crash nobody is back by name or gets in.

    The address stays until they are erased: what else was kept under it is found by it.
    """
    return [
        update(User)
        .where(User.id == user_id)
        .values(
            full_name=FORMER,
            password_hash="erased",  # noqa: S106 -- no password has this hash.
            profile_metadata=null(),
            is_active=False,
            updated_at=utc_now(),
        )
        for user_id in sorted(erased)
    ]


async def erase_again(runtime: Runtime, erased: Erased) -> int:
    """Erase those of them whom the restored database knows, each in a transaction of their own; say how many."""
    found = 0
    for user_id in sorted(erased):
        paths = await _erase(runtime, user_id, erased[user_id])
        if paths is None:
            continue
        found += 1
        for path in paths:
            # A job would do it too, but only when the school is open again.
            await runtime.storage.delete(path)
        await keep_erased(runtime.storage, user_id, erased[user_id])
    return found


async def _erase(runtime: Runtime, user_id: UUID, certificates: ErasedCertificates) -> list[str] | None:
    """The paths of the blobs that are to go; None where the database does not know the person."""
    async with runtime.database.write_session() as session:
        locked = select(User).where(User.id == user_id).with_for_update()
        user = (await session.execute(locked)).scalar_one_or_none()
        return None if user is None else await erase(session, user, certificates)


def read_rows(rows: Iterable[Any]) -> Mapping[UUID, ErasedCertificates]:
    """Ids and certificates of rows, whatever way their database writes an id."""
    return {UUID(str(user_id)): ErasedCertificates(str(certificates)) for user_id, certificates in rows}
