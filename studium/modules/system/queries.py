"""Reading the state of the school's machinery."""

from math import isnan

from sqlalchemy import BigInteger, cast, func, select

from studium import __version__
from studium.kit.db.prepared import PreparedStatement
from studium.kit.health import check
from studium.kit.jobs.registry import DeadJob
from studium.kit.runtime import Runtime
from studium.models import UploadedFile
from studium.modules.system.backups import last_backup
from studium.modules.system.schemas import DeadJobOut, JobsOut, MailOut, StorageOut, SystemOut

_SHOWN = 100
_FILES = PreparedStatement(
    select(
        func.count(UploadedFile.id).label("files"),
        cast(func.coalesce(func.sum(UploadedFile.file_size), 0), BigInteger).label("used"),
    )
)


async def system_state(runtime: Runtime) -> SystemOut:
    """How all of it is now; the jobs that are dead, oldest first."""
    settings = runtime.settings
    return SystemOut(
        version=__version__,
        mode=settings.mode.value,
        database="sqlite" if settings.is_sqlite else "postgresql",
        checks=await check(runtime),
        jobs=await _jobs(runtime),
        storage=await _storage(runtime),
        mail=MailOut(kind=_mail_kind(settings.mail_url), is_left_alone=runtime.mailer.is_left_alone),
        backup=await last_backup(runtime.database.reads),
    )


def _mail_kind(url: str) -> str:
    return "smtp" if url.startswith("smtp") else "folder"


async def _jobs(runtime: Runtime) -> JobsOut:
    states, oldest = await runtime.jobs.pending(), await runtime.jobs.oldest_seconds()
    dead = await runtime.jobs.dead_jobs() if states["dead"] else []
    shown = [_dead(each) for each in dead[:_SHOWN]]
    return JobsOut(**states, oldest_seconds=round(oldest, 1), dead_jobs=shown)


def _dead(job: DeadJob) -> DeadJobOut:
    return DeadJobOut(id=job.id, name=job.name, tries=job.tries, error=job.error, created_at=job.created_at)


async def _storage(runtime: Runtime) -> StorageOut:
    counted = await runtime.database.reads.one(_FILES)
    assert counted is not None  # noqa: S101 -- counts have one row.
    free = runtime.storage.free_bytes()
    kind = "folder" if runtime.storage.is_local else "bucket"
    return StorageOut(
        kind=kind, files=counted["files"], used_bytes=counted["used"], free_bytes=None if isnan(free) else int(free)
    )
