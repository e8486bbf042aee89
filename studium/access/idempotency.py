"""`Idempotency-Key`: a request that is sent again under its key gets the answer of the first, and acts no second time.

Key and answer live in the transaction of the act, so that they exist exactly when its effects do. A refusal rolls back
and keeps nothing: sent again, it is decided anew.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.jobs import periodic
from studium.kit.problems import FieldError, InvalidInput, Problem
from studium.kit.runtime import Runtime
from studium.models import IdempotencyKey

LIFETIME = timedelta(hours=24)
KEY_MAX = 255
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("content-type", "etag", "link", "location")
_SWEEP_SECONDS = 3600


class IdempotencyKeyReused(Problem):
    """The key was used for another request; use a new one."""

    status = 422
    title = "Idempotency key reused"


class RequestInProgress(Problem):
    """The first request with this key is still running; ask again in a second."""

    status = 409
    title = "The request is still running"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A key taken by this request."""

    session: AsyncSession
    row: IdempotencyKey

    async def keep(self, response: Response) -> None:
        """Store the answer with the effects of the act."""
        self.row.status_code = response.status_code
        self.row.headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        self.row.body = bytes(response.body)
        await self.session.flush()


class StoredReplays:
    """Answers by user and key, in the database, for 24 hours."""

    async def begin(self, request: Request, key: str) -> Response | _Taken:
        """See the port in `kit/replays.py`."""
        return await begin(request.state.session, request.state.actor_id, tidy_key(key), await _fingerprint(request))


async def begin(session: AsyncSession, user_id: UUID, key: str, fingerprint: str) -> Response | _Taken:
    """The stored answer under a tidy key, or the key taken for what `fingerprint` stands for (64 characters).

    Raises IdempotencyKeyReused, RequestInProgress.
    """
    await _take_turn(session, user_id, key)
    known = select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    row = (await session.execute(known)).scalar_one_or_none()
    # A refusal that had something to remember was committed with the key, but without an answer: it is decided anew.
    if row is not None and row.status_code is not None and row.expires_at > now():
        return _replay(row, fingerprint)
    if row is not None:
        await session.delete(row)
        await session.flush()
    return await _take(session, user_id, key, fingerprint)


def tidy_key(key: str) -> str:
    """The key without its quotes; raise InvalidInput where it is empty, too long or not printable."""
    bare = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not 0 < len(bare) <= KEY_MAX or not bare.isprintable():
        detail = f"Send 1 to {KEY_MAX} printable characters."
        raise InvalidInput([FieldError("header", "/Idempotency-Key", "invalid_key", detail)])
    return bare


async def _fingerprint(request: Request) -> str:
    """What the key stands for: method, address and body."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


async def _take_turn(session: AsyncSession, user_id: UUID, key: str) -> None:
    """Refuse to run beside the first request; on SQLite writers take turns anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], signed=True)
    lock = func.pg_try_advisory_xact_lock(bindparam("number", number, BigInteger()))
    if not await session.scalar(select(lock)):
        message = "The first request with this key is still running."
        raise RequestInProgress(message, headers={"Retry-After": "1"})


def _replay(row: IdempotencyKey, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        message = "This key was used for another request; use a new one."
        raise IdempotencyKeyReused(message)
    headers = {name: str(value) for name, value in (row.headers or {}).items()}
    return Response(row.body or b"", row.status_code or 200, headers={**headers, REPLAYED: "true"})


async def _take(session: AsyncSession, user_id: UUID, key: str, fingerprint: str) -> _Taken:
    at = now()
    row = IdempotencyKey(
        id=new_id(), user_id=user_id, key=key, fingerprint=fingerprint, created_at=at, expires_at=at + LIFETIME
    )
    session.add(row)
    await session.flush()
    return _Taken(session, row)


@periodic(seconds=_SWEEP_SECONDS)
async def sweep_idempotency_keys(runtime: Runtime) -> None:
    """Forget keys after their 24 hours."""
    async with runtime.database.writing() as session:
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < now()))
