"""How connections to PostgreSQL are opened, by whichever driver's pool."""

import asyncio
from typing import Any

from studium.kit.db.errors import problem_from_db_error

CONNECT_SECONDS = 3
LOCK_SECONDS = 3.0
STATEMENT_SECONDS = 4.5
"""How long a request's statement may take before PostgreSQL stops it; half a second later the client gives up too."""


def postgres_options(statement_seconds: float, *, is_pooled: bool) -> dict[str, Any]:
    """How every connection to PostgreSQL is opened: bounded waits on its side and, should it hang, on ours.

    Behind a pooler the next transaction may have another connection to the server, or share one with strangers: nothing
    is prepared for longer than a transaction, and what bounds the waits is said in each (`bounds`).
    """
    known = {"timezone": "UTC", "application_name": "studium"}
    options = {"timeout": CONNECT_SECONDS, "command_timeout": statement_seconds + 0.5}
    if is_pooled:
        return {**options, "server_settings": known, "statement_cache_size": 0}
    return {**options, "server_settings": {**known, **_bounds(statement_seconds)}}


def _bounds(statement_seconds: float) -> dict[str, str]:
    return {
        "statement_timeout": f"{statement_seconds * 1000:.0f}",
        "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
        "idle_in_transaction_session_timeout": "60000",
    }


def bounds(statement_seconds: float) -> str:
    """The statement that bounds the waits of the transaction that it begins."""
    settings = (f"set_config('{name}', '{value}', true)" for name, value in _bounds(statement_seconds).items())
    return f"SELECT {', '.join(settings)}"


async def connect(*where: Any, **options: Any) -> Any:  # noqa: ANN401 -- asyncpg is untyped.
    """Open a connection as `asyncpg.connect` does. Who is cancelled meanwhile leaves it to be opened, and then closed.

    Cut off between the socket and the server's first answer, asyncpg leaves behind an exception that nobody retrieves,
    which the event loop reports as an error. A server that lets nobody in is as good as none: ConnectionRefusedError.
    """
    import asyncpg  # noqa: PLC0415 -- the embedded default never loads it.

    opening = asyncio.ensure_future(asyncpg.connect(*where, **options))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(drop)
        raise
    except asyncpg.PostgresError as error:
        if problem_from_db_error(error) is not None:
            raise
        message = "PostgreSQL lets nobody in"
        raise ConnectionRefusedError(message) from error


def drop(opening: asyncio.Future[Any]) -> None:
    """Close what was opened for nobody; a failure is nobody's either."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().terminate()
