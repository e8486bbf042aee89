"""What a learner may take along of attempts: what they gave and were told, and no key that is still to be found out."""

from collections.abc import Mapping, Sequence
from typing import Any

from studium.models import AttemptStatus
from studium.modules.quizzes.attempts.views import QuizProgress, may_reveal
from studium.modules.quizzes.snapshot import AnswerKey

_Json = Mapping[str, Any]


def shown_attempt(row: _Json) -> dict[str, Any]:
    """An attempt's row, `key` included, without marks that wait, and without points that would tell the key."""
    if row["status"] is not AttemptStatus.GRADED:
        return {**row, "results": None, "feedback": None}
    progress = QuizProgress(is_passed=row["is_passed"] is True)
    is_shown = may_reveal(row, AnswerKey.from_json(row["key"]), progress)
    return {**row, "results": _without_key(row["results"], is_shown=is_shown)}


def shown_change(row: _Json) -> dict[str, Any]:
    """A row of an attempt's history in the same way."""
    return {**row, "before": _grade(row["before"]), "after": _grade(row["after"])}


def shown_entry(row: _Json) -> dict[str, Any]:
    """What an applied regrade did to an attempt, unless its marks wait."""
    is_shown = all(row[side]["status"] == AttemptStatus.GRADED for side in ("before", "after"))
    return {**row} if is_shown else {**row, "is_changed": None, "before": None, "after": None}


def _grade(grade: _Json | None) -> dict[str, Any] | None:
    if grade is None or grade.get("status") != AttemptStatus.GRADED:
        return None
    return {**grade, "results": _without_key(grade.get("results"), is_shown=False)}


def _without_key(results: Sequence[_Json] | None, *, is_shown: bool) -> list[dict[str, Any]] | None:
    """Results: points that a person gave, and those of the key only where that is shown."""
    if results is None:
        return None
    return [
        {**each, "points_awarded": each["points_awarded"] if is_shown or each.get("by_hand") else None}
        for each in results
    ]
