"""What a regrade makes of a finished attempt: pure functions."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from studium.models import QuestionType
from studium.modules.quizzes.grading import Answer, Grade, Result, mark_one, total
from studium.modules.quizzes.snapshot import SnapQuestion, Snapshot

Key = Mapping[UUID, SnapQuestion]
"""The questions of the quiz as they are now, by id."""


def rekeyed(snapshot: Snapshot, key: Key) -> Snapshot:
    """The snapshot with the present key, points and explanations; texts and order stay as the learner saw them."""
    questions = tuple(_rekeyed(question, key.get(question.question_id)) for question in snapshot.questions)
    return snapshot.model_copy(update={"questions": questions})


def _rekeyed(asked: SnapQuestion, present: SnapQuestion | None) -> SnapQuestion:
    """The question with its present key.

    It stays as it was where the present key says nothing about it: the question is gone, is of another type now, or
    none of the options that are right now was offered then.
    """
    if present is None or present.question_type is not asked.question_type:
        return asked
    correct = present.correct_ids
    options = tuple(option.model_copy(update={"is_correct": option.id in correct}) for option in asked.options)
    if asked.question_type is QuestionType.MULTIPLE_CHOICE and not any(option.is_correct for option in options):
        return asked
    return present.model_copy(update={"question_text": asked.question_text, "options": options})


def outcome(snapshot: Snapshot, answers: Iterable[Answer], results: Iterable[Result], *, never_lower: bool) -> Grade:
    """The grade by a rekeyed snapshot. What was marked by hand stays, up to the points that there are now.

    With `never_lower` no question gives less than before, as far as its points now go.
    """
    given = {answer.question_id: answer for answer in answers}
    before = {result.question_id: result for result in results}
    found = (
        _again(question, given.get(question.question_id), before.get(question.question_id), never_lower=never_lower)
        for question in snapshot.questions
    )
    return total(snapshot, tuple(found))


def _again(question: SnapQuestion, answer: Answer | None, before: Result | None, *, never_lower: bool) -> Result:
    fresh = mark_one(question, answer)
    if before is None:
        return fresh
    had = None if before.points_awarded is None else min(before.points_awarded, question.points)
    if before.by_hand or question.question_type is QuestionType.ESSAY:
        points = had
    elif never_lower:
        points = max(had or Decimal(0), fresh.points_awarded or Decimal(0))
    else:
        points = fresh.points_awarded
    return fresh.model_copy(update={"points_awarded": points, "feedback": before.feedback, "by_hand": before.by_hand})
