"""`Idempotency-Key`: a request sent again under its key gets the first answer, and has no second effect.

Key and answer live in the transaction of the act, so that they exist exactly when its effects do. An error response
rolls back and stores nothing: sent again, the request is processed anew.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from sqlalchemy import BigInteger, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.base.problems import FieldError, InvalidInput, Problem
from studium.kit.db.prepared import PreparedStatement, Record
from studium.kit.db.transaction import Transaction, transaction_of
from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.models import IdempotencyKey

LIFETIME = timedelta(hours=24)
KEY_MAX = 255
REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("content-type", "etag", "link", "location", "set-cookie")
"""A form of a page is answered with a cookie that names the sentence of the next page; no answer of the API has one."""
_SWEEP_SECONDS = 3600
_FINGERPRINT = "idempotency-fingerprint"
_FORM = "form:"
"""What the keys of pages begin with: a form with a word of its own is its own key."""

_TAKEN = ("id", "user_id", "key", "fingerprint", "created_at", "expires_at")


class IdempotencyKeyReused(Problem):
    """The key was used for another request; use a new one."""

    status = 422
    title = "Idempotency key reused"


class RequestInProgress(Problem):
    """The first request with this key is still running; ask again in a second."""

    status = 409
    title = "The request is still running"


_COLUMNS = IdempotencyKey.__table__.c
_KEY = (
    IdempotencyKey.user_id == bindparam("p_user", type_=Uuid()),
    IdempotencyKey.key == bindparam("p_key", type_=_COLUMNS.key.type),
)
_LOCK = PreparedStatement(
    select(func.pg_try_advisory_xact_lock(bindparam("p_number", type_=BigInteger())).label("is_ours"))
)
_KNOWN = PreparedStatement(select(*_COLUMNS).where(*_KEY))
_FORGET = PreparedStatement(delete(IdempotencyKey).where(*_KEY).returning(IdempotencyKey.id))
_WAIT = PreparedStatement(select(func.pg_advisory_xact_lock(bindparam("p_number", type_=BigInteger())).label("waited")))
_TAKE = PreparedStatement(
    insert(IdempotencyKey)
    .values({name: bindparam(f"p_{name}", type_=_COLUMNS[name].type) for name in _TAKEN})
    .returning(IdempotencyKey.id)
)
_KEEP = PreparedStatement(
    update(IdempotencyKey)
    .where(IdempotencyKey.id == bindparam("p_id", type_=Uuid()))
    .values({name: bindparam(f"p_{name}", type_=_COLUMNS[name].type) for name in ("status_code", "headers", "body")})
    .returning(IdempotencyKey.id)
)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A key taken by this request."""

    transaction: Transaction
    id: UUID

    async def keep(self, response: Response) -> None:
        """Store the answer with the effects of the act."""
        await self.transaction.first(
            _KEEP,
            p_id=self.id,
            p_status_code=response.status_code,
            p_headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            p_body=bytes(response.body),
        )


class StoredReplays:
    """Answers by user and key, in the database, for 24 hours."""

    async def begin(self, request: Request, key: str) -> Response | _Taken:
        """See the port in `kit/http/idempotency.py`."""
        return await begin(
            request.state.session, request.state.actor_id, normalize_key(key), await _fingerprint(request)
        )


async def begin_form(request: Request) -> Response | _Taken:
    """As `StoredReplays.begin` for the form of a page, which holds a word of its own: changed, it is another one."""
    said = await _fingerprint(request)
    return await begin(request.state.session, request.state.actor_id, form_key(said), said)


def form_key(*said: str) -> str:
    """The key of a form of a page with a word of its own, of all that it says."""
    return _FORM + hashlib.sha256("\n".join(said).encode()).hexdigest()


async def begin(place: AsyncSession | Transaction, user_id: UUID, key: str, fingerprint: str) -> Response | _Taken:
    """The stored answer under a normalized key, or the key taken for the request with this fingerprint.

    Of the fingerprint only a MAC is kept: bodies hold passwords. Raises IdempotencyKeyReused, RequestInProgress.
    """
    transaction = transaction_of(place)
    runtime: Runtime = transaction.info["runtime"]
    keys, fingerprinted = runtime.keys, f"{user_id} {fingerprint}"
    await _take_turn(transaction, user_id, key)
    row = await transaction.first(_KNOWN, p_user=user_id, p_key=key)
    # A refusal that had something to remember was committed with the key, but without an answer: it is decided anew.
    if row is not None and row["status_code"] is not None and row["expires_at"] > now():
        return _replay(row, is_same=keys.is_mac(_FINGERPRINT, fingerprinted, row["fingerprint"]))
    if row is not None:
        await transaction.first(_FORGET, p_user=user_id, p_key=key)
    return await _take(transaction, user_id, key, keys.mac(_FINGERPRINT, fingerprinted))


async def answer_form(
    runtime: Runtime,
    caller: tuple[UUID, str | None],
    fingerprint: str,
    *,
    act: Callable[[AsyncSession], Awaitable[Response]],
    discard: Callable[[], Awaitable[None]],
) -> Response:
    """What `act` answers about a form, in a transaction of its own, or what was answered under the key before.

    For routes that receive a form before the transaction begins, so that they have no session for `StoredReplays`.
    `caller` is the id of the user, and their normalized key if any; `discard` removes what was stored for a repeated
    form.
    """
    user_id, key = caller

    async def once(session: AsyncSession) -> Response:
        taken = None if key is None else await begin(session, user_id, key, fingerprint)
        if isinstance(taken, Response):
            return taken
        answer = await act(session)
        if taken is not None:
            await taken.keep(answer)
        return answer

    answer = await runtime.database.write(once)
    if REPLAYED in answer.headers:
        await discard()
    return answer


async def _form_key(idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    return None if idempotency_key is None else normalize_key(idempotency_key)


FormKey = Annotated[str | None, Depends(_form_key)]
"""The normalized `Idempotency-Key` of a route that calls `answer_form`."""


def normalize_key(key: str) -> str:
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


async def _take_turn(transaction: Transaction, user_id: UUID, key: str) -> None:
    """Raise RequestInProgress while another request holds the key; on SQLite writers take turns anyway.

    A form waits instead: a browser shows what its last click is answered with.
    """
    if transaction.dialect != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(f"{user_id} {key}".encode()).digest()[:8], signed=True)
    if key.startswith(_FORM):
        await transaction.first(_WAIT, p_number=number)
        return
    lock = await transaction.first(_LOCK, p_number=number)
    if lock is None or not lock["is_ours"]:
        message = "The first request with this key is still running."
        raise RequestInProgress(message, headers={"Retry-After": "1"})


def _replay(row: Record, *, is_same: bool) -> Response:
    if not is_same:
        message = "This key was used for another request; use a new one."
        raise IdempotencyKeyReused(message)
    headers = {name: str(value) for name, value in (row["headers"] or {}).items()}
    return Response(row["body"] or b"", row["status_code"] or 200, headers={**headers, REPLAYED: "true"})


async def _take(transaction: Transaction, user_id: UUID, key: str, fingerprint: str) -> _Taken:
    at, row_id = now(), new_id()
    await transaction.first(
        _TAKE,
        p_id=row_id,
        p_user_id=user_id,
        p_key=key,
        p_fingerprint=fingerprint,
        p_created_at=at,
        p_expires_at=at + LIFETIME,
    )
    return _Taken(transaction, row_id)


@periodic("access.sweep_idempotency_keys", seconds=_SWEEP_SECONDS)
async def sweep_idempotency_keys(runtime: Runtime) -> None:
    """Forget keys after their 24 hours."""
    async with runtime.database.write_session() as session:
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at < now()))
