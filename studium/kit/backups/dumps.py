"""Copies of a whole database as a file, taken beside running servers, and put back while none runs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Update
from sqlalchemy.engine import make_url


class Copies(ABC):
    """Copies of one kind of database. `name` is what the copy is called in a backup."""

    name: str

    def __init__(self, url: str) -> None:
        self.address = make_url(url)

    @abstractmethod
    def taken(self, folder: Path) -> AbstractContextManager[Connection]:
        """For a `with`: a copy is in `folder`, and the connection sees exactly the moment that was copied."""

    @abstractmethod
    def check_target(self, *, occupied: str, force: bool) -> None:
        """Raise BackupError where a server uses the database, or where `occupied` selects a row and not `force`."""

    @abstractmethod
    def read(self, statement: str) -> Sequence[Row[Any]]:
        """What a statement selects in the present database; nothing where that or the table is not there."""

    @abstractmethod
    def pack(self) -> None:
        """Leave nothing in the present database's files of what was deleted or overwritten. Nobody else may use it."""

    @abstractmethod
    def put_back(self, folder: Path, afterwards: Sequence[Update]) -> None:
        """Replace the database by the copy and run the statements, both or neither; then migrate. Raise BackupError."""
