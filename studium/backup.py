"""Backup and restore of a whole school: the database and the content of its files, as of one moment."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from studium import __version__
from studium.kit import migrate
from studium.kit.backup import BackupError, Manifest, new_backup, verified, write_manifest
from studium.kit.clock import now
from studium.kit.config import Settings
from studium.kit.copy_engines import open_copies
from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime
from studium.kit.storage import open_storage
from studium.kit.tokens import Keys
from studium.models import User
from studium.modules.auth.actions_restore import ENDING
from studium.modules.files import actions_backup as blobs
from studium.modules.files.actions_backup import KeptFile

_TRIES = 10
_CHECK = "backup"


@dataclass(frozen=True, slots=True)
class Report:
    """What is in a backup, or was restored from one. `faults` are files whose content was lost or damaged before."""

    made_at: str
    people: int
    files: int
    faults: tuple[KeptFile, ...] = ()
    is_other_key: bool = False


async def back_up(settings: Settings, path: Path, *, force: bool) -> Report:
    """Write a backup to `path`, beside running servers; raise BackupError.

    Content cannot be copied at the very moment of the database. Whatever was deleted in between makes the database be
    copied anew, until all content that the copy names is there.
    """
    with new_backup(path, force=force) as folder:
        async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
            for _ in range(_TRIES):
                with open_copies(settings.database_url).taken(folder) as moment:
                    report = _describe(settings, folder, moment)
                    files = blobs.files_at(moment)
                faults = await blobs.keep_blobs(runtime.storage, files, folder)
                lost = await blobs.still_known(runtime, faults)
                if len(lost) == len(faults):
                    return Report(report.made_at, report.people, len(files) - len(lost), tuple(lost))
    message = "Files are deleted more quickly than they can be copied; try again when fewer people are at work."
    raise BackupError(message)


def _describe(settings: Settings, folder: Path, moment: Connection) -> Report:
    made_at = now().isoformat(timespec="seconds")
    revision = str(moment.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    kind = moment.dialect.name
    write_manifest(folder, Manifest(made_at, __version__, kind, revision, _key_check(settings)))
    return Report(made_at, moment.execute(select(func.count()).select_from(User)).scalar_one(), 0)


def _key_check(settings: Settings) -> str:
    return Keys(settings.secret_key.get_secret_value().encode()).mac(_CHECK, _CHECK)


async def restore(settings: Settings, path: Path, *, force: bool) -> Report:
    """Put a backup in the place of the school that `settings` name, with every session ended; raise BackupError.

    Everything is verified before anything is touched; content comes first, so that no row is without its own.
    """
    manifest = verified(path)
    copies = open_copies(settings.database_url)
    _check_fit(settings, manifest)
    copies.check_target(occupied="SELECT 1 FROM users LIMIT 1", force=force)
    storage = open_storage(settings.storage_url, scratch=settings.data_dir / "incoming")
    files = await blobs.bring_back(storage, path)
    copies.put_back(path, ENDING)
    async with (
        open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime,
        runtime.database.reading() as session,
    ):
        people = int(await session.scalar(select(func.count()).select_from(User)) or 0)
    return Report(manifest.made_at, people, files, is_other_key=manifest.key_check != _key_check(settings))


def _check_fit(settings: Settings, manifest: Manifest) -> None:
    kind = "sqlite" if settings.is_sqlite else "postgresql"
    if manifest.database != kind:
        message = f"The backup is of a {manifest.database} database, but STUDIUM_DATABASE_URL names a {kind} one."
        raise BackupError(message)
    if not migrate.is_known(manifest.revision):
        message = f"The backup was made by a newer Studium: install version {manifest.version} or later."
        raise BackupError(message)
