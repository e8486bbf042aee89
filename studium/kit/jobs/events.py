"""Events: facts in the past tense. Publishing stores one job for each handler in the publisher's transaction."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.db.transaction import Transaction, transaction_of
from studium.kit.jobs.registry import JOB_SECONDS_MAX, JobKind, Queue, register, store, store_all

E = TypeVar("E", bound="Event")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[None]])
_handlers: dict[type["Event"], list[JobKind]] = {}
_listeners: list[JobKind] = []
_conditions: dict[str, Callable[[Any], bool]] = {}
_KIND = "event"
"""Where the payload of a job that hears all events has the name of its event; no event has a field of this name."""


@dataclass(frozen=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses whose fields are UUIDs or short texts."""

    def to_payload(self) -> dict[str, str]:
        """The fields as text: what a job row holds. Ids only, never a secret."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, str]) -> Self:
        """Read a job row's fields back; one that the release which stored the row did not know has its default."""
        return cls(**{field.name: _value(field, payload[field.name]) for field in fields(cls) if field.name in payload})


def _value(field: Field[Any], text: str) -> UUID | str:
    return UUID(text) if field.type is UUID else text


def on(
    event: type[E],
    name: str,
    *,
    has_external_effects: bool = False,
    in_transaction: bool = False,
    seconds: float = JOB_SECONDS_MAX,
    queue: Queue = Queue.DEFAULT,
    alone_by: str = "",
    when: Callable[[E], bool] | None = None,
) -> Callable[[Handler], Handler]:
    """Run the decorated function after `event`, as a job of its own that waits in the database under `name`.

    It gets `(session, event)` in a transaction of its own and its effects happen exactly once;
    with `has_external_effects` it gets `(runtime, event)`, for effects beyond the database (mail, storage), and may run
    again: `current_job_id()` is the same each time. With `in_transaction` it is no job but gets `(transaction, event)`
    of the publisher, for a row or two that the publisher holds anyway and may not write itself. Nothing is stored for
    an event of which `when` is false. `seconds`, `queue` and `alone_by` are those of `JobKind`.
    """

    def decorate(function: Handler) -> Handler:
        async def run(place: Any, payload: Mapping[str, str]) -> None:  # noqa: ANN401 -- a session or the runtime.
            await function(transaction_of(place) if in_transaction else place, event.from_payload(payload))

        # One that runs together with its event is known as a job too: an earlier release may have stored it as one.
        kind = register(JobKind(name, run, has_external_effects, function, in_transaction, seconds, queue, alone_by))
        _handlers.setdefault(event, []).append(kind)
        if when is not None:
            _conditions[name] = when
        return function

    return decorate


def on_every_event(name: str) -> Callable[[Handler], Handler]:
    """Run the decorated function after each event, as `on` does, with `(session, event)`."""

    def decorate(function: Handler) -> Handler:
        async def run(place: AsyncSession, payload: Mapping[str, str]) -> None:
            kinds = {kind.__name__: kind for kind in _subclasses(Event)}
            await function(place, kinds[payload[_KIND]].from_payload(payload))

        _listeners.append(register(JobKind(name, run, has_external_effects=False, function=function)))
        return function

    return decorate


def _subclasses(kind: type[Event]) -> Iterator[type[Event]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


async def publish(place: AsyncSession | Transaction, event: Event) -> None:
    """Store the fact for its handlers in the caller's transaction; nothing exists if that rolls back."""
    transaction = transaction_of(place)
    kinds = _kinds_for(event)
    for kind in kinds:
        if kind.in_transaction:
            await kind.function(transaction, event)
    await store(transaction, [kind.name for kind in kinds if not kind.in_transaction], event.to_payload())
    everything = {_KIND: type(event).__name__, **event.to_payload()}
    await store(transaction, [kind.name for kind in _listeners], everything)


def _kinds_for(event: Event) -> list[JobKind]:
    return [
        kind for kind in _handlers.get(type(event), ()) if kind.name not in _conditions or _conditions[kind.name](event)
    ]


async def publish_all(session: AsyncSession, events: Sequence[Event]) -> None:
    """Store many facts for their handlers by one statement. None of these may have a handler in the transaction."""
    jobs: list[tuple[str, Mapping[str, str]]] = []
    for event in events:
        payload = event.to_payload()
        for kind in _kinds_for(event):
            assert not kind.in_transaction, kind.name  # noqa: S101 -- see the docstring.
            jobs.append((kind.name, payload))
        jobs += [(kind.name, {_KIND: type(event).__name__, **payload}) for kind in _listeners]
    await store_all(transaction_of(session), jobs)


def handlers_of(event: type[Event]) -> list[Callable[..., Awaitable[None]]]:
    """The functions that run after an event, with those that hear all."""
    return [kind.function for kind in (*_handlers.get(event, ()), *_listeners)]
