"""Events: facts in the past tense. Publishing stores one job for each handler in the publisher's transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, Self, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.jobs import JobKind, Jobs, name_of, register, store
from studium.kit.steps import Steps

E = TypeVar("E", bound="Event")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[None]])
_handlers: dict[type["Event"], list[JobKind]] = {}


@dataclass(frozen=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses whose fields are UUIDs or short texts."""

    def to_payload(self) -> dict[str, str]:
        """The fields as text: what a job row holds. Ids only, never a secret."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_payload(cls, payload: Mapping[str, str]) -> Self:
        """Read a job row's fields back."""
        return cls(**{field.name: _value(field, payload[field.name]) for field in fields(cls)})


def _value(field: Field[Any], text: str) -> UUID | str:
    return UUID(text) if field.type is UUID else text


def on(event: type[E], *, outside: bool = False, together: bool = False) -> Callable[[Handler], Handler]:
    """Run the decorated function after `event`, as a job of its own.

    It gets `(session, event)` in a transaction of its own and its effects happen exactly once; with `outside` it gets
    `(runtime, event)`, for effects beyond the database (mail, storage), and may run again: `current_job_id()` is the
    same each time. With `together` it is no job but runs in the publisher's transaction, for a row or two that the
    publisher holds anyway and may not write itself.
    """

    def decorate(function: Handler) -> Handler:
        async def run(place: Any, payload: Mapping[str, str]) -> None:  # noqa: ANN401 -- a session or the runtime.
            await function(place, event.from_payload(payload))

        # One that runs together with its event is known as a job too: an earlier release may have stored it as one.
        kind = register(JobKind(name_of(function), run, outside=outside, function=function, together=together))
        _handlers.setdefault(event, []).append(kind)
        return function

    return decorate


async def publish(session: AsyncSession, event: Event) -> None:
    """Store the fact for its handlers; nothing exists if the transaction rolls back."""
    kinds = _handlers.get(type(event), ())
    for kind in kinds:
        if kind.together:
            await kind.function(session, event)
    await store(session, [kind.name for kind in kinds if not kind.together], event.to_payload())


async def publish_step(jobs: Jobs, steps: Steps, event: Event) -> None:
    """The same in a transaction of prepared statements, for events whose handlers are all jobs."""
    kinds = _handlers.get(type(event), ())
    if any(kind.together for kind in kinds):
        message = f"A handler of {type(event).__name__} needs a session: publish it in one."
        raise TypeError(message)
    if kinds:
        await jobs.put_step(steps, [kind.name for kind in kinds], event.to_payload())


def handlers_of(event: type[Event]) -> list[Callable[..., Awaitable[None]]]:
    """The functions that run after an event."""
    return [kind.function for kind in _handlers.get(event, ())]
