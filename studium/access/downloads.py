"""Tables of people that staff save: the record says who took which one, how narrowed, and with how many rows."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import structlog

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.kit.http.streams import Stream, csv_stream
from studium.kit.runtime import Runtime
from studium.kit.text.csv_text import Csv

Rows = Sequence[Sequence[object]]
_WORDS = "q"
_writing: set["asyncio.Task[None]"] = set()
_log = structlog.get_logger()


class PeopleTable(StrEnum):
    """The tables with people's data that staff save."""

    PEOPLE = "table_people"
    ROSTER = "table_roster"
    IMPORT = "table_import"


@dataclass(frozen=True, slots=True)
class Taken:
    """Who takes which table: `target` is what it is about, `narrowed` the filters by their names."""

    actor: Actor
    table: PeopleTable
    target: tuple[str, UUID] | None = None
    narrowed: Mapping[str, object] | None = None

    def details(self) -> dict[str, Any]:
        """The filters for the record, which tells nothing of people: of words only that there were some."""
        given = {name: value for name, value in (self.narrowed or {}).items() if value not in (None, "")}
        words = given.pop(_WORDS, None)
        shown = {name: value.value if isinstance(value, Enum) else value for name, value in given.items()}
        plain = {name: str(value) if isinstance(value, UUID) else value for name, value in shown.items()}
        return {"table": self.table.value, **plain, **({"searched": True} if str(words or "").strip() else {})}


def people_csv(
    runtime: Runtime, taken: Taken, filename: str, columns: Sequence[str], pieces: AsyncGenerator[Rows], kind: Csv
) -> Stream:
    """A table of people as a file to save, sent as its rows come, with an entry in the record when it ends."""
    return csv_stream(filename, columns, _counted(runtime, taken, pieces), kind)


async def _counted(runtime: Runtime, taken: Taken, pieces: AsyncGenerator[Rows]) -> AsyncGenerator[Rows]:
    """The same rows; how many were sent is written down also where the reader goes away before the end."""
    sent, is_whole = 0, False
    try:
        async with aclosing(pieces):
            async for rows in pieces:
                sent += len(rows)
                yield rows
        is_whole = True
    finally:
        # A task of its own: whoever goes away ends the request, and what it waits for.
        task = asyncio.create_task(_write(runtime, taken, sent, is_whole=is_whole))
        _writing.add(task)
        task.add_done_callback(_writing.discard)
        await asyncio.shield(task)


async def _write(runtime: Runtime, taken: Taken, sent: int, *, is_whole: bool) -> None:
    details = {**taken.details(), "rows": sent, "whole": is_whole}
    try:
        async with runtime.database.transaction() as tx:
            await record_audit(tx, "users.downloaded", actor_id=taken.actor.id, target=taken.target, **details)
    except Exception as error:  # noqa: BLE001 -- the rows have been sent by now; the log has what the record lacks.
        _log.error("download not on the record", actor_id=str(taken.actor.id), reason=type(error).__name__, **details)
