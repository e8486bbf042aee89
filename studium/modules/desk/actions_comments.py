"""What graders do with the words that they keep. The lock of their own row keeps the number of comments bounded."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, func, select, update

from studium.access.actor import Actor
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.prepared import PreparedStatement, Record, insertion
from studium.kit.db.transaction import Transaction
from studium.models import GradingComment, User
from studium.modules.desk.errors import TooManyComments
from studium.modules.desk.schemas import CommentIn, CommentOut, CommentUpdate

COMMENTS_MAX = 1_000

_COLUMNS = GradingComment.__table__.c
_TABLE: Any = GradingComment.__table__
_OWNER, _ID = bindparam("p_owner", type_=Uuid()), bindparam("p_comment", type_=Uuid())
_OWN = _COLUMNS.id == _ID, _COLUMNS.owner_id == _OWNER
_TURN = PreparedStatement(select(User.id).where(User.id == _OWNER).with_for_update())
_COUNT = PreparedStatement(select(func.count(_COLUMNS.id).label("comments")).where(_COLUMNS.owner_id == _OWNER))
_ADD = insertion(_COLUMNS)
_LOCK = PreparedStatement(select(*_COLUMNS).where(*_OWN).with_for_update())
_CHANGE = PreparedStatement(
    update(_TABLE)
    .where(*_OWN)
    .values(
        text=bindparam("p_text", type_=_COLUMNS.text.type),
        updated_at=bindparam("p_at", type_=_COLUMNS.updated_at.type),
        version=_COLUMNS.version + 1,
    )
    .returning(*_COLUMNS)
)
_DELETE = PreparedStatement(delete(_TABLE).where(*_OWN).returning(_COLUMNS.id))
_USE = PreparedStatement(
    update(_TABLE).where(*_OWN).values(uses=_COLUMNS.uses + 1, updated_at=_COLUMNS.updated_at).returning(_COLUMNS.id)
)


async def add_comment(tx: Transaction, actor: Actor, payload: CommentIn) -> CommentOut:
    """Keep words; raises TooManyComments."""
    await tx.first(_TURN, p_owner=actor.id)
    counted = await tx.first(_COUNT, p_owner=actor.id)
    if counted is not None and counted["comments"] >= COMMENTS_MAX:
        message = f"You keep {COMMENTS_MAX} comments already; delete one first."
        raise TooManyComments(message)
    at = now()
    row = {
        "id": new_id(),
        "owner_id": actor.id,
        "text": payload.text,
        "uses": 0,
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }
    await tx.first(_ADD, **{f"p_{name}": value for name, value in row.items()})
    return CommentOut.of_record(row)


async def change_comment(
    tx: Transaction, actor: Actor, comment_id: UUID, patch: CommentUpdate, if_match: IfMatchHeader
) -> CommentOut:
    """Write other words; raises NotFound, PreconditionFailed."""
    row = await _locked(tx, actor, comment_id, if_match)
    text = patch.changes().get("text", row["text"])
    if text != row["text"]:
        changed = await tx.first(_CHANGE, p_comment=comment_id, p_owner=actor.id, p_text=text, p_at=now())
        assert changed is not None  # noqa: S101 -- the row is locked.
        row = changed
    return CommentOut.of_record(row)


async def delete_comment(tx: Transaction, actor: Actor, comment_id: UUID, if_match: IfMatchHeader) -> None:
    """Forget words; what was said with them stays said. Raises NotFound, PreconditionFailed."""
    await _locked(tx, actor, comment_id, if_match)
    await tx.first(_DELETE, p_comment=comment_id, p_owner=actor.id)


async def _locked(tx: Transaction, actor: Actor, comment_id: UUID, if_match: IfMatchHeader) -> Record:
    row = await tx.first(_LOCK, p_comment=comment_id, p_owner=actor.id)
    if row is None:
        message = "You keep no such comment."
        raise NotFound(message)
    if_match.require(row["version"])
    return row


async def count_uses(tx: Transaction, owner_id: UUID, comment_ids: Iterable[UUID]) -> None:
    """Count one use of each of these, in one order, so that no two graders' transactions wait for each other.

    One that is another's, or was deleted meanwhile, counts nothing: a mark is not refused for it.
    """
    for comment_id in sorted(set(comment_ids)):
        await tx.first(_USE, p_comment=comment_id, p_owner=owner_id)
