"""The embedded engine: a table, claimed by lease, worked off inside the server or by `studium worker`."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import Integer, Select, Uuid, bindparam, delete, event, func, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.clock import now
from studium.kit.ids import new_id
from studium.kit.job_tables import JobRow
from studium.kit.jobs import MAX_TRIES, DeadJob, GiveUp, Jobs, acts_outside, name_of, pause_after, reason_of
from studium.kit.reads import Read
from studium.kit.steps import Steps
from studium.kit.tables import UtcDateTime

if TYPE_CHECKING:
    from studium.kit.config import Settings
    from studium.kit.db import Database

CONCURRENCY = 4
BATCH = 8
"""How many jobs a process claims at once: few enough for other processes to get their share."""

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


_IS_DUE = JobRow.state == "ready", JobRow.run_at <= bindparam("at", type_=UtcDateTime())
_DUE = select(JobRow.id).where(*_IS_DUE).order_by(JobRow.run_at, JobRow.id)
_LOOK = Read(_DUE.limit(1))
_CLAIM = Read(
    update(JobRow)
    .where(JobRow.id.in_(_DUE.limit(bindparam("many", type_=Integer())).scalar_subquery()))
    .values(
        state="running",
        owner=bindparam("claimer"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        tries=JobRow.tries + 1,
    )
    .returning(JobRow.id, JobRow.name, JobRow.payload, JobRow.tries, JobRow.run_at)
)
_mine = JobRow.id == bindparam("job"), JobRow.owner == bindparam("claimer")
_SETTLE = Read(delete(JobRow).where(*_mine).returning(JobRow.id))


class SqliteJobs(Jobs):
    """Jobs in the `jobs` table. A claimed job belongs to its process until its lease ends; a heartbeat renews it."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        super().__init__(settings, database)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._held: set[UUID] = set()
        self._waiting: deque[_Claim] = deque()
        self._done: set[UUID] = set()
        self._desk = asyncio.Lock()

    async def put(self, session: AsyncSession, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Store the jobs with their caller's work, and wake a worker once that is committed."""
        at = now()
        rest = {"payload": dict(payload), "state": "ready", "run_at": at, "created_at": at}
        await session.flush()
        await session.execute(insert(JobRow), [{"id": new_id(), "name": name, **rest} for name in names])
        if not session.info.get("wakes_jobs"):
            session.info["wakes_jobs"] = True
            # A savepoint's release counts as a commit too, so the listener stays for the one that matters.
            event.listen(session.sync_session, "after_commit", lambda _: self._wake.set())

    async def put_step(self, steps: Steps, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """The same in a transaction of prepared statements."""
        for name in names:
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
        if self._tasks:
            await self._give_back()
        self._tasks = []

    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left."""
        while claims := await self._claim(1):
            error = await self._run(claims[0])
            if error is not None and raising:
                await self._claim(0)
                raise error

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                claim = await self._next()
                if claim is not None:
                    await self._run(claim)
                    continue
            except Exception as error:  # noqa: BLE001 -- a busy or full disk passes; the loop must not end.
                _log.warning("jobs cannot be claimed or settled", reason=reason_of(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._wake.wait()

    async def _next(self) -> _Claim | None:
        """A claimed job that nobody has begun yet; whoever finds none claims the next few for all."""
        async with self._desk:
            if not self._waiting:
                self._waiting.extend(await self._claim(BATCH))
            return self._waiting.popleft() if self._waiting else None

    async def _claim(self, many: int) -> list[_Claim]:
        """Write down what was done outside, and take the oldest jobs that are due, in one short transaction.

        Who has nothing to write down looks first whether there is a job, before taking the write lock.
        """
        done = set(self._done)
        if not done and await self.database.reads.one(_LOOK, at=now()) is None:
            return []
        async with self.database.steps() as steps:
            for job_id in done:
                await steps.one(_SETTLE, job=job_id, claimer=self._owner)
            at = now()
            rows = await steps.all(_CLAIM, at=at, many=many, claimer=self._owner, until=at + LEASE)
        self._done -= done
        self._held = self._held - done | {row["id"] for row in rows}
        rows = sorted(rows, key=lambda row: (row["run_at"], row["id"]))
        return [_Claim(row["id"], row["name"], row["payload"], row["tries"]) for row in rows]

    async def _give_back(self) -> None:
        """Write down what is done, and leave to others what is claimed and not begun."""
        unbegun = [claim.id for claim in self._waiting]
        self._waiting.clear()
        await self._claim(0)
        if unbegun:
            again = update(JobRow).where(JobRow.owner == self._owner, JobRow.id.in_(unbegun))
            async with self.database.writing() as session:
                await session.execute(again.values(state="ready", owner=None, lease_until=None, tries=JobRow.tries - 1))

    async def _run(self, claim: _Claim) -> Exception | None:
        """Run a claimed job; on failure put it back with a pause, or among the dead letters."""
        try:
            await self.perform(str(claim.id), claim.name, claim.payload)
        except Exception as error:  # noqa: BLE001 -- whatever a job raises, it is retried.
            # From here on the lease is not renewed: a job whose end cannot be written down comes free when it runs out.
            self._held.discard(claim.id)
            await self._failed(claim, error)
            return error
        if acts_outside(claim.name):
            # Its row goes with the next claim; until then the lease is renewed, so that nobody runs it again.
            self._done.add(claim.id)
        else:
            self._held.discard(claim.id)
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
                    mine = update(JobRow).where(JobRow.owner == self._owner, JobRow.id.in_(self._held))
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
