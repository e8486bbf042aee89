"""What Studium writes is its operator's alone: folders 0700, files 0600, on this machine."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from studium.kit.base.config import Settings

UMASK = 0o077
"""What every process of ours takes away from what it writes."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BESIDE_DATABASE = ("", "-wal", "-shm", "-journal")


def write_privately() -> None:
    """Let nobody else read what this process and those that it starts will write."""
    os.umask(UMASK)


@dataclass(frozen=True, slots=True)
class WidePath:
    """A file or folder of ours that other users of the machine may read, write or enter."""

    path: Path
    mode: int

    def __str__(self) -> str:
        return f"{self.path}: open to other users of this machine ({self.mode:04o})"

    def narrow(self) -> bool:
        """Close it to others; say whether that was possible."""
        try:
            self.path.chmod(self.mode & ~_OTHERS)
        except OSError:
            return False
        return True


def find_wide(settings: Settings) -> Iterator[WidePath]:
    """Everything of ours on this machine that is wider than it should be; what lies elsewhere is not looked at."""
    seen: set[Path] = set()
    for root in _roots(settings):
        for path in _below(root):
            if path not in seen and (mode := _mode_of(path)) & _OTHERS:
                yield WidePath(path, mode)
            seen.add(path)


def _roots(settings: Settings) -> Iterator[Path]:
    yield settings.data_dir
    for address in (settings.storage_url, settings.mail_url):
        parts = urlsplit(address)
        if parts.scheme == "file":
            yield Path(parts.path)
    if settings.is_sqlite:
        yield from (Path(f"{settings.database_url.removeprefix('sqlite:///')}{end}") for end in _BESIDE_DATABASE)


def _below(root: Path) -> Iterator[Path]:
    yield root
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files))


def _mode_of(path: Path) -> int:
    """The permissions of a file or folder; none of a link, which leads to what is not ours, or of what is gone."""
    try:
        found = path.lstat().st_mode
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(found) else stat.S_IMODE(found)
