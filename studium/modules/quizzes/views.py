"""What an attempt shows to whom: pure functions. Everything that a learner gets passes through here."""

from dataclasses import dataclass
from datetime import datetime

from studium.models import AttemptStatus, QuestionType, QuizAttempt, QuizType
from studium.modules.quizzes.answers import saved_answers
from studium.modules.quizzes.grading import Result
from studium.modules.quizzes.schemas import LearnerOptionOut, LearnerQuestionOut, Selection
from studium.modules.quizzes.schemas_attempts import (
    AnswerOut,
    AttemptBrief,
    AttemptOut,
    ResultOut,
    RulesOut,
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
        selection=_selection(question),
        options=options or None,
    )


def _selection(question: SnapQuestion) -> Selection | None:
    if question.question_type is not QuestionType.MULTIPLE_CHOICE:
        return None
    return Selection.SINGLE if len(question.correct_ids) == 1 else Selection.MULTIPLE


@dataclass(frozen=True, slots=True)
class Standing:
    """What the reveal hangs on: whether the quiz is passed, how many attempts are left (None: any), and is one open."""

    is_passed: bool
    attempts_left: int | None = None
    is_taking: bool = False

    @property
    def is_over(self) -> bool:
        """Whether a key can win the learner nothing any more; while the last attempt is open it can."""
        return self.is_passed or (self.attempts_left == 0 and not self.is_taking)


def may_reveal(attempt: QuizAttempt, snapshot: Snapshot, standing: Standing) -> bool:
    """Whether the learner may see the key: graded, the quiz shows it, and nothing is left to win by knowing it."""
    over = snapshot.quiz_type is QuizType.PRACTICE or standing.is_over
    return attempt.status is AttemptStatus.GRADED and snapshot.show_correct_answers and over


def open_view(attempt: QuizAttempt, at: datetime) -> AttemptOut:
    """An attempt in progress, as everybody sees it who may."""
    snapshot = snapshot_of(attempt)
    left = None
    if attempt.deadline_at is not None:
        left = max(0, int((attempt.deadline_at - at).total_seconds()))
    return _view(attempt, snapshot, results=None, seconds_left=left)


def finished_view(attempt: QuizAttempt, standing: Standing, *, is_staff: bool) -> AttemptOut:
    """A finished attempt as the caller may see it; staff see results and keys as soon as it is handed in."""
    snapshot = snapshot_of(attempt)
    shows_key = is_staff or may_reveal(attempt, snapshot, standing)
    return _view(attempt, snapshot, results=_results(attempt, snapshot) if shows_key else None)


def _view(
    attempt: QuizAttempt, snapshot: Snapshot, *, results: list[ResultOut] | None, seconds_left: int | None = None
) -> AttemptOut:
    return AttemptOut(
        **AttemptBrief.model_validate(attempt).model_dump(),
        seconds_left=seconds_left,
        rules=RulesOut.model_validate(snapshot.rules),
        questions=learner_questions(snapshot),
        answers=[AnswerOut.model_validate(answer) for answer in saved_answers(attempt)],
        results=results,
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
