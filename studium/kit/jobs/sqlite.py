"""The embedded engine: a table, claimed by lease, worked off inside the server or by `studium worker`."""

import asyncio
import json
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
from sqlalchemy import (
    Integer,
    Select,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.prepared import PreparedStatement
from studium.kit.db.tables import UtcDateTime
from studium.kit.db.transaction import Transaction
from studium.kit.jobs.registry import (
    DEADLY,
    MAX_DEATHS,
    MAX_TRIES,
    DeadJob,
    Jobs,
    PermanentJobError,
    Queue,
    acts_outside,
    names_of,
    queue_and_lock,
    reason_of,
    retry_delay,
)
from studium.kit.jobs.tables import JobRow

if TYPE_CHECKING:
    from studium.kit.base.config import Settings
    from studium.kit.db.database import Database

BATCH = {Queue.DEFAULT: 8, Queue.IMPORTS: 1}
"""How many jobs a process claims at once: few enough for other processes to get their share."""

LEASE = timedelta(seconds=15)
_HEARTBEAT_SECONDS = 5
_POLL_SECONDS = 1.0
_AT = bindparam("at", type_=JobRow.run_at.type)
_PUT = PreparedStatement(
    insert(JobRow)
    .values(
        id=bindparam("p_id", type_=Uuid()),
        name=bindparam("p_name", type_=JobRow.name.type),
        payload=bindparam("p_payload", type_=JobRow.payload.type),
        queue=bindparam("p_queue", type_=JobRow.queue.type),
        lock=bindparam("p_lock", type_=JobRow.lock.type),
        state="ready",
        tries=0,
        deaths=0,
        run_at=_AT,
        created_at=_AT,
    )
    .returning(JobRow.id)
)
_PUT_ALL = PreparedStatement(
    text(
        "INSERT INTO jobs (id, name, payload, queue, lock, state, tries, deaths, run_at, created_at)"
        " SELECT value ->> '$.id', value ->> '$.name', json_extract(value, '$.payload'), value ->> '$.queue',"
        " value ->> '$.lock', 'ready', 0, 0, :at, :at FROM json_each(:jobs) RETURNING id"
    )
    .bindparams(_AT)
    .columns(JobRow.id)
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Claim:
    id: UUID
    name: str
    payload: Mapping[str, str]
    tries: int


_rival = aliased(JobRow)
_before_it = _rival.state == "running", (_rival.state == "ready") & (_rival.id < JobRow.id)
_is_locked = select(_rival.id).where(_rival.lock == JobRow.lock, _rival.id != JobRow.id, or_(*_before_it)).exists()
_IS_DUE = (
    JobRow.state == "ready",
    JobRow.queue == bindparam("of"),
    JobRow.run_at <= bindparam("at", type_=UtcDateTime()),
    or_(JobRow.lock.is_(None), ~_is_locked),
)
_DUE = select(JobRow.id, JobRow.deaths).where(*_IS_DUE).order_by(JobRow.run_at, JobRow.id)
_LOOK = PreparedStatement(_DUE.limit(1))
_TAKEN = _DUE.with_only_columns(JobRow.id).where(JobRow.deaths <= bindparam("deaths", type_=Integer()))
_CLAIM = PreparedStatement(
    update(JobRow)
    .where(JobRow.id.in_(_TAKEN.limit(bindparam("many", type_=Integer())).scalar_subquery()))
    .values(
        state="running",
        owner=bindparam("claimer"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        tries=JobRow.tries + 1,
    )
    .returning(JobRow.id, JobRow.name, JobRow.payload, JobRow.tries, JobRow.run_at)
)
_mine = JobRow.id == bindparam("job"), JobRow.owner == bindparam("claimer")
_SETTLE = PreparedStatement(delete(JobRow).where(*_mine).returning(JobRow.id))


class _Desk:
    """Where the workers of one queue take their jobs from: claimed ones that nobody has begun yet."""

    def __init__(self) -> None:
        self.claims: deque[_Claim] = deque()
        self.lock = asyncio.Lock()


class SqliteJobs(Jobs):
    """Jobs in the `jobs` table. A claimed job belongs to its process until its lease ends; a heartbeat renews it."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        super().__init__(settings, database)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}"
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._held: set[UUID] = set()
        self._desks = {queue: _Desk() for queue in Queue}
        self._done: set[UUID] = set()

    async def put(self, transaction: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Store the jobs with their caller's work, and wake a worker once that is committed."""
        for name in names:
            queue, lock = queue_and_lock(name, payload)
            values = {"p_name": name, "p_payload": dict(payload), "p_queue": queue, "p_lock": lock}
            await transaction.first(_PUT, p_id=new_id(), at=now(), **values)
        transaction.call_after_commit(self._wake.set)

    async def put_all(self, transaction: Transaction, jobs: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Store the jobs with their caller's work, in one statement."""
        rows = []
        for name, payload in jobs:
            queue, lock = queue_and_lock(name, payload)
            rows.append({"id": new_id().hex, "name": name, "payload": dict(payload), "queue": queue, "lock": lock})
        await transaction.all(_PUT_ALL, jobs=json.dumps(rows), at=now())
        transaction.call_after_commit(self._wake.set)

    async def mark_done(self, session: AsyncSession, job_id: str) -> bool:
        """Delete the job's row with its effects, while it is still ours."""
        mine = delete(JobRow).where(JobRow.id == UUID(job_id), JobRow.owner == self._owner).returning(JobRow.id)
        return (await session.execute(mine)).scalar_one_or_none() is not None

    async def _start(self) -> None:
        self._stopping = False
        await self._release_orphans(at_start=True)
        queues = [queue for queue, workers in self.workers.items() for _ in range(workers)]
        self._tasks = [asyncio.create_task(self._work(queue)) for queue in queues]
        self._tasks.append(asyncio.create_task(self._beat()))

    async def _stop(self) -> None:
        """Let what runs finish for a while; what does not is given back, and does not count as tried."""
        self._stopping = True
        self._wake.set()
        *workers, heart = self._tasks or [asyncio.create_task(asyncio.sleep(0))]
        if workers:
            await asyncio.wait(workers, timeout=self.stop_seconds)
        for task in (*workers, heart):
            task.cancel()
        await asyncio.gather(*workers, heart, return_exceptions=True)
        if self._tasks:
            await self._give_back()
        self._tasks = []

    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left."""
        while claims := await self._claim_any():
            error = await self._run(claims[0])
            if error is not None and raising:
                await self._claim(Queue.DEFAULT, 0)
                raise error

    async def _claim_any(self) -> list[_Claim]:
        """One job, whatever queue it is in."""
        for queue in Queue:
            if claims := await self._claim(queue, 1):
                return claims
        return []

    async def _work(self, queue: Queue) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                claim = await self._next(queue)
                if claim is not None:
                    await self._run(claim)
                    continue
            except Exception as error:  # noqa: BLE001 -- a busy or full disk passes; the loop must not end.
                _log.warning("jobs cannot be claimed or settled", reason=reason_of(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._wake.wait()

    async def _next(self, queue: Queue) -> _Claim | None:
        """A claimed job that nobody has begun yet; whoever finds none claims the next few for all."""
        desk = self._desks[queue]
        async with desk.lock:
            if not desk.claims:
                desk.claims.extend(await self._claim(queue, BATCH[queue]))
            return desk.claims.popleft() if desk.claims else None

    async def _claim(self, queue: Queue, many: int) -> list[_Claim]:
        """Write down what was done outside, and take the oldest jobs that are due, in one short transaction.

        Who has nothing to write down looks first whether there is a job, before taking the write lock. A job that a
        worker died of is claimed alone: no other one shall be counted among those that it takes along.
        """
        done, at = set(self._done), now()
        first = await self.database.reads.one(_LOOK, at=at, of=queue)
        if not done and first is None:
            return []
        deaths = 0 if first is None else first["deaths"]
        async with self.database.transaction() as transaction:
            for job_id in done:
                await transaction.first(_SETTLE, job=job_id, claimer=self._owner)
            claim_values = {"of": queue, "deaths": deaths, "many": min(many, 1) if deaths else many}
            rows = await transaction.all(_CLAIM, at=at, claimer=self._owner, until=now() + LEASE, **claim_values)
        self._done -= done
        self._held = self._held - done | {row["id"] for row in rows}
        rows = sorted(rows, key=lambda row: (row["run_at"], row["id"]))
        return [_Claim(row["id"], row["name"], row["payload"], row["tries"]) for row in rows]

    async def _give_back(self) -> None:
        """Write down what is done, and leave to others what is not."""
        for desk in self._desks.values():
            desk.claims.clear()
        await self._claim(Queue.DEFAULT, 0)
        again = update(JobRow).where(JobRow.owner == self._owner, JobRow.state == "running")
        async with self.database.write_session() as session:
            await session.execute(again.values(state="ready", owner=None, lease_until=None, tries=JobRow.tries - 1))

    async def _run(self, claim: _Claim) -> Exception | None:
        """Run a claimed job; on failure put it back with a pause, or among the dead letters."""
        try:
            await self.run_job(str(claim.id), claim.name, claim.payload)
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
        dead = isinstance(error, PermanentJobError) or claim.tries >= MAX_TRIES
        pause = retry_delay(claim.tries)
        _log.warning(
            "job failed", job=claim.name, job_id=str(claim.id), tries=claim.tries, dead=dead, reason=reason_of(error)
        )
        async with self.database.write_session() as session:
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
                async with self.database.write_session() as session:
                    mine = update(JobRow).where(JobRow.owner == self._owner, JobRow.id.in_(self._held))
                    await session.execute(mine.values(lease_until=now() + LEASE))
                await self._release_orphans(at_start=False)
            except Exception as error:  # noqa: BLE001 -- the heart beats on.
                _log.warning("job heartbeat failed", reason=reason_of(error))

    async def _release_orphans(self, *, at_start: bool) -> None:
        """Free jobs whose lease ran out, and at the start those of processes of this host that are dead.

        A job that was run by so many of them is the likely cause, and is not given to one more.
        """
        orphaned = JobRow.lease_until < now()
        async with self.database.write_session() as session:
            if at_start:
                running = select(JobRow.owner).where(JobRow.state == "running").distinct()
                owners = (await session.execute(running)).scalars()
                dead = [owner for owner in owners if owner is not None and not _is_alive(owner)]
                orphaned = or_(orphaned, JobRow.owner.in_(dead))
            is_deadly = JobRow.deaths + 1 >= MAX_DEATHS
            outcome = {
                "state": case((is_deadly, "dead"), else_="ready"),
                "error": case((is_deadly, DEADLY), else_=JobRow.error),
            }
            freed = update(JobRow).where(JobRow.state == "running", orphaned)
            values = {"deaths": JobRow.deaths + 1, "owner": None, "lease_until": None, "run_at": now(), **outcome}
            rows = (await session.execute(freed.values(**values).returning(JobRow.id, JobRow.name, JobRow.state))).all()
        for row in rows:
            _log.warning("a worker died of its job", job=row.name, job_id=str(row.id), dead=row.state == "dead")

    async def pending(self) -> dict[str, int]:
        """How many jobs are in each state."""
        async with self.database.read_session() as session:
            rows = await session.execute(select(JobRow.state, func.count().label("jobs")).group_by(JobRow.state))
            return {"ready": 0, "running": 0, "dead": 0, **{row.state: row.jobs for row in rows.all()}}

    async def oldest_seconds(self) -> float:
        """How long the job that is due longest has waited."""
        due = select(func.min(JobRow.run_at)).where(JobRow.state == "ready", JobRow.queue == Queue.DEFAULT)
        async with self.database.read_session() as session:
            since = await session.scalar(due)
        return 0 if since is None else max(0.0, (now() - since).total_seconds())

    def waiting_ids(self, function: Callable[..., Awaitable[None]], key: str) -> Select[UUID]:
        """The ids in the payloads of waiting jobs; an id column holds them without hyphens here."""
        plain = func.replace(JobRow.payload[key].as_string(), "-", "")
        return select(type_coerce(plain, Uuid())).where(JobRow.name.in_(names_of(function)), JobRow.state != "dead")

    async def dead_jobs(self) -> list[DeadJob]:
        """The dead letters, oldest first."""
        statement = select(JobRow).where(JobRow.state == "dead").order_by(JobRow.created_at, JobRow.id)
        async with self.database.read_session() as session:
            rows = (await session.execute(statement)).scalars()
            return [DeadJob(str(row.id), row.name, row.payload, row.tries, row.error, row.created_at) for row in rows]

    async def requeue(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Give a dead letter another eight tries."""
        with suppress(ValueError):
            again = update(JobRow).where(JobRow.id == UUID(job_id), JobRow.state == "dead").returning(JobRow.id)
            async with self._within(session) as place:
                found = await place.execute(again.values(state="ready", tries=0, deaths=0, run_at=now(), error=None))
                return found.scalar_one_or_none() is not None
        return False

    async def drop(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Forget a dead letter or a job that waits."""
        with suppress(ValueError):
            waits = JobRow.id == UUID(job_id), JobRow.state != "running"
            async with self._within(session) as place:
                found = await place.execute(delete(JobRow).where(*waits).returning(JobRow.id))
                return found.scalar_one_or_none() is not None
        return False


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
