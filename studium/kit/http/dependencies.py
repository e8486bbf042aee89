"""What any route may ask for: the runtime behind the request, its session, its transaction, hot reads."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.prepared import QueryExecutor
from studium.kit.db.transaction import Transaction
from studium.kit.runtime import Runtime

_READ_METHODS = frozenset({"GET", "HEAD"})


def request_runtime(request: Request) -> Runtime:
    """The runtime of the application that a request came to."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def request_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of this request: read-only for GET and HEAD, else committed before the answer leaves."""
    database = request_runtime(request).database
    opened = database.read_session if request.method in _READ_METHODS else database.write_session
    async with opened() as session:
        request.state.session = session
        yield session


async def writing_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A writing session, for the few reads that have something to put right first."""
    async with request_runtime(request).database.write_session() as session:
        yield session


async def request_transaction(request: Request) -> AsyncIterator[Transaction]:
    """The transaction of prepared statements of this request, committed before the answer leaves."""
    async with request_runtime(request).database.transaction() as transaction:
        request.state.session = transaction
        yield transaction


async def request_reads(request: Request) -> QueryExecutor:
    """The hot reads of this process."""
    return request_runtime(request).database.reads


async def replica_reads(request: Request) -> QueryExecutor:
    """Hot reads that a replica may answer, but for requests that write."""
    database = request_runtime(request).database
    return database.replica_reads if request.method in _READ_METHODS else database.reads


ReplicaReadsDep = Annotated[QueryExecutor, Depends(replica_reads)]
"""Hot reads that may go to a replica, which shows no less than whoever is logged in must see (kit/db/replica.py)."""

ReadsDep = Annotated[QueryExecutor, Depends(request_reads)]
"""Hot reads: for routes that change nothing and need no session."""

SessionDep = Annotated[AsyncSession, Depends(request_session, scope="function")]
"""The request's session. Its scope ends before the response leaves, so a failed commit is never a success."""

TransactionDep = Annotated[Transaction, Depends(request_transaction, scope="function")]
"""The request's transaction where prepared statements do all the work. Its scope ends as that of `SessionDep`."""

WritingSessionDep = Annotated[AsyncSession, Depends(writing_session, scope="function")]
