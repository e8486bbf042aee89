"""What the pages of imports show."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from studium.models import ImportStatus
from studium.modules.courses.schemas import CourseOut
from studium.modules.exchange.model.items import ImportOutcome
from studium.modules.exchange.schemas import ImportCard, ImportOut, ReportItemOut

OPEN = frozenset({ImportStatus.QUEUED, ImportStatus.RUNNING})


@dataclass(frozen=True, slots=True)
class ImportsView:
    """Where a course or questions come in, and what came before; `chosen` is the course that a link named."""

    most: int
    courses: list[CourseOut]
    chosen: UUID | None
    imports: list[ImportCard]


@dataclass(frozen=True, slots=True)
class ReportView:
    """An import: how far it is, and one part of what became of its items, those of one fate or all."""

    PER_PAGE: ClassVar[int] = 100

    of: ImportOut
    show: str
    first: int

    @property
    def goes_on(self) -> bool:
        """Whether its end is still to come."""
        return self.of.status in OPEN

    @property
    def state(self) -> str:
        """How it stands: a name for the templates."""
        if self.of.status is ImportStatus.DONE:
            return "tried" if self.of.dry_run else "done"
        return self.of.status.value

    @property
    def counts(self) -> dict[str, int]:
        """How many items have each fate."""
        return {fate.value: self.of.summary[fate] for fate in ImportOutcome}

    @property
    def _wanted(self) -> list[ReportItemOut]:
        return [item for item in self.of.report if self.show in {"", item.fate.value}]

    @property
    def items(self) -> list[ReportItemOut]:
        """The items of this page."""
        return self._wanted[self.first : self.first + self.PER_PAGE]

    @property
    def next(self) -> int | None:
        """Where the next page begins."""
        after = self.first + self.PER_PAGE
        return after if after < len(self._wanted) else None
