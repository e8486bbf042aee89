"""The state of the school's machinery, as admins see it."""

from datetime import datetime

from pydantic import Field

from studium.kit.http.schemas import ResponseModel


class DeadJobOut(ResponseModel):
    """A job that failed for good. `error` is null where only the log knows what it raised."""

    id: str
    name: str
    tries: int
    error: str | None
    created_at: datetime | None


class RequeuedJobOut(ResponseModel):
    """A job that waits again, with eight tries."""

    id: str


class JobsOut(ResponseModel):
    """Jobs by state, how long the one that is due longest has waited, and the oldest hundred that failed for good."""

    ready: int
    running: int
    dead: int
    oldest_seconds: float
    dead_jobs: list[DeadJobOut] = Field(max_length=100)


class StorageOut(ResponseModel):
    """Where files lie: `folder` or `bucket`. `free_bytes` is of the folder's disk."""

    kind: str
    files: int
    used_bytes: int
    free_bytes: int | None


class MailOut(ResponseModel):
    """How mail leaves: `folder` or `smtp`. A server that hung is left alone for a moment."""

    kind: str
    is_left_alone: bool


class BackupOut(ResponseModel):
    """The last backup. `missing` files had lost their content before; `verified_at` is when it was last read whole."""

    made_at: datetime
    people: int
    files: int
    missing: int
    verified_at: datetime | None


class SystemOut(ResponseModel):
    """The state of the school's machinery. `checks` are those of `/readyz`: `ok` or `failing`."""

    version: str
    mode: str
    database: str
    checks: dict[str, str]
    jobs: JobsOut
    storage: StorageOut
    mail: MailOut
    backup: BackupOut | None
