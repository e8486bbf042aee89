"""What makes a question markable: pure checks, used when it is written and again when the quiz is published."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from studium.models import QuestionType
from studium.modules.quizzes.comparing import number_of, words_of

MIN_OPTIONS = 2
MAX_OPTIONS = 20
MATCHES = ("keywords", "exact", "numeric")
SCORINGS = ("all_or_nothing", "partial")
TRUTHS = ("true", "false")

Option = Mapping[str, object]


class Keyed(Protocol):
    """A question with its key."""

    @property
    def question_type(self) -> QuestionType: ...  # noqa: D102 -- see the class.
    @property
    def options(self) -> Sequence[Option] | None: ...  # noqa: D102 -- see the class.
    @property
    def correct_answer(self) -> str | None: ...  # noqa: D102 -- see the class.
    @property
    def question_metadata(self) -> Mapping[str, object] | None: ...  # noqa: D102 -- see the class.


def faults(question: Keyed) -> list[str]:
    """Why the question cannot be marked; empty where it can."""
    return _CHECKS[question.question_type](question)


def _choice(question: Keyed) -> list[str]:
    options = question.options or []
    found = []
    if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
        found.append(f"A multiple-choice question has {MIN_OPTIONS} to {MAX_OPTIONS} options.")
    if not any(option["is_correct"] for option in options):
        found.append("At least one option must be correct.")
    texts = [str(option["text"]).strip() for option in options]
    if len(set(texts)) != len(texts) or "" in texts:
        found.append("Options must have texts that differ.")
    if question.correct_answer is not None:
        found.append("The key of a multiple-choice question is in its options.")
    scoring = (question.question_metadata or {}).get("scoring", SCORINGS[0])
    if scoring not in SCORINGS:
        found.append(f"metadata.scoring must be one of {', '.join(SCORINGS)}.")
    return found


def _truth(question: Keyed) -> list[str]:
    found = _without_options(question)
    if question.correct_answer not in TRUTHS:
        found.append('The correct answer must be "true" or "false".')
    return found


def _short(question: Keyed) -> list[str]:
    found = _without_options(question)
    alternatives = alternatives_of(question.correct_answer)
    if not alternatives:
        found.append("A short-answer question needs a correct answer.")
    settings = question.question_metadata or {}
    match = settings.get("match", MATCHES[0])
    if match not in MATCHES:
        found.append(f"metadata.match must be one of {', '.join(MATCHES)}.")
    if match == "keywords" and not all(words_of(text) for text in alternatives):
        found.append("Every alternative of a keyword key needs a word.")
    if match == "numeric" and any(number_of(text) is None for text in alternatives):
        found.append("A numeric key must be a number.")
    tolerance = settings.get("tolerance", 0)
    number = number_of(str(tolerance)) if isinstance(tolerance, int | float | str) else None
    if isinstance(tolerance, bool) or number is None or number < 0:
        found.append("metadata.tolerance must be a number of at least 0.")
    return found


def _essay(question: Keyed) -> list[str]:
    found = _without_options(question)
    if question.correct_answer is not None:
        found.append("An essay has no key; put guidance for graders into the explanation.")
    return found


def _without_options(question: Keyed) -> list[str]:
    return ["Only multiple-choice questions have options."] if question.options else []


_CHECKS = {
    QuestionType.MULTIPLE_CHOICE: _choice,
    QuestionType.TRUE_FALSE: _truth,
    QuestionType.SHORT_ANSWER: _short,
    QuestionType.ESSAY: _essay,
}


def alternatives_of(correct_answer: str | None) -> list[str]:
    """The alternatives of a short answer's key, which `|` separates; empty ones do not count."""
    return [text.strip() for text in (correct_answer or "").split("|") if text.strip()]
