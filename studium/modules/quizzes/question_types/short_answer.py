"""Short answer: a text that is compared with the alternatives of a key."""

from collections.abc import Iterable
from decimal import Decimal

from studium.kit.db.search import UNSPACED
from studium.modules.quizzes.question_types.base import (
    ZERO,
    Answer,
    Keyed,
    KeyQuestion,
    TextKind,
    length_error,
    without_options,
)
from studium.modules.quizzes.question_types.comparing import normalized, number_of, with_powers, words_of

SHORT_MAX = 500
KEYWORD_ANSWER_MAX = 200
MATCHES = ("keywords", "exact", "exact_typography", "numeric")


class ShortAnswer(TextKind):
    """The key is a text, or several that `|` separates; `metadata.match` says how an answer is compared with it."""

    def key_errors(self, question: Keyed) -> list[str]:
        """No options, a key, and settings of the comparison that fit it."""
        found = without_options(question)
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

    def text_error(self, text: str) -> str | None:
        """At most `SHORT_MAX` characters."""
        return length_error(text, SHORT_MAX)

    def points(self, question: KeyQuestion, answer: Answer) -> Decimal:
        """All or nothing."""
        return question.points if _matches(question, answer.answer_text) else ZERO


def alternatives_of(correct_answer: str | None) -> list[str]:
    """The alternatives of a short answer's key, which `|` separates; empty ones do not count."""
    return [text.strip() for text in (correct_answer or "").split("|") if text.strip()]


def _matches(question: KeyQuestion, text: str) -> bool:
    alternatives = alternatives_of(question.correct_answer)
    match question.metadata.get("match", "keywords"):
        case "exact" | "exact_typography" as match:
            return _is_same(text, alternatives, exact_typography=match == "exact_typography")
        case "numeric":
            return _is_near(text, alternatives, question.metadata.get("tolerance", 0))
        case _:
            return len(text) <= KEYWORD_ANSWER_MAX and _has_words(text, alternatives)


def _is_same(text: str, alternatives: Iterable[str], *, exact_typography: bool) -> bool:
    given = {normalized(reading, exact_typography=exact_typography) for reading in _readings(text)}
    return any(normalized(with_powers(key), exact_typography=exact_typography) in given for key in alternatives)


def _readings(text: str) -> tuple[str, str]:
    """An answer with its powers as such, and as the digits that NFKC makes of them, for a key that has none."""
    return with_powers(text), text


def _is_near(text: str, alternatives: Iterable[str], tolerance: object) -> bool:
    given, allowed = number_of(text), number_of(str(tolerance)) or ZERO
    keys = (number_of(key) for key in alternatives)
    return given is not None and any(key is not None and abs(given - key) <= allowed for key in keys)


def _has_words(text: str, alternatives: Iterable[str]) -> bool:
    """Whether every word of a key is a whole word of the text; without spaces in the script it may stand anywhere."""
    words = {word for reading in _readings(text) for word in words_of(reading)}
    whole = normalized(text)

    def stands(word: str) -> bool:
        return word in words or (UNSPACED.match(word) is not None and word in whole)

    return any(bool(wanted) and all(map(stands, wanted)) for wanted in map(words_of, map(with_powers, alternatives)))
