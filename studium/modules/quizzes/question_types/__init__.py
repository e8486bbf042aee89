"""The registry of question types: one file each, and `kind_of` finds the behaviour of a question's type."""

from typing import Protocol

from studium.models import QuestionType
from studium.modules.quizzes.question_types.base import Keyed, QuestionKind
from studium.modules.quizzes.question_types.essay import Essay
from studium.modules.quizzes.question_types.multiple_choice import MultipleChoice
from studium.modules.quizzes.question_types.short_answer import ShortAnswer
from studium.modules.quizzes.question_types.true_false import TrueFalse

KINDS: dict[QuestionType, QuestionKind] = {
    QuestionType.MULTIPLE_CHOICE: MultipleChoice(),
    QuestionType.TRUE_FALSE: TrueFalse(),
    QuestionType.SHORT_ANSWER: ShortAnswer(),
    QuestionType.ESSAY: Essay(),
}

GRADED_BY_HAND = [member for member, kind in KINDS.items() if kind.is_graded_by_hand]
"""The types whose answers wait for a grader."""


def kind_of(question_type: QuestionType) -> QuestionKind:
    """The behaviour of a question type."""
    return KINDS[question_type]


class Question(Keyed, Protocol):
    """A question of any type, with its key."""

    @property
    def question_type(self) -> QuestionType: ...  # noqa: D102 -- see the class.


def key_errors(question: Question) -> list[str]:
    """Why the question cannot be marked; empty where it can. Checked when it is written and when it is published."""
    return kind_of(question.question_type).key_errors(question)
