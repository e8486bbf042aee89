"""What the files of a course are called when it is given out."""

import re
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from slugify import slugify

_LONGEST = 100
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*")


class Named(Protocol):
    """A file as far as its names go."""

    @property
    def id(self) -> UUID: ...  # noqa: D102 -- see the class.
    @property
    def filename(self) -> str: ...  # noqa: D102 -- see the class.
    @property
    def original_filename(self) -> str: ...  # noqa: D102 -- see the class.


def file_names(files: Iterable[Named]) -> dict[UUID, str]:
    """A plain name for each file; those of one name are numbered, in the order given.

    Each name remembers its last number, so that the time is linear in the files however many are called the same.
    """
    names: dict[UUID, str] = {}
    taken: set[str] = set()
    last: dict[str, int] = {}
    for row in files:
        extension = row.filename.rpartition(".")[2]
        stem = _stem(row.original_filename)
        name = first = f"{stem}.{extension}"
        while name in taken:
            last[first] = last.get(first, 1) + 1
            suffix = f"-{last[first]}"
            name = f"{stem[: _LONGEST - len(suffix)]}{suffix}.{extension}"
        taken.add(name)
        names[row.id] = name
    return names


def _stem(label: str) -> str:
    stem = label.rpartition(".")[0]
    return stem[:_LONGEST] if _PLAIN.fullmatch(stem) else slugify(stem, max_length=_LONGEST) or "file"
