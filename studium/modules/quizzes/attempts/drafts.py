"""Marks that are kept from the learner until they are released: pure functions on what an attempt stores of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self
from uuid import UUID

from studium.kit.db.prepared import Record
from studium.models import JsonObject
from studium.modules.quizzes.attempts.schemas import DraftMarkOut, DraftOut, GradeIn
from studium.modules.quizzes.marking import Grade, Result, regraded, total
from studium.modules.quizzes.snapshot import AnswerKey


class Mark(NamedTuple):
    """The points of one question and the words on it."""

    points: Decimal
    feedback: str | None


class Draft(NamedTuple):
    """Marks by question, words on the whole, and who gave the last of them."""

    marks: Mapping[str, Mark]
    feedback: str | None = None
    grader_id: UUID | None = None

    @classmethod
    def of(cls, attempt: Record) -> Self:
        """What an attempt's row holds; an attempt without a draft has one of nothing."""
        stored = attempt["draft"]
        if stored is None:
            return cls({})
        marks = {of: Mark(Decimal(mark["points"]), mark["feedback"]) for of, mark in stored["marks"].items()}
        return cls(marks, stored["feedback"], UUID(stored["grader_id"]))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.marks and self.feedback is None

    def over(self, given: GradeIn, grader_id: UUID) -> Self:
        """This without the marks that a grader takes back, and with the given ones over it, question by question."""
        gone = set(map(str, given.take_back))
        marks = {of: mark for of, mark in self.marks.items() if of not in gone}
        marks |= {str(score.question_id): Mark(score.points, score.feedback) for score in given.scores}
        feedback = self.feedback if given.feedback is None else given.feedback
        return self._replace(marks=marks, feedback=feedback, grader_id=grader_id)

    def applied(self, key: AnswerKey, results: Iterable[Result]) -> Grade:
        """The grade that these marks make of results, up to the points that a regrade has left to a question."""
        most = {question.question_id: question.points for question in key.questions}
        points = {of: min(mark.points, most[of]) for of, mark in self.marks.items()}
        words = {of: mark.feedback for of, mark in self.marks.items()}
        return total(key, regraded(results, points, words))

    def to_json(self, at: datetime) -> JsonObject | None:
        """The form in which the attempt stores it: nothing of one that says nothing."""
        if self.is_empty:
            return None
        marks = {of: {"points": str(mark.points), "feedback": mark.feedback} for of, mark in self.marks.items()}
        return {
            "marks": marks,
            "feedback": self.feedback,
            "grader_id": str(self.grader_id),
            "saved_at": at.isoformat(),
        }


def draft_out(stored: Mapping[str, Any]) -> DraftOut:
    """A stored draft as graders see it."""
    marks = [
        DraftMarkOut(question_id=UUID(of), points=Decimal(mark["points"]), feedback=mark["feedback"])
        for of, mark in sorted(stored["marks"].items())
    ]
    return DraftOut(
        scores=marks,
        feedback=stored["feedback"],
        grader_id=UUID(stored["grader_id"]),
        saved_at=datetime.fromisoformat(stored["saved_at"]),
    )
