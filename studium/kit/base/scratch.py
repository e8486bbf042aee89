"""Folders for what is not finished yet, each locked by its process, so that others know which are left over.

A lock is the system's: it goes with the process, however that ends, also in another container on the same folder.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from studium.kit.base.ids import new_id


def own_folder(path: Path) -> int:
    """Make a folder that is this process's own until it closes the descriptor that is returned."""
    while True:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
        # Between the two a sweep may have found the new folder to be nobody's.
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(held).st_ino:
                return held
        os.close(held)


def remove_abandoned(folder: Path, pattern: str = "*") -> None:
    """Remove the folders in `folder` that no living process owns."""
    for path in folder.glob(pattern):
        with _nobodys(path) as is_abandoned:
            if is_abandoned:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _nobodys(path: Path) -> Iterator[bool]:
    """Whether this is a folder that nobody owns; if so it is ours inside the block."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(held)


class Scratch:
    """A folder of this process's own below `root`, made when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._path = root / new_id().hex
        self._held: int | None = None

    @property
    def path(self) -> Path:
        """The folder."""
        if self._held is None:
            self._held = own_folder(self._path)
        return self._path

    def close(self) -> None:
        """Remove the folder with what is in it."""
        if self._held is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            os.close(self._held)
            self._held = None
