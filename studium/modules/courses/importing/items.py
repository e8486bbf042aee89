"""What every importer makes of its material before anything becomes a row: a course, its files, and a report.

Courses, lessons, quizzes and questions are those of `course_text`, whatever the format they came in.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath

from studium.modules.courses.course_text import CourseText, QuestionText

SCHEME = "studium-file:"
TOKEN = re.compile(rf"{SCHEME}[0-9a-f]{{32}}")
"""What stands in a text where the address of a file will be, once the file has one."""


class Fate(StrEnum):
    """What became of one item of the material."""

    IMPORTED = "imported"
    CHANGED = "changed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ReportItem:
    """One item of the material and its fate.

    `place` is `path:line` within the material, `what` says what the item has become (for a skipped one, what it was),
    `why` what was changed and why, or why it was skipped; empty for one that was imported as it is.
    """

    name: str
    place: str
    fate: Fate
    what: str
    why: str = ""


@dataclass(frozen=True)
class FileItem:
    """A file of the material. `reference` is its path there (or anything unique); texts refer to it by `token`."""

    reference: str
    filename: str
    place: str
    load: Callable[[], bytes] = field(compare=False)

    @property
    def token(self) -> str:
        """Stands in Markdown as the address of a picture or link until the file has its own."""
        return token_of(self.reference)


@dataclass(frozen=True)
class QuestionSet:
    """What a file of questions holds: those that our four types can hold, in order, and the fate of every one."""

    questions: tuple[QuestionText, ...] = ()
    files: tuple[FileItem, ...] = ()
    report: tuple[ReportItem, ...] = ()


@dataclass(frozen=True)
class CourseItem:
    """A whole course. `external_id` is what its source calls it, the same each time that it is imported.

    `lesson_ids` gives the external id of each lesson by its slug; a lesson that is not in it is known by its slug.
    With `is_by_slug` the source is Studium's own format, in which slugs say which course and lesson is meant.
    """

    course: CourseText
    external_id: str
    lesson_ids: Mapping[str, str] = field(default_factory=dict)
    files: tuple[FileItem, ...] = ()
    report: tuple[ReportItem, ...] = ()
    is_by_slug: bool = False

    def id_of(self, slug: str) -> str:
        """The external id of a lesson."""
        return self.lesson_ids.get(slug, slug)


def token_of(reference: str) -> str:
    """The token of the file with this reference."""
    return f"{SCHEME}{hashlib.sha256(reference.encode()).hexdigest()[:32]}"


def place_of(path: PurePath, line: int) -> str:
    """A place within the material as the report names it; lines count from 1."""
    return f"{path.as_posix()}:{line}"
