"""Another master secret: what was sealed with the one before it is sealed anew, beside running servers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from studium.kit.runtime import Runtime
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import Passkey, RecoveryCode, User
from studium.modules.auth.factors import RECOVERY, SECRET, WAITING
from studium.modules.auth.passkeys import KEY

_AT_ONCE = 500
_PLAIN = {"synchronize_session": False}
Sealed = tuple[UUID, str]


async def rotate(runtime: Runtime) -> tuple[int, int]:
    """Seal every text anew with the present secret; return how many are, and how many nobody can open.

    Recovery codes that an older version kept as MACs cannot be made anew: they count among the latter.
    """
    done = [
        # A person's profile has not changed for its readers: `updated_at` stays.
        await _reseal(runtime, User, User.mfa_secret, (SECRET, WAITING), updated_at=User.updated_at),
        await _reseal(runtime, RecoveryCode, RecoveryCode.code_hash, (RECOVERY,)),
        await _reseal(runtime, Passkey, Passkey.public_key, (KEY,)),
    ]
    return sum(sealed for sealed, _ in done), sum(lost for _, lost in done)


async def _reseal(runtime: Runtime, table: Any, column: Any, purposes: Sequence[str], **kept: Any) -> tuple[int, int]:  # noqa: ANN401 -- mapped classes and columns.
    """What `rotate` does, for one column, in short transactions."""
    sealed, lost, last = 0, 0, UUID(int=0)
    while True:
        async with runtime.database.write_session() as session:
            later = select(table.id, column).where(table.id > last, column.is_not(None)).order_by(table.id)
            rows = (await session.execute(later.limit(_AT_ONCE))).all()
            for row_id, old in rows:
                new = _resealed(runtime.keys, old, purposes)
                sealed, lost = sealed + (new is not None), lost + (new is None)
                if new is not None:
                    # Whoever changed it meanwhile sealed it with the present secret.
                    same = update(table).where(table.id == row_id, column == old)
                    await session.execute(same.values({column.key: new, **kept}), execution_options=_PLAIN)
        if not rows:
            return sealed, lost
        last = rows[-1][0]


def _resealed(keys: Keys, text: str, purposes: Sequence[str]) -> str | None:
    """The text sealed with the present secret for the purpose that opens it; None where none does."""
    for purpose in purposes:
        try:
            return keys.encrypt(purpose, keys.decrypt(purpose, text))
        except TokenInvalid:
            continue
    return None
