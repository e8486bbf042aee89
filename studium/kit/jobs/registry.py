"""Jobs: work that outlives its request. One port; the engine is Procrastinate on PostgreSQL, our own on SQLite."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.metrics import JOB_SECONDS, JOBS_TOTAL, SWEEPS
from studium.kit.db.transaction import Transaction, transaction_of

if TYPE_CHECKING:
    from studium.kit.base.config import Settings
    from studium.kit.db.database import Database

MAX_TRIES = 8
MAX_DEATHS = 3
"""So many workers may die of a job before it is a dead letter; whatever else fails is tried MAX_TRIES times."""
CONCURRENCY = 4
"""How many jobs of the default queue one process runs at once."""
DEADLY = f"its worker died {MAX_DEATHS} times while it ran"
"""Why such a job is a dead letter."""
JOB_SECONDS_MAX = 300.0
"""How long a job may run, unless its kind says otherwise."""
STOP_SECONDS = 20.0
"""How long jobs that run may go on after their worker was told to stop."""
_LONGEST_PAUSE_SECONDS = 600
_ERROR_MAX = 500
_UNKNOWN = "unknown"

Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])
_log = structlog.get_logger()
_current: ContextVar[str] = ContextVar("job_id", default="")


class PermanentJobError(Exception):
    """Trying again is no use: the job goes to the dead letters at once."""


class TookTooLong(Exception):
    """The job ran longer than its kind may; it is tried again like any that failed."""


class Queue(StrEnum):
    """Jobs of one queue wait for each other only: each has workers of its own in every process that runs jobs."""

    DEFAULT = "default"
    IMPORTS = "imports"


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a job does. `run` gets a session in a transaction of its own, or with `has_external_effects` the runtime.

    `seconds` is how long it may run. With `alone_by` jobs with the same text under that key of their payloads run one
    after the other, in the order in which they were stored.
    """

    name: str
    run: Callable[[Any, Mapping[str, str]], Awaitable[None]]
    has_external_effects: bool
    function: Callable[..., Awaitable[None]]
    in_transaction: bool = False
    seconds: float = JOB_SECONDS_MAX
    queue: Queue = Queue.DEFAULT
    alone_by: str = ""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that is done again and again, every so many seconds. `run` gets the runtime."""

    name: str
    run: Callable[[Any], Awaitable[None]]
    seconds: Callable[["Settings"], float]


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that failed for good, for an operator to look at and requeue."""

    id: str
    name: str
    payload: Mapping[str, str]
    tries: int
    error: str | None
    created_at: datetime | None


_kinds: dict[str, JobKind] = {}
_former_names: dict[str, str] = {}
_periodic: dict[str, Periodic] = {}


def register(kind: JobKind) -> JobKind:
    """Make a kind of job known under its name; raise ValueError where another function has the name."""
    known = _kinds.setdefault(kind.name, kind)
    if known.function is not kind.function:
        message = f"two jobs are called {kind.name}"
        raise ValueError(message)
    return kind


def register_former_names(names: Mapping[str, str]) -> None:
    """Let jobs that a former release stored under another name run: the present name by the former one."""
    _former_names.update(names)


def kind_of(name: str) -> JobKind | None:
    """The kind of a job by its present or former name; None for one that is not known."""
    return _kinds.get(_former_names.get(name, name))


def names_of(function: Callable[..., Awaitable[None]]) -> list[str]:
    """The names under which jobs of this function are stored, the present one first."""
    present = [kind.name for kind in _kinds.values() if kind.function is function]
    return [*present, *(former for former, name in _former_names.items() if name in present)]


def stored_names() -> dict[str, JobKind]:
    """Every name under which a job may be stored, with its kind."""
    former = {name: _kinds[present] for name, present in _former_names.items() if present in _kinds}
    return former | _kinds


def registered_jobs() -> list[JobKind]:
    """Every kind of job, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def queue_and_lock(name: str, payload: Mapping[str, str]) -> tuple[Queue, str | None]:
    """Where a job of this kind waits, and what no two jobs that run have in common."""
    kind = kind_of(name)
    if kind is None:
        return Queue.DEFAULT, None
    owner = payload.get(kind.alone_by)
    return kind.queue, None if owner is None else f"{kind.name} {owner}"


def acts_outside(name: str) -> bool:
    """Whether a known job has no transaction that could mark it as done, so that its engine must."""
    kind = kind_of(name)
    return kind is not None and kind.has_external_effects


def registered_sweeps() -> list[Periodic]:
    """Everything periodic, by name."""
    return [_periodic[name] for name in sorted(_periodic)]


def job(name: str) -> Callable[[Function], Function]:
    """Make `async def function(session, **texts)` a job that `enqueue` stores; its effects happen exactly once.

    Jobs wait in the database under `name`, so it stays when the function moves or is renamed.
    """

    def decorate(function: Function) -> Function:
        async def run(session: AsyncSession, payload: Mapping[str, str]) -> None:
            await function(session, **payload)

        register(JobKind(name=name, run=run, has_external_effects=False, function=function))
        return function

    return decorate


def periodic(name: str, *, seconds: float | Callable[["Settings"], float]) -> Callable[[Function], Function]:
    """Run `async def function(runtime)` every so many seconds in each worker; it must be idempotent."""
    interval = seconds if callable(seconds) else (lambda _: seconds)

    def decorate(function: Function) -> Function:
        _periodic[name] = Periodic(name, function, interval)
        return function

    return decorate


async def enqueue(place: AsyncSession | Transaction, function: Callable[..., Awaitable[None]], **payload: str) -> None:
    """Store a job in the caller's transaction. Payloads are ids and short texts, never secrets."""
    await store(transaction_of(place), names_of(function)[:1], payload)


async def store(transaction: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
    """Store a job for each of these kinds in the caller's transaction."""
    if names:
        jobs: Jobs = transaction.info["jobs"]
        await jobs.put(transaction, names, payload)


async def store_all(transaction: Transaction, stored: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """Store many jobs, each a name and a payload, in the caller's transaction."""
    if stored:
        jobs: Jobs = transaction.info["jobs"]
        await jobs.put_all(transaction, stored)


def current_job_id() -> str:
    """The id of the job that runs here, the same over all its tries; empty outside a job."""
    return _current.get()


def retry_delay(tries: int) -> float:
    """Seconds to wait after that many failed tries: 1, 4, 16 … with up to a quarter of jitter, ten minutes at most.

    Eight tries so last about half an hour: as long as a mail server or a store may take to be mended.
    """
    return min(4.0 ** (tries - 1), _LONGEST_PAUSE_SECONDS) * random.uniform(1, 1.25)  # noqa: S311 -- jitter.


def reason_of(error: BaseException) -> str:
    """What to keep of a failure: its kind and the beginning of its text."""
    return f"{type(error).__name__}: {error}"[:_ERROR_MAX]


class Jobs(ABC):
    """The port. `start` works jobs off until `stop`; `drain` works off what is due now, in this process."""

    def __init__(self, settings: "Settings", database: "Database") -> None:
        self.settings = settings
        self.database = database
        self.context: object = None
        """What jobs with effects outside and periodic work are given: the runtime."""
        self.stop_seconds = STOP_SECONDS
        self.workers = {Queue.DEFAULT: CONCURRENCY, Queue.IMPORTS: settings.imports_at_once}
        self._sweeps: list[asyncio.Task[None]] = []

    @abstractmethod
    async def put(self, transaction: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Store a job under each of these names in the caller's transaction."""

    @abstractmethod
    async def put_all(self, transaction: Transaction, jobs: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Store many jobs, each a name and a payload, in the caller's transaction by one statement."""

    @abstractmethod
    async def mark_done(self, session: AsyncSession, job_id: str) -> bool:
        """Mark the job as done in the transaction of its effects; False where another run already did."""

    @abstractmethod
    async def _start(self) -> None: ...

    @abstractmethod
    async def _stop(self) -> None: ...

    @abstractmethod
    async def drain(self, *, raising: bool = True) -> None:
        """Run every job that is due, and those that they store, until none is left; raise the first failure."""

    @abstractmethod
    async def pending(self) -> dict[str, int]:
        """How many jobs are in each state: `ready`, `running`, `dead`."""

    @abstractmethod
    async def oldest_seconds(self) -> float:
        """How long the job that is due longest has waited for a worker; 0 without one."""

    @abstractmethod
    def waiting_ids(self, function: Callable[..., Awaitable[None]], key: str) -> Select[UUID]:
        """The ids under `key` in the payloads of this function's jobs that are ready or running, for an IN."""

    @abstractmethod
    async def dead_jobs(self) -> list[DeadJob]:
        """The dead letters, oldest first."""

    @abstractmethod
    async def requeue(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Give a dead letter another eight tries; False where there is none with this id.

        It is done in the caller's transaction, or in one of its own.
        """

    @abstractmethod
    async def drop(self, job_id: str, session: AsyncSession | None = None) -> bool:
        """Forget a dead letter or a job that waits, as above; False where none with this id does."""

    def _within(self, session: AsyncSession | None) -> AbstractAsyncContextManager[AsyncSession]:
        """The caller's transaction, or one of its own."""
        return self.database.write_session() if session is None else nullcontext(session)

    async def close(self) -> None:  # noqa: B027 -- the embedded engine holds nothing open.
        """Let go of what the engine holds open."""

    async def start(self) -> None:
        """Begin to work jobs off, and to sweep."""
        await self._start()
        self._sweeps = [asyncio.create_task(self._sweep(sweep)) for sweep in registered_sweeps()]

    async def stop(self) -> None:
        """Finish what runs, take nothing new."""
        for task in self._sweeps:
            task.cancel()
        for task in self._sweeps:
            with suppress(asyncio.CancelledError):
                await task
        self._sweeps = []
        await self._stop()

    async def run_job(self, job_id: str, name: str, payload: Mapping[str, str]) -> None:
        """Run one job once; raises what it raises, counted and timed."""
        started = perf_counter()
        token = _current.set(job_id)
        outcome = "failed"
        kind = kind_of(name)
        try:
            if kind is None:
                message = f"there is no job called {name}"
                raise PermanentJobError(message)
            await self._perform(kind, job_id, payload)
            outcome = "done"
        finally:
            _current.reset(token)
            label = _UNKNOWN if kind is None else kind.name
            JOBS_TOTAL.labels(label, outcome).inc()
            JOB_SECONDS.labels(label).observe(perf_counter() - started)

    async def _perform(self, kind: JobKind, job_id: str, payload: Mapping[str, str]) -> None:
        limit = asyncio.timeout(kind.seconds)
        try:
            async with limit:
                await self._perform_within(kind, job_id, payload)
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"it took longer than {kind.seconds:g} seconds"
            raise TookTooLong(message) from None

    async def _perform_within(self, kind: JobKind, job_id: str, payload: Mapping[str, str]) -> None:
        if kind.has_external_effects:
            await kind.run(self.context, payload)
            return
        async with self.database.write_session() as session:
            if await self.mark_done(session, job_id):
                await kind.run(session, payload)

    async def sweep_once(self, sweep: Periodic) -> None:
        """Do the periodic work now; an engine that several processes share keeps them from doing it side by side."""
        await sweep.run(self.context)

    async def _sweep(self, sweep: Periodic) -> None:
        """Sweep for ever; a failure is logged and the next turn comes."""
        while True:
            try:
                await self.sweep_once(sweep)
                SWEEPS.labels(sweep.name, "done").inc()
            except Exception as error:  # noqa: BLE001 -- one failed sweep must not end all.
                SWEEPS.labels(sweep.name, "failed").inc()
                _log.warning("sweep failed", sweep=sweep.name, reason=reason_of(error))
            await asyncio.sleep(sweep.seconds(self.settings))
