"""The texts that a lesson had before, as they go out."""

from datetime import datetime
from uuid import UUID

from studium.kit.http.schemas import ResponseModel
from studium.modules.courses.comparison import LineChange


class LessonVersionOut(ResponseModel):
    """A text that a lesson had: from `written_at` until another was saved at `replaced_at`.

    Where `by_autosave`, somebody typed what replaced it, and texts that followed within ten minutes are not kept.
    """

    number: int
    title: str
    written_at: datetime
    replaced_at: datetime
    by_autosave: bool


class LinePairOut(ResponseModel):
    """A line of the version beside one of the text that it is compared with; either may be missing.

    Of a long stretch that is the same in both, the three lines beside a change are shown; the rest is one `folded` pair
    that stands for so many `lines`, from these numbers on. There are at most 2,000 pairs: where they do not suffice, a
    last one that is `cut` says how many `lines` are left out. Neither has a text.
    """

    change: LineChange
    before_line: int | None
    before: str | None
    after_line: int | None
    after: str | None
    lines: int


class LessonVersionText(LessonVersionOut):
    """A version with its text; `comparison`, of at most 2,001 pairs, is null unless it was asked for."""

    lesson_id: UUID
    description: str | None
    content: str | None
    comparison: list[LinePairOut] | None
