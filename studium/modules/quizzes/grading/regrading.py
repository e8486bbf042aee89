"""What a regrade makes of a finished attempt: pure functions."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from studium.modules.quizzes.marking import Grade, Result, mark_one, total
from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.question_types.base import Answer, KeyQuestion
from studium.modules.quizzes.snapshot import AnswerKey

Present = Mapping[str, KeyQuestion]
"""The questions of the quiz as they are now, by id."""


def rekeyed(key: AnswerKey, present: Present) -> AnswerKey:
    """The key with the present points, right answers and explanations; the order of the options stays."""
    questions = tuple(_rekeyed(question, present.get(question.question_id)) for question in key.questions)
    return key._replace(questions=questions)


def _rekeyed(asked: KeyQuestion, present: KeyQuestion | None) -> KeyQuestion:
    """The question with its present key.

    It stays as it was where the present key says nothing about it: the question is gone, is of another type now, or
    none of the options that are right now was offered then.
    """
    if present is None or present.question_type is not asked.question_type:
        return asked
    correct = present.correct_ids.intersection(asked.option_ids)
    if not kind_of(asked.question_type).accepts_key(correct):
        return asked
    return present._replace(option_ids=asked.option_ids, correct_ids=correct)


def outcome(key: AnswerKey, answers: Iterable[Answer], results: Iterable[Result], *, never_lower: bool) -> Grade:
    """The grade by a present key. What was marked by hand stays, up to the points that there are now.

    With `never_lower` no question gives less than before, as far as its points now go.
    """
    given = {answer.question_id: answer for answer in answers}
    before = {result.question_id: result for result in results}
    found = (
        _again(question, given.get(question.question_id), before.get(question.question_id), never_lower=never_lower)
        for question in key.questions
    )
    return total(key, tuple(found))


def _again(question: KeyQuestion, answer: Answer | None, before: Result | None, *, never_lower: bool) -> Result:
    fresh = mark_one(question, answer)
    if before is None:
        return fresh
    had = None if before.points_awarded is None else min(before.points_awarded, question.points)
    if before.by_hand or kind_of(question.question_type).is_graded_by_hand:
        points = had
    elif never_lower:
        points = max(had or Decimal(0), fresh.points_awarded or Decimal(0))
    else:
        points = fresh.points_awarded
    return fresh._replace(points_awarded=points, feedback=before.feedback, by_hand=before.by_hand)
