"""The answers of an attempt as a form sends them: `a-3` answers question 3, `v-3` is the version that it replaces.

`f` are the numbers of the questions to look at again, where `fs` says that the form has them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json

from studium.kit.base.problems import FieldError, InvalidInput
from studium.models import QuestionType
from studium.modules.quizzes.attempts.schemas import AnswerIn, AnswersIn
from studium.modules.quizzes.errors import InvalidAnswers
from studium.web.forms import Form

FORM_MAX = 1_048_576
FIELDS_MAX = 12_000
"""All options of the largest quiz, and a version for each question."""

_DIGITS = 9
Question = Mapping[str, Any]


def questions_of(paper: str) -> Sequence[Question]:
    """The questions of a stored paper, in the order of the attempt."""
    found: Sequence[Question] = from_json(paper)["questions"]
    return found


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer of the form to a question, as it was typed."""

    question: Question
    values: Sequence[str]
    version: str

    @property
    def question_id(self) -> str:
        """The question's id as JSON has it."""
        return str(self.question["id"])

    @property
    def text(self) -> str:
        """What was typed, where the question has no options."""
        return self.values[-1] if self.values and not self.question["options"] else ""

    @property
    def chosen(self) -> list[str]:
        """The options that were chosen."""
        return list(self.values) if self.question["options"] else []

    @property
    def is_truth(self) -> bool:
        """Whether the question asks whether something is true."""
        return bool(self.question["question_type"] == QuestionType.TRUE_FALSE.value)

    @property
    def words(self) -> str:
        """What a person reads of it."""
        texts = [option["text"] for option in self.question["options"] or () if option["id"] in self.chosen]
        return " · ".join(texts) or self.text

    @property
    def replaces(self) -> int | None:
        """The version of the saved answer that this one replaces; None where the form did not say a number."""
        is_number = self.version.isdecimal() and len(self.version) <= _DIGITS
        return int(self.version) if is_number else None

    def is_same(self, saved: Mapping[str, Any] | None) -> bool:
        """Whether this is what is saved; nothing, and a text of spaces alone, are the same as no answer."""
        text, chosen = ("", ()) if saved is None else (saved["answer_text"], saved["selected_option_ids"])
        is_text = self.text == text or not (self.text.strip() or text.strip())
        return is_text and sorted(self.chosen) == sorted(chosen)

    def shown(self) -> dict[str, Any]:
        """This instead of what is saved, for a page that is shown again.

        It keeps the version that it replaces: the next save must not take a newer answer for one that was seen.
        """
        return {"selected_option_ids": self.chosen, "answer_text": self.text, "version": self.replaces or 0}

    def as_json(self) -> dict[str, Any]:
        """This as the API takes it; a version that is no number is left for the schema to refuse."""
        version = self.version if self.replaces is None else self.replaces
        given = {"selected_option_ids": self.chosen} if self.question["options"] else {"answer_text": self.text}
        return {"question_id": self.question_id, "if_version": version, **given}


def typed_answers(form: Form, questions: Sequence[Question]) -> list[Sent]:
    """The answers of a form as they are, which names the questions that it holds by their versions.

    A choice that nothing is selected of sends its version alone: then its answer is empty.
    """
    places = [(question, question["order_index"]) for question in questions]
    return [
        Sent(question, form.lists.get(f"a-{place}", []), form[f"v-{place}"])
        for question, place in places
        if f"v-{place}" in form.typed
    ]


def checked_answers(form: Form, sent: Sequence[Sent]) -> list[AnswerIn]:
    """The same as the API takes them; raise InvalidInput, whose pointers name the questions as the page does: `q3`."""
    try:
        return form.read(AnswersIn, answers=[one.as_json() for one in sent]).answers
    except InvalidInput as refused:
        raise InvalidInput([_named(error, sent) for error in refused.errors]) from None


def flagged_questions(form: Form, questions: Sequence[Question]) -> list[str] | None:
    """The questions that the form marks to be looked at again; None where it says nothing of that."""
    marked = set(form.lists.get("f", ()))
    return [one["id"] for one in questions if str(one["order_index"]) in marked] if "fs" in form.typed else None


def faults_of(refused: InvalidAnswers, sent: Sequence[Sent]) -> list[FieldError]:
    """The questions of the page whose answers do not fit."""
    wrong = set(refused.members["question_ids"])  # type: ignore[call-overload]  # a list of texts.
    places = [one.question["order_index"] for one in sent if one.question_id in wrong]
    return [FieldError("form", f"/q{place}", "invalid_answer", refused.detail) for place in places]


def _named(error: FieldError, sent: Sequence[Sent]) -> FieldError:
    """An error of the list of answers as one of a question."""
    _, _, *parts = error.pointer.split("/")
    if not parts:
        return error
    number = sent[int(parts[0])].question["order_index"]
    return replace(error, pointer="/".join(["", f"q{number}", *parts[1:]]))
