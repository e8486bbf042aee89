"""What an attempt shows to whom: pure functions. Everything that a learner gets of an attempt passes through here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from studium.kit.db.prepared import Record
from studium.kit.http.json_text import JsonText
from studium.models import AttemptStatus, QuizType
from studium.modules.quizzes.attempts.drafts import draft_out
from studium.modules.quizzes.attempts.schemas import AttemptBrief, AttemptState, HiddenResults, ResultOut
from studium.modules.quizzes.marking import Result
from studium.modules.quizzes.question_types.base import KeyQuestion
from studium.modules.quizzes.snapshot import AnswerKey

BRIEF = tuple(AttemptBrief.model_fields)


@dataclass(frozen=True, slots=True)
class QuizProgress:
    """What the reveal hangs on: whether the quiz is passed, how many attempts are left (None: any), and is one open."""

    is_passed: bool
    attempts_left: int | None = None
    is_taking: bool = False

    @property
    def is_over(self) -> bool:
        """Whether a key can win the learner nothing any more; while the last attempt is open it can."""
        return self.is_passed or (self.attempts_left == 0 and not self.is_taking)


def open_view(attempt: Record, at: datetime, *, status: int = 200) -> JsonText:
    """An attempt in progress, as everybody sees it who may."""
    return _json(attempt, seconds_left=seconds_left(attempt, at), status=status)


def seconds_left(attempt: Record, at: datetime) -> int | None:
    """The whole seconds to the deadline of an open attempt; None without one."""
    deadline: datetime | None = attempt["deadline_at"]
    return None if deadline is None else max(0, int((deadline - at).total_seconds()))


def why_hidden(attempt: Record, key: AnswerKey, progress: QuizProgress) -> HiddenResults | None:
    """Why the learner may not see the key; None where it is graded, shown, and nothing is left to win by knowing it."""
    if not key.show_correct_answers:
        return HiddenResults.NEVER_SHOWN
    if attempt["status"] is not AttemptStatus.GRADED:
        return HiddenResults.BEING_GRADED
    return None if key.quiz_type is QuizType.PRACTICE or progress.is_over else HiddenResults.UNTIL_OVER


def may_reveal(attempt: Record, key: AnswerKey, progress: QuizProgress) -> bool:
    """Whether the learner may see the key."""
    return why_hidden(attempt, key, progress) is None


def finished_view(attempt: Record, key: AnswerKey, progress: QuizProgress, *, is_staff: bool) -> JsonText:
    """A finished attempt as the caller may see it; staff see results and keys as soon as it is handed in."""
    hidden = None if is_staff else why_hidden(attempt, key, progress)
    results = _results(attempt, key) if hidden is None else None
    return _json(attempt, results=results, hidden=hidden, unreleased=_unreleased(attempt) if is_staff else {})


def versioned_answers(attempt: Record) -> list[dict[str, Any]]:
    """The saved answers, each with its version: the form of an `AnswerOut`."""
    versions = attempt["answer_versions"] or {}
    return [answer | {"version": versions.get(answer["question_id"], 1)} for answer in attempt["answers"] or ()]


def _json(
    attempt: Record,
    *,
    results: list[ResultOut] | None = None,
    hidden: HiddenResults | None = None,
    unreleased: Mapping[str, Any] | None = None,
    seconds_left: int | None = None,
    status: int = 200,
) -> JsonText:
    """The members of an `AttemptState`, then what is stored as it is sent: together an `AttemptOut`."""
    state = AttemptState(
        **{name: attempt[name] for name in BRIEF},
        passing_score=Decimal(attempt["key"]["passing_score"]),
        seconds_left=seconds_left,
        results=results,
        results_hidden=hidden,
        feedback=attempt["feedback"],
        **(unreleased or {"draft": None, "marked_at": None}),
    )
    stored = {"answers": versioned_answers(attempt), "flagged_question_ids": attempt["flagged"] or []}
    members = state.model_dump_json()[:-1].encode(), to_json(stored)[1:-1]
    return JsonText(b",".join((*members, attempt["paper"][1:].encode())), status=status, version=attempt["version"])


def _unreleased(attempt: Record) -> dict[str, Any]:
    """What graders alone see: the marks that no learner sees yet."""
    stored = attempt["draft"]
    return {"draft": None if stored is None else draft_out(stored), "marked_at": attempt["marked_at"]}


def _results(attempt: Record, key: AnswerKey) -> list[ResultOut]:
    questions = {question.question_id: question for question in key.questions}
    results = map(Result.from_json, attempt["results"] or ())
    return [result_out(questions[result.question_id], result) for result in results]


def result_out(question: KeyQuestion, result: Result) -> ResultOut:
    """The marks of one question with its key, as staff see them, and learners where nothing is hidden."""
    return ResultOut(
        question_id=UUID(result.question_id),
        points_awarded=result.points_awarded,
        points=result.points,
        feedback=result.feedback,
        is_correct=None if result.points_awarded is None else result.is_correct,
        correct_option_ids=question.correct_in_order(),
        correct_answer=question.correct_answer,
        explanation=question.explanation,
    )
