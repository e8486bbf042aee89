"""Backup and restore of a whole school: the database and the content of its files, as of one moment."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from studium import __version__
from studium.kit.backups.dump_engines import open_copies
from studium.kit.backups.manifest import BackupError, Manifest, new_backup, verified, write_manifest
from studium.kit.base.clock import now
from studium.kit.base.config import Settings
from studium.kit.db import migrations as migrate
from studium.kit.runtime import BACKGROUND_SECONDS, open_runtime
from studium.kit.security.tokens import keys_of
from studium.kit.storage import open_storage
from studium.models import User
from studium.modules.auth.actions_restore import ENDING
from studium.modules.files import actions_backup as blobs
from studium.modules.files.actions_backup import KeptFile
from studium.modules.privacy.erased_list import erased_beside, erased_in_storage, write_beside
from studium.modules.privacy.restoring import erase_again, first_aid, read_rows
from studium.modules.registry import load_handlers
from studium.modules.system.backups import note_backup, note_verified

_TRIES = 10
_CHECK = "backup"
_TOO_QUICK = "Files are deleted more quickly than they can be copied; try again when fewer people are at work."
_ERASED = "SELECT user_id, certificates FROM erasures WHERE done_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Report:
    """What is in a backup, or was restored from one.

    `faults` are files whose content was lost or damaged before, `erased` people who were erased since the backup was
    made, and so again.
    """

    made_at: str
    people: int
    files: int
    faults: tuple[KeptFile, ...] = ()
    erased: int = 0
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
                    erased = read_rows(moment.exec_driver_sql(_ERASED).all())
                faults = await blobs.keep_blobs(runtime.storage, files, folder)
                lost = await blobs.still_known(runtime, faults)
                if len(lost) == len(faults):
                    write_beside(path, {**await erased_in_storage(runtime.storage), **erased})
                    made = Report(report.made_at, report.people, len(files) - len(lost), tuple(lost))
                    break
            else:
                raise BackupError(_TOO_QUICK)
    async with open_runtime(settings) as runtime, runtime.database.write_session() as session:
        counts = {"people": made.people, "files": made.files, "missing": len(made.faults)}
        await note_backup(session, made_at=made.made_at, **counts)
    return made


async def verify(settings: Settings, path: Path) -> Manifest:
    """Read a backup whole, and remember that it is as it was written; raise BackupError where it is not."""
    manifest = verified(path)
    async with open_runtime(settings) as runtime, runtime.database.write_session() as session:
        await note_verified(session, made_at=manifest.made_at)
    return manifest


def _describe(settings: Settings, folder: Path, moment: Connection) -> Report:
    made_at = now().isoformat(timespec="seconds")
    revision = str(moment.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    kind = moment.dialect.name
    write_manifest(folder, Manifest(made_at, __version__, kind, revision, _key_check(settings)))
    return Report(made_at, moment.execute(select(func.count()).select_from(User)).scalar_one(), 0)


def _key_check(settings: Settings) -> str:
    return keys_of(settings).mac(_CHECK, _CHECK)


async def restore(settings: Settings, path: Path, *, force: bool) -> Report:
    """Put a backup in the place of the school that `settings` name, with every session ended; raise BackupError.

    Everything is verified before anything is touched; content comes first, so that no row is without its own. Who was
    erased since then, by the list beside the backup, the storage and the present database, is erased again.
    """
    manifest = verified(path)
    settings = settings.directly()
    copies = open_copies(settings.database_url)
    _check_fit(settings, manifest)
    copies.check_target(occupied="SELECT 1 FROM users LIMIT 1", force=force)
    storage = open_storage(settings.storage_url, scratch=settings.data_dir / "incoming")
    with closing(storage.scratch):
        erased = {**erased_beside(path), **await erased_in_storage(storage), **read_rows(copies.read(_ERASED))}
        files = await blobs.bring_back(storage, path)
    copies.put_back(path, [*ENDING, *first_aid(erased)])
    load_handlers()
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        again = await erase_again(runtime, erased)
        async with runtime.database.read_session() as session:
            people = int(await session.scalar(select(func.count()).select_from(User)) or 0)
    if again:
        copies.pack()
    is_other_key = not keys_of(settings).is_mac(_CHECK, _CHECK, manifest.key_check)
    return Report(manifest.made_at, people, files, erased=again, is_other_key=is_other_key)


def _check_fit(settings: Settings, manifest: Manifest) -> None:
    kind = "sqlite" if settings.is_sqlite else "postgresql"
    if manifest.database != kind:
        message = f"The backup is of a {manifest.database} database, but STUDIUM_DATABASE_URL names a {kind} one."
        raise BackupError(message)
    if not migrate.is_known(manifest.revision):
        message = f"The backup was made by a newer Studium: install version {manifest.version} or later."
        raise BackupError(message)
