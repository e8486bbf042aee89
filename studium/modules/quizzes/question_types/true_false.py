"""True or false: the answer is one of two words."""

from collections.abc import Sequence
from decimal import Decimal

from studium.modules.quizzes.question_types.base import (
    ZERO,
    Answer,
    Keyed,
    KeyQuestion,
    Option,
    TextKind,
    without_options,
)
from studium.modules.quizzes.question_types.comparing import normalized

TRUTHS = ("true", "false")
TRUTH_MAX = 50
"""Characters of an answer that is looked at, invisible ones among them."""


class TrueFalse(TextKind):
    """The key is "true" or "false"; an answer may be written in any case."""

    takes_words = False
    counted_texts = TRUTHS

    def key_errors(self, question: Keyed) -> list[str]:
        """No options, and a key of the two."""
        found = without_options(question)
        if question.correct_answer not in TRUTHS:
            found.append('The correct answer must be "true" or "false".')
        return found

    def text_error(self, text: str) -> str | None:
        """One of the two words, or nothing."""
        said = text.strip()
        is_known = not said or (len(said) <= TRUTH_MAX and normalized(said) in TRUTHS)
        return None if is_known else "must be true or false"

    def points(self, question: KeyQuestion, answer: Answer) -> Decimal:
        """All or nothing."""
        return question.points if normalized(answer.answer_text) == question.correct_answer else ZERO

    def statistics_options(self, question: Keyed) -> Sequence[Option]:
        """The two words."""
        return [{"id": truth, "text": truth, "is_correct": truth == question.correct_answer} for truth in TRUTHS]
