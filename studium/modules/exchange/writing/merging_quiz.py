"""A quiz that its source brings again: question by question, what the source changed, and what was changed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry
from studium.modules.exchange.model.texts import QuestionText
from studium.modules.exchange.model.wishes import question_of
from studium.modules.exchange.writing.merging import (
    Digests,
    digests,
    is_as_it_came,
    matched,
    merged,
    merged_order,
    names_of,
    overwritten,
    question_values,
    shown,
)

GONE = "the source has it no more"


@dataclass(frozen=True)
class Brought:
    """A question as it came: its row, by what it is known again, and the digests of its values; None where unknown."""

    id: UUID
    names: Digests
    values: Digests | None

    @classmethod
    def of(cls, question_id: UUID, question: QuestionText) -> "Brought":
        """A question that stands as it came."""
        return cls(question_id, names_of(question), digests(question_values(question)))


@dataclass
class Questions:
    """The questions of a quiz as they will be: ids in order, the text of each that is new or changed, what goes."""

    order: list[UUID] = field(default_factory=list)
    written: dict[UUID, QuestionText] = field(default_factory=dict)
    removed: list[UUID] = field(default_factory=list)
    brought: list[Brought] = field(default_factory=list)
    notes: list[ImportReportEntry] = field(default_factory=list)


def merged_questions(
    before: Sequence[Brought] | None,
    here: Mapping[UUID, QuestionText],
    source: Sequence[tuple[QuestionText, Brought]],
    where: str,
) -> Questions:
    """What becomes of the questions `here` (by the ids of their rows, in order); `where` names the quiz in notes.

    Those of the source come with what is to be remembered of them. Without `before` nobody knows what the source
    brought, and nothing is removed.
    """
    return _Merge(before, here, source, where).run()


class _Merge:
    def __init__(
        self,
        before: Sequence[Brought] | None,
        here: Mapping[UUID, QuestionText],
        source: Sequence[tuple[QuestionText, Brought]],
        where: str,
    ) -> None:
        self._is_known = before is not None
        known = [Brought(row_id, names_of(text), None) for row_id, text in here.items()] if before is None else before
        self._before, self._here, self._source, self._where = known, here, source, where
        self._made = Questions()

    def run(self) -> Questions:
        pairs = matched([each.names for each in self._before], [came.names for _, came in self._source])
        order = [self._placed(at, self._before[pairs[at]] if at in pairs else None) for at in range(len(self._source))]
        if self._is_known:
            for at in sorted(set(range(len(self._before))) - set(pairs.values())):
                self._gone(self._before[at])
        self._order([each for each in order if each is not None])
        return self._made

    def _placed(self, at: int, before: Brought | None) -> UUID | None:
        """The id of the question that one of the source becomes; None for one that was removed here."""
        question, came = self._source[at]
        question_id = came.id if before is None else before.id
        self._made.brought.append(replace(came, id=question_id))
        if before is None:
            self._made.written[question_id] = question
            return question_id
        here = self._here.get(question_id)
        if here is None:
            self._note(question, "question stays removed", "it was removed here; the source still has it")
            return None
        values = question_values(here)
        taken, kept = merged(before.values, values, question_values(question))
        if taken:
            here = self._made.written[question_id] = question_of(here, taken)
        for each in kept:
            self._note(here, "question kept", str(each))
        for why in overwritten(values, taken) if before.values is None else ():
            self._note(here, "question changed", why)
        return question_id

    def _gone(self, before: Brought) -> None:
        here = self._here.get(before.id)
        if here is None:
            return
        if before.values is not None and is_as_it_came(before.values, question_values(here)):
            self._made.removed.append(before.id)
            self._note(here, "question removed", GONE)
        else:
            self._note(here, "question kept", f"{GONE}, but it was changed here")

    def _order(self, order: list[UUID]) -> None:
        removed = set(self._made.removed)
        here = [each for each in self._here if each not in removed]
        before = [each.id for each in self._before] if self._is_known else None
        self._made.order, is_kept = merged_order(before, here, order)
        if is_kept:
            why = "the questions were put into another order here; the source has its own"
            self._made.notes.append(ImportReportEntry(self._where, "", ImportOutcome.CHANGED, "order kept", why))
        for each in sorted(set(here) - set(order) - {each.id for each in self._before}, key=here.index):
            self._note(self._here[each], "question kept", "it was added here; the source does not have it")

    def _note(self, question: QuestionText, what: str, why: str) -> None:
        self._made.notes.append(
            ImportReportEntry(shown(question.question_text), "", ImportOutcome.CHANGED, what, f"{self._where}: {why}")
        )
