"""What an attempt shows to whom: pure functions. Everything that a learner gets passes through here."""

from datetime import datetime

from studium.models import AttemptStatus, QuizAttempt, QuizType
from studium.modules.quizzes.answers import saved_answers
from studium.modules.quizzes.grading import Result
from studium.modules.quizzes.schemas import LearnerOptionOut, LearnerQuestionOut
from studium.modules.quizzes.schemas_attempts import (
    AnswerOut,
    AttemptBrief,
    AttemptOut,
    AttemptSummary,
    ResultOut,
)
from studium.modules.quizzes.snapshot import SnapQuestion, Snapshot, snapshot_of


def learner_questions(snapshot: Snapshot) -> list[LearnerQuestionOut]:
    """The questions in the attempt's order, without keys, explanations or metadata."""
    return [_learner_question(question, place) for place, question in enumerate(snapshot.questions, 1)]


def _learner_question(question: SnapQuestion, place: int) -> LearnerQuestionOut:
    options = [LearnerOptionOut(id=option.id, text=option.text) for option in question.options]
    return LearnerQuestionOut(
        question_id=question.question_id,
        question_text=question.question_text,
        question_type=question.question_type,
        points=question.points,
        order_index=place,
        options=options or None,
    )


def may_reveal(attempt: QuizAttempt, snapshot: Snapshot, summary: AttemptSummary) -> bool:
    """Whether the learner may see the key: graded, the quiz shows it, and nothing is left to win by knowing it."""
    over = snapshot.quiz_type is QuizType.PRACTICE or summary.is_passed or summary.attempts_left == 0
    return attempt.status is AttemptStatus.GRADED and snapshot.show_correct_answers and over


def attempt_view(attempt: QuizAttempt, summary: AttemptSummary, at: datetime, *, is_staff: bool) -> AttemptOut:
    """An attempt as the caller may see it; staff see results and keys as soon as it is handed in."""
    snapshot = snapshot_of(attempt)
    is_open = attempt.status is AttemptStatus.IN_PROGRESS
    shows_key = not is_open and (is_staff or may_reveal(attempt, snapshot, summary))
    left = None
    if is_open and attempt.deadline_at is not None:
        left = max(0, int((attempt.deadline_at - at).total_seconds()))
    return AttemptOut(
        **AttemptBrief.model_validate(attempt).model_dump(),
        seconds_left=left,
        questions=learner_questions(snapshot),
        answers=[AnswerOut.model_validate(answer) for answer in saved_answers(attempt)],
        results=_results(attempt, snapshot) if shows_key else None,
        feedback=attempt.feedback,
    )


def _results(attempt: QuizAttempt, snapshot: Snapshot) -> list[ResultOut]:
    questions = snapshot.by_id()
    results = (Result.model_validate(result) for result in attempt.results or [])
    return [_result(questions[result.question_id], result) for result in results]


def _result(question: SnapQuestion, result: Result) -> ResultOut:
    return ResultOut(
        question_id=result.question_id,
        points_awarded=result.points_awarded,
        points=result.points,
        feedback=result.feedback,
        is_correct=None if result.points_awarded is None else result.is_correct,
        correct_option_ids=[option.id for option in question.options if option.is_correct],
        correct_answer=question.correct_answer,
        explanation=question.explanation,
    )
