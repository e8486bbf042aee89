"""The embedded engine: a table, claimed by lease, worked off inside the server or by `studium worker`."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import Select, Uuid, bindparam, delete, event, func, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.job_tables import JobRow
from studium.kit.jobs import MAX_TRIES, DeadJob, GiveUp, Jobs, acts_outside, name_of, pause_after, reason_of
from studium.kit.reads import Read
from studium.kit.steps import Steps

if TYPE_CHECKING:
    from studium.kit.config import Settings
    from studium.kit.db import Database

CONCURRENCY = 4
LEASE = timedelta(seconds=15)
_HEARTBEAT_SECONDS = 5
_POLL_SECONDS = 1.0
_STOP_SECONDS = 20
_AT = bindparam("at", type_=JobRow.run_at.type)
_PUT = Read(
    insert(JobRow)
    .values(
        id=bindparam("p_id", type_=Uuid()),
        name=bindparam("p_name", type_=JobRow.name.type),
        payload=bindparam("p_payload", type_=JobRow.payload.type),
        state="ready",
        tries=0,
        run_at=_AT,
        created_at=_AT,
    )
    .returning(JobRow.id)
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Claim:
    id: UUID
    name: str
    payload: Mapping[str, str]
    tries: int


class SqliteJobs(Jobs):
    """Jobs in the `jobs` table. A claimed job belongs to its process until its lease ends; a heartbeat renews it."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        super().__init__(settings, database)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[UUID] = set()

    async def put(self, session: AsyncSession, name: str, payload: Mapping[str, str]) -> None:
        """Store the job with its caller's work, and wake a worker once that is committed."""
        at = now()
        session.add(JobRow(id=new_id(), name=name, payload=dict(payload), state="ready", run_at=at, created_at=at))
        await session.flush()
        if not session.info.get("wakes_jobs"):
            session.info["wakes_jobs"] = True
            # A savepoint's release counts as a commit too, so the listener stays for the one that matters.
            event.listen(session.sync_session, "after_commit", lambda _: self._wake.set())

    async def put_step(self, steps: Steps, name: str, payload: Mapping[str, str]) -> None:
        """The same in a transaction of prepared statements."""
        await steps.one(_PUT, p_id=new_id(), p_name=name, p_payload=dict(payload), at=now())
        steps.afterwards.append(self._wake.set)

    async def done_in(self, session: AsyncSession, job_id: str) -> bool:
        """Delete the job's row with its effects, while it is still ours."""
        mine = delete(JobRow).where(JobRow.id == UUID(job_id), JobRow.owner == self._owner).returning(JobRow.id)
        return (await session.execute(mine)).scalar_one_or_none() is not None

    async def _start(self) -> None:
        self._stopping = False
        await self._release_orphans(at_start=True)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(CONCURRENCY)]
        self._tasks.append(asyncio.create_task(self._beat()))

    async def _stop(self) -> None:
        self._stopping = True
        self._wake.set()
        *workers, heart = self._tasks or [asyncio.create_task(asyncio.sleep(0))]
        if workers:
            await asyncio.wait(workers, timeout=_STOP_SECONDS)
        for task in (*workers, heart):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left."""
        while (claim := await self._claim()) is not None:
            error = await self._run(claim)
            if error is not None and raising:
                raise error

    async def _work(self) -> None:
        claim = None
        while not self._stopping:
            self._wake.clear()
            try:
                claim = await self._claim(look_first=claim is None)
                if claim is not None:
                    await self._run(claim)
                    continue
            except Exception as error:  # noqa: BLE001 -- a busy or full disk passes; the loop must not end.
                _log.warning("jobs cannot be claimed or settled", reason=reason_of(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._wake.wait()

    async def _claim(self, *, look_first: bool = True) -> _Claim | None:
        """Take the oldest job that is due; who does not expect one looks before taking the write lock."""
        due = select(JobRow.id).where(JobRow.state == "ready", JobRow.run_at <= now())
        due = due.order_by(JobRow.run_at, JobRow.id).limit(1)
        if look_first:
            async with self.database.reading() as session:
                if await session.scalar(due) is None:
                    return None
        async with self.database.writing() as session:
            claim = (
                update(JobRow)
                .where(JobRow.id == due.scalar_subquery(), JobRow.state == "ready")
                .values(state="running", owner=self._owner, lease_until=now() + LEASE, tries=JobRow.tries + 1)
                .returning(JobRow.id, JobRow.name, JobRow.payload, JobRow.tries)
            )
            row = (await session.execute(claim)).one_or_none()
        return None if row is None else _Claim(row.id, row.name, row.payload, row.tries)

    async def _run(self, claim: _Claim) -> Exception | None:
        """Run a claimed job; on failure put it back with a pause, or among the dead letters."""
        self._running.add(claim.id)
        try:
            await self.perform(str(claim.id), claim.name, claim.payload)
        except Exception as error:  # noqa: BLE001 -- whatever a job raises, it is retried.
            await self._failed(claim, error)
            return error
        finally:
            # From here on the lease is not renewed: a job whose end cannot be written down comes free when it runs out.
            self._running.discard(claim.id)
        if acts_outside(claim.name):
            async with self.database.writing() as session:
                await session.execute(delete(JobRow).where(JobRow.id == claim.id, JobRow.owner == self._owner))
        return None

    async def _failed(self, claim: _Claim, error: Exception) -> None:
        dead = isinstance(error, GiveUp) or claim.tries >= MAX_TRIES
        pause = pause_after(claim.tries)
        _log.warning(
            "job failed", job=claim.name, job_id=str(claim.id), tries=claim.tries, dead=dead, reason=reason_of(error)
        )
        async with self.database.writing() as session:
            await session.execute(
                update(JobRow)
                .where(JobRow.id == claim.id, JobRow.owner == self._owner)
                .values(
                    state="dead" if dead else "ready",
                    run_at=now() + timedelta(seconds=pause),
                    owner=None,
                    lease_until=None,
                    error=reason_of(error),
                )
            )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                async with self.database.writing() as session:
                    mine = update(JobRow).where(JobRow.owner == self._owner, JobRow.id.in_(self._running))
                    await session.execute(mine.values(lease_until=now() + LEASE))
                await self._release_orphans(at_start=False)
            except Exception as error:  # noqa: BLE001 -- the heart beats on.
                _log.warning("job heartbeat failed", reason=reason_of(error))

    async def _release_orphans(self, *, at_start: bool) -> None:
        """Free jobs whose lease ran out, and at the start those of processes of this host that are dead."""
        orphaned = JobRow.lease_until < now()
        async with self.database.writing() as session:
            if at_start:
                running = select(JobRow.owner).where(JobRow.state == "running").distinct()
                owners = (await session.execute(running)).scalars()
                dead = [owner for owner in owners if owner is not None and not _is_alive(owner)]
                orphaned = or_(orphaned, JobRow.owner.in_(dead))
            freed = update(JobRow).where(JobRow.state == "running", orphaned)
            await session.execute(freed.values(state="ready", owner=None, lease_until=None, run_at=now()))

    async def pending(self) -> dict[str, int]:
        """How many jobs are in each state."""
        async with self.database.reading() as session:
            rows = await session.execute(select(JobRow.state, func.count().label("jobs")).group_by(JobRow.state))
            return {"ready": 0, "running": 0, "dead": 0, **{row.state: row.jobs for row in rows.all()}}

    async def oldest_seconds(self) -> float:
        """How long the job that is due longest has waited."""
        due = select(func.min(JobRow.run_at)).where(JobRow.state == "ready")
        async with self.database.reading() as session:
            since = await session.scalar(due)
        return 0 if since is None else max(0.0, (now() - since).total_seconds())

    def waiting_ids(self, function: Callable[..., Awaitable[None]], key: str) -> Select[UUID]:
        """The ids in the payloads of waiting jobs; an id column holds them without hyphens here."""
        plain = func.replace(JobRow.payload[key].as_string(), "-", "")
        return select(type_coerce(plain, Uuid())).where(JobRow.name == name_of(function), JobRow.state != "dead")

    async def dead_jobs(self) -> list[DeadJob]:
        """The dead letters, oldest first."""
        statement = select(JobRow).where(JobRow.state == "dead").order_by(JobRow.created_at, JobRow.id)
        async with self.database.reading() as session:
            rows = (await session.execute(statement)).scalars()
            return [DeadJob(str(row.id), row.name, row.payload, row.tries, row.error, row.created_at) for row in rows]

    async def requeue(self, job_id: str) -> bool:
        """Give a dead letter another eight tries."""
        again = update(JobRow).where(JobRow.id == UUID(job_id), JobRow.state == "dead").returning(JobRow.id)
        async with self.database.writing() as session:
            found = await session.execute(again.values(state="ready", tries=0, run_at=now(), error=None))
            return found.scalar_one_or_none() is not None


def _is_alive(owner: str) -> bool:
    """Whether the process of an owner may still run; a process of another host may."""
    host, pid, _ = owner.rsplit(":", 2)
    if host != socket.gethostname() or int(pid) == os.getpid():
        return host != socket.gethostname()
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
