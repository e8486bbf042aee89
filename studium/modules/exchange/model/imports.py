"""An import in a few words: what is wished for, and what came of it. Whoever shows it needs none of the formats."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from studium.access.actor import Actor
from studium.modules.exchange.model.items import ImportReportEntry


class SourceFormat(StrEnum):
    """What courses and questions may come in."""

    OLX = "olx"
    MARKDOWN = "markdown"
    GIFT = "gift"
    AIKEN = "aiken"
    MOODLE_XML = "moodle_xml"


class Outcome(StrEnum):
    """What an import did to a course."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class ImportRequest:
    """What is to be imported for whom: `filename` is what people call it, `into_id` the course for questions."""

    path: Path
    filename: str
    owner: Actor
    into_id: UUID | None = None
    is_dry_run: bool = False


@dataclass(frozen=True)
class Report:
    """What came of an import. A dry run says what would have come, and has no course."""

    source_format: SourceFormat | None
    outcome: Outcome | None
    course_id: UUID | None
    items: tuple[ImportReportEntry, ...]
    fault: tuple[str, str] | None = None
    """Where it failed, and why; then nothing was changed."""
