"""The marker beside an SQLite file that is being moved or was moved, and who may use the file meanwhile.

Whether a move is under way is decided by the file's lock: a marker whose process was killed says nothing. Once every
row is in PostgreSQL the marker says `moved`, and stays: without it a server that was started with the old settings
would make a new, empty school, or go on with the old one.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from studium.kit.base.config import Settings
from studium.kit.base.failures import CommandError

_MOVED = "moved "
_PATIENCE_SECONDS = 0.5


class NotHere(CommandError):
    """Why nobody may use the SQLite file; its text is one sentence."""


def database_path(settings: Settings) -> Path:
    """The SQLite file that the settings name."""
    return Path(make_url(settings.database_url).database or "")


def marker_of(database: Path) -> Path:
    """Where the marker of an SQLite file lies."""
    return database.with_name(f"{database.name}.moving")


def write_marker(database: Path, target: str, *, is_moved: bool) -> None:
    """Say that the file is being moved to `target` or, at the end, that it was; `target` has no password."""
    marker = marker_of(database)
    draft = marker.with_name(f"{marker.name}.new")
    draft.write_text(f"{_MOVED if is_moved else ''}{target}\n", encoding="utf-8")
    draft.replace(marker)


def refuse_while_moving(settings: Settings) -> None:
    """Raise NotHere where the SQLite file is being moved or was moved. A marker that a killed move left is removed."""
    if not settings.is_sqlite:
        return
    database = database_path(settings)
    marker = marker_of(database)
    try:
        said = marker.read_text(encoding="utf-8").strip()
    except OSError:
        return
    target = said.removeprefix(_MOVED)
    if said.startswith(_MOVED):
        message = (
            f"This school was moved to {target}: let STUDIUM_DATABASE_URL name that database, or delete {marker} to"
            " use SQLite in this place again."
        )
        raise NotHere(message)
    if _is_locked(database):
        message = f"This school is being moved to {target}: wait until `studium move` has ended."
        raise NotHere(message)
    marker.unlink(missing_ok=True)


def _is_locked(database: Path) -> bool:
    if not database.exists():
        return False
    with closing(sqlite3.connect(database, timeout=_PATIENCE_SECONDS)) as connection:
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False
