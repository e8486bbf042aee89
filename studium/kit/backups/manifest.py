"""Backups as folders: made aside and renamed when whole, with a checksum of every file, verified before any use.

`SHA256SUMS` has the form of coreutils, so that `sha256sum -c SHA256SUMS` verifies a backup without this program.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path

from studium.kit.base.failures import CommandError
from studium.kit.base.ids import new_id
from studium.kit.base.scratch import own_folder, remove_abandoned

SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"
FORMAT = 1


class BackupError(CommandError):
    """A backup that was not made, or not restored; its text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of. `key_check` tells whether a master secret is the one that sealed what is in it."""

    made_at: str
    version: str
    database: str
    revision: str
    key_check: str
    format: int = FORMAT


@contextmanager
def new_backup(path: Path, *, force: bool) -> Iterator[Path]:
    """A folder to fill; after the block it is at `path`, whole. A block that raises leaves nothing.

    Raises BackupError where something is at `path`, unless `force` lets it be replaced.
    """
    if path.exists() and not force:
        message = f"There is something at {path} already; --force replaces it."
        raise BackupError(message)
    _remove_abandoned(path)
    draft, held = path.with_name(f".{path.name}.{new_id().hex[-12:]}"), None
    try:
        held = own_folder(draft)
        yield draft
        _write_sums(draft)
        _replace(path, draft)
    except OSError as error:
        message = f"The backup cannot be written: {error.strerror} ({error.filename or path})."
        raise BackupError(message) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if held is not None:
            os.close(held)


def _remove_abandoned(path: Path) -> None:
    """Take away what backups to the same place left that were killed; the one before only where another is whole."""
    drafts = f".{escape(path.name)}.{'[0-9a-f]' * 12}"
    remove_abandoned(path.parent, drafts)
    if path.exists():
        remove_abandoned(path.parent, f"{drafts}.old")


def _replace(path: Path, draft: Path) -> None:
    """Put the new backup into the place of the old one, of which nothing is lost before."""
    old = draft.with_name(f"{draft.name}.old")
    with suppress(FileNotFoundError):
        path.rename(old)
    draft.rename(path)
    _sync(path.parent)
    if old.is_dir():
        shutil.rmtree(old)
    else:
        old.unlink(missing_ok=True)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say what the backup is of."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")


def _write_sums(folder: Path) -> None:
    """Read every file back, and write its checksum down; all of it is on the disk then."""
    lines = [f"{_checksum(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    for path in (folder / SUMS, *(path for path in folder.rglob("*") if path.is_dir()), folder):
        _sync(path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def verified(folder: Path) -> Manifest:
    """The manifest of a backup of which every byte is as it was written; raise BackupError."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        expected = {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}
        found = {str(path.relative_to(folder)) for path in _files(folder)}
        for name in sorted(expected.keys() | found):
            if name not in found or expected.get(name) != _checksum(folder / name):
                message = f"The backup {folder} is damaged: {name} is {_fault(name, expected, found)}."
                raise BackupError(message)
        known = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if known["format"] != FORMAT:
            message = f"The backup {folder} was made by a newer Studium: install version {known['version']} or later."
            raise BackupError(message)
        return Manifest(**known)
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"There is no whole backup at {folder}."
        raise BackupError(message) from error


def _fault(name: str, expected: dict[str, str], found: set[str]) -> str:
    if name not in found:
        return "missing"
    return "no part of it" if name not in expected else "not as it was written"
