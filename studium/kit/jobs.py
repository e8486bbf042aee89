"""Jobs: work that outlives its request. One port; the engine is Procrastinate on PostgreSQL, our own on SQLite."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.metrics import JOB_SECONDS, JOBS_TOTAL, SWEEPS

if TYPE_CHECKING:
    from studium.kit.config import Settings
    from studium.kit.db import Database
    from studium.kit.runtime import Runtime
    from studium.kit.steps import Steps

MAX_TRIES = 8
_LONGEST_PAUSE_SECONDS = 600
_ERROR_MAX = 500
_UNKNOWN = "unknown"

Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])
_log = structlog.get_logger()
_current: ContextVar[str] = ContextVar("job_id", default="")


class GiveUp(Exception):
    """Trying again is no use: the job goes to the dead letters at once."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a job does. `run` gets a session in a transaction of its own, or with `outside` the runtime."""

    name: str
    run: Callable[[Any, Mapping[str, str]], Awaitable[None]]
    outside: bool
    function: Callable[..., Awaitable[None]]
    together: bool = False


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work that is done again and again, every so many seconds."""

    name: str
    run: Callable[["Runtime"], Awaitable[None]]
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
_periodic: dict[str, Periodic] = {}


def register(kind: JobKind) -> JobKind:
    """Make a kind of job known under its name."""
    _kinds[kind.name] = kind
    return kind


def registered_jobs() -> list[JobKind]:
    """Every kind of job, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def acts_outside(name: str) -> bool:
    """Whether a known job has no transaction that could mark it as done, so that its engine must."""
    return _kinds[name].outside


def registered_sweeps() -> list[Periodic]:
    """Everything periodic, by name."""
    return [_periodic[name] for name in sorted(_periodic)]


def job(function: Function) -> Function:
    """Make `async def function(session, **texts)` a job that `enqueue` stores; its effects happen exactly once."""

    async def run(session: AsyncSession, payload: Mapping[str, str]) -> None:
        await function(session, **payload)

    register(JobKind(name=name_of(function), run=run, outside=False, function=function))
    return function


def periodic(*, seconds: float | Callable[["Settings"], float]) -> Callable[[Function], Function]:
    """Run `async def function(runtime)` every so many seconds in each worker; it must be idempotent."""
    interval = seconds if callable(seconds) else (lambda _: seconds)

    def decorate(function: Function) -> Function:
        name = name_of(function)
        _periodic[name] = Periodic(name, function, interval)
        return function

    return decorate


def name_of(function: Callable[..., object]) -> str:
    """What jobs of this function are called: its module and its own name."""
    return f"{function.__module__.removeprefix('studium.modules.')}.{function.__name__}"


async def enqueue(session: AsyncSession, function: Callable[..., Awaitable[None]], **payload: str) -> None:
    """Store a job in the caller's transaction. Payloads are ids and short texts, never secrets."""
    await store(session, [name_of(function)], payload)


async def store(session: AsyncSession, names: Sequence[str], payload: Mapping[str, str]) -> None:
    """Store a job for each of these kinds in the caller's transaction, in one statement."""
    if names:
        runtime: Runtime = session.info["runtime"]
        await runtime.jobs.put(session, names, payload)


def current_job_id() -> str:
    """The id of the job that runs here, the same over all its tries; empty outside a job."""
    return _current.get()


def pause_after(tries: int) -> float:
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
        self._sweeps: list[asyncio.Task[None]] = []

    @property
    def runtime(self) -> "Runtime":
        """The runtime that jobs run in."""
        assert self.database.runtime is not None  # noqa: S101 -- open_runtime sets it.
        return self.database.runtime

    @abstractmethod
    async def put(self, session: AsyncSession, names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Store a job under each of these names in the caller's transaction."""

    @abstractmethod
    async def put_step(self, steps: "Steps", names: Sequence[str], payload: Mapping[str, str]) -> None:
        """Store a job in a transaction of prepared statements."""

    @abstractmethod
    async def done_in(self, session: AsyncSession, job_id: str) -> bool:
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
    async def requeue(self, job_id: str) -> bool:
        """Give a dead letter another eight tries; False where there is none with this id."""

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

    async def perform(self, job_id: str, name: str, payload: Mapping[str, str]) -> None:
        """Run one job once; raises what it raises, counted and timed."""
        started = perf_counter()
        token = _current.set(job_id)
        outcome = "failed"
        kind = _kinds.get(name)
        try:
            if kind is None:
                message = f"there is no job called {name}"
                raise GiveUp(message)
            await self._perform(kind, job_id, payload)
            outcome = "done"
        finally:
            _current.reset(token)
            label = _UNKNOWN if kind is None else name
            JOBS_TOTAL.labels(label, outcome).inc()
            JOB_SECONDS.labels(label).observe(perf_counter() - started)

    async def _perform(self, kind: JobKind, job_id: str, payload: Mapping[str, str]) -> None:
        if kind.outside:
            await kind.run(self.runtime, payload)
            return
        async with self.database.writing() as session:
            if await self.done_in(session, job_id):
                await kind.run(session, payload)

    async def sweep_once(self, sweep: Periodic) -> None:
        """Do the periodic work now; an engine that several processes share keeps them from doing it side by side."""
        await sweep.run(self.runtime)

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
