"""What an import says about a course that was there: what it removed, and what it left although the source differs."""

from collections.abc import Iterable

from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry
from studium.modules.exchange.model.texts import LessonText
from studium.modules.exchange.writing.merging import Kept, Values, overwritten, shown
from studium.modules.exchange.writing.merging_quiz import GONE


class Notes:
    """The lines so far, and whether anything was changed."""

    def __init__(self) -> None:
        self.items: list[ImportReportEntry] = []
        self.is_changed = False

    def add(self, name: str, what: str, why: str) -> None:
        """One line."""
        self.items.append(ImportReportEntry(name, "", ImportOutcome.CHANGED, what, why))

    def merged(self, name: str, what: str, here: Values, taken: Values, kept: Iterable[Kept]) -> None:
        """What stays, and what was `taken` over something of which nobody knows who made it."""
        for each in kept:
            self.add(name, f"{what} kept", str(each))
        for why in overwritten(here, taken):
            self.add(name, f"{what} changed", why)

    def removed(self, lesson: LessonText) -> None:
        """The questions of a lesson that go with it."""
        for question in () if lesson.quiz is None else lesson.quiz.questions:
            self.add(shown(question.question_text), "question removed", f"{lesson.title}: {GONE}")
