"""What every importer makes of its material before anything becomes a row: a course, its files, and a report.

Courses, lessons, quizzes and questions are those of `course_text`, whatever the format they came in.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath

from studium.modules.exchange.model.texts import CourseText, QuestionText

SCHEME = "studium-file:"
TOKEN = re.compile(rf"{SCHEME}[0-9a-f]{{32}}")
"""What stands in a text where the address of a file will be, once the file has one."""


class ImportOutcome(StrEnum):
    """What became of one item of the material."""

    IMPORTED = "imported"
    CHANGED = "changed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ImportReportEntry:
    """One item of the material and its fate.

    `place` is `path:line` within the material, `what` says what the item has become (for a skipped one, what it was),
    `why` what was changed and why, or why it was skipped; empty for one that was imported as it is. A line stands
    for as many items as `count` says.
    """

    name: str
    place: str
    fate: ImportOutcome
    what: str
    why: str = ""
    count: int = 1


@dataclass(frozen=True)
class Extent:
    """Where the bytes of a file lie in the spool of its material; `checksum` is their SHA-256 in hex."""

    start: int
    size: int
    checksum: str


@dataclass(frozen=True)
class FileItem:
    """A file of the material. `reference` is its path there (or anything unique); texts refer to it by `token`.

    `content` is its path in the material, or its bytes where they are written into a text; once the material is read,
    its extent in the spool. Where it could not be read, `fault` says why; `change` says how its name was changed, and
    `called` is the name that it had.
    """

    reference: str
    filename: str
    place: str
    content: PurePath | bytes | Extent = field(compare=False)
    fault: str = ""
    change: str = ""
    called: str = ""

    @property
    def token(self) -> str:
        """Stands in Markdown as the address of a picture or link until the file has its own."""
        return token_of(self.reference)


@dataclass(frozen=True)
class QuestionSet:
    """What a file of questions holds: those that our four types can hold, in order, and the fate of every one."""

    questions: tuple[QuestionText, ...] = ()
    files: tuple[FileItem, ...] = ()
    report: tuple[ImportReportEntry, ...] = ()


@dataclass(frozen=True)
class CourseItem:
    """A whole course. `external_id` is what its source calls it, the same each time that it is imported.

    Without `has_own_id` others may be called the same, and what it consists of tells which one it is.
    `lesson_ids` gives the external id of each lesson by its slug; a lesson that is not in it is known by its slug.
    With `is_by_slug` the source is Studium's own format, in which slugs say which course and lesson is meant.
    """

    course: CourseText
    external_id: str
    lesson_ids: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FileItem, ...] = ()
    report: tuple[ImportReportEntry, ...] = ()
    is_by_slug: bool = False
    has_own_id: bool = True

    def id_of(self, slug: str) -> str:
        """The external id of a lesson."""
        return self.lesson_ids.get(slug, slug)


def token_of(reference: str) -> str:
    """The token of the file with this reference."""
    return f"{SCHEME}{hashlib.sha256(reference.encode()).hexdigest()[:32]}"


def place_of(path: PurePath, line: int) -> str:
    """A place within the material as the report names it; lines count from 1."""
    return f"{path.as_posix()}:{line}"
