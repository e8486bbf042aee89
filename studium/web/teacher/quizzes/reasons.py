"""Why a question cannot be marked, or a quiz not be published, in the words of the page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from studium.kit.base.problems import Problem
from studium.web.translations import translations_for

_OTHER = "question_text"
_PLACE = re.compile(r"Question (\d+): (.*)")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the field that it is about, or the number of the question, and the sentence.

    One that is not translated is in English.
    """

    text: str
    field: str = _OTHER
    number: int | None = None
    is_english: bool = False


def reasons_of(problem: Problem | None, language: str) -> list[Reason]:
    """The reasons that a refusal lists; none for refusals of other kinds."""
    found = {} if problem is None else problem.members
    listed = found.get("reasons", ())
    return [_reason(str(one), language) for one in listed] if isinstance(listed, Iterable) else []


def _reason(sentence: str, language: str) -> Reason:
    placed = _PLACE.fullmatch(sentence)
    field, text = _said(placed[2] if placed else sentence, language)
    return Reason(text, field, int(placed[1]) if placed else None)


def reason_of(sentence: str, language: str) -> Reason:
    """A reason why pasted text is no question, in the words of the page where it has some."""
    _ = translations_for(language).gettext
    known = {
        "Below the answers": _(
            "Below the answers only answers and explanations may stand; an empty line ends a question."
        ),
        "The question is missing": _("The question is missing above its answers."),
        "A question has either": _("A question has either answers to choose from or right texts, not both."),
        "No answer is marked": _(
            "No answer is marked as right: put * before it, or a line such as ANSWER: B below the answers."
        ),
        "The line of the right": _("The line of the right answer names none of the answers above it."),
        "The star and the line": _("The star and the line of the right answer mark different answers."),
        "There is no question": _("There is no question in it."),
        "A picture that is": _("A picture that is written into the text cannot be pasted; upload it as a file first."),
        "A quiz holds at most": _("A quiz holds 500 questions and 9,999.99 points at most."),
        "a missing closing brace": _("A closing brace } is missing; an empty line ends a question."),
        "a missing opening brace": _("An opening brace { is missing."),
        "more than one pair": _("There is more than one pair of braces: an empty line is missing, or a \\ before {."),
        "a text without a question": _("A text without a question; put it into a lesson."),
        "there are no matching": _("There are no matching questions here."),
        "without a text": _("The question has no text."),
    }
    found = next((said for begins, said in known.items() if sentence.startswith(begins)), None)
    if found is not None:
        return Reason(found)
    field, text = _said(sentence, language)
    return Reason(sentence, is_english=True) if field == _OTHER else Reason(text)


def _said(sentence: str, language: str) -> tuple[str, str]:
    """The field and the words, by how the rule's sentence begins; any other sentence is one about the key."""
    _ = translations_for(language).gettext
    known = {
        "A multiple-choice question has": ("options", _("A choice has 2 to 20 answers.")),
        "At least one option must": ("options", _("Tick at least one answer as right.")),
        "Options must have texts": ("options", _("Every answer needs a text, and no two may have the same.")),
        "A short-answer question needs": ("correct_answer", _("Write the right answer.")),
        "Every alternative of a keyword": ("correct_answer", _("Every right answer needs a word.")),
        "A numeric key must": ("correct_answer", _("The right answer must be a number.")),
        "metadata.tolerance": ("tolerance", _("How far an answer may be off is a number of at least 0.")),
        "The correct answer must be": ("truth", _("Say whether it is true or false.")),
        "The quiz has no question": ("", _("The quiz has no question.")),
    }
    found = next((said for begins, said in known.items() if sentence.startswith(begins)), None)
    return found or (_OTHER, _("The question cannot be graded as it is."))
