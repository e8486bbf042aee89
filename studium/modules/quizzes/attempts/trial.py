"""A quiz as its teachers try it: asked as a learner is asked, marked by the same rules, and stored nowhere."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

from studium.kit.db.prepared import Record
from studium.modules.quizzes.attempts.answers import answer_faults
from studium.modules.quizzes.attempts.schemas import ResultOut
from studium.modules.quizzes.attempts.views import result_out
from studium.modules.quizzes.errors import InvalidAnswers
from studium.modules.quizzes.marking import Grade, mark, total
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.schemas import QuizOut
from studium.modules.quizzes.snapshot import AnswerKey, take_snapshot


class Trial(NamedTuple):
    """What a trial is marked by, and its questions as a learner is sent them, in the teacher's order."""

    key: AnswerKey
    questions: Sequence[Mapping[str, Any]]


def trial_of(quiz: QuizOut, questions: Sequence[Record]) -> Trial:
    """The quiz as it is now; nothing is mixed, so that the same form can be sent again."""
    rules = {**quiz.model_dump(), "shuffle_questions": False, "shuffle_options": False}
    paper, key = take_snapshot(rules, questions)
    return Trial(key, from_json(paper)["questions"])


def marked(trial: Trial, answers: Sequence[Answer]) -> tuple[Grade, list[ResultOut]]:
    """The grade that a learner would have, and the marks of each question; raises InvalidAnswers."""
    faults = answer_faults(trial.key, answers)
    if faults:
        reasons = [fault.reason for fault in faults]
        ids = [fault.question_id for fault in faults]
        raise InvalidAnswers(" ".join(reasons[:3]), question_ids=ids, reasons=reasons)
    grade = total(trial.key, mark(trial.key, answers))
    return grade, [result_out(question, one) for question, one in zip(trial.key.questions, grade.results, strict=True)]
