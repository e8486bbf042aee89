"""How far a server of PostgreSQL is in its log of what was written."""

from typing import NamedTuple, Self

from sqlalchemy import Text, literal_column

_FLUSHED = "pg_current_wal_flush_lsn()"
POSITION = literal_column(
    f"CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name({_FLUSHED}), 1, 8) || ' ' ||"
    f" pg_wal_lsn_diff({_FLUSHED}, '0/0') END",
    Text(),
)
"""Where the primary is. Everything that was committed lies before: a commit is acknowledged once it is flushed."""

REPLAYED = literal_column(
    "(SELECT CASE WHEN pg_is_in_recovery() THEN to_hex(timeline_id) || ' ' ||"
    " pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END FROM pg_control_checkpoint())",
    Text(),
)
"""Where a replica is, on the timeline of its last restart point; NULL on a server that is none, or not any more."""

IDENTITY = literal_column(
    "(SELECT concat_ws(' ', system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    " FROM pg_control_system())",
    Text(),
)
"""Which database this is; a replica's is that of its primary."""


class Position(NamedTuple):
    """A place in the log. A server that is promoted begins a new timeline, whose positions come after the old ones."""

    timeline: int
    byte: int

    @classmethod
    def of(cls, text: str) -> Self:
        """What POSITION or REPLAYED gave."""
        timeline, byte = text.split()
        return cls(int(timeline, 16), int(byte))
