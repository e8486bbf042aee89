"""What a teacher typed into a form about a question: shown again as it is, and read by the API's own schemas.

A question's form holds what every type needs, so that another type can be looked at without losing anything.
`option-1` is the text of the first option, `id-1` its id, and `right` names the options that are ticked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self

from studium.models import QuestionType
from studium.modules.quizzes.question_types.comparing import number_of
from studium.modules.quizzes.question_types.multiple_choice import MAX_OPTIONS
from studium.modules.quizzes.schemas import QuestionOut
from studium.web.forms import Form

FIELDS_MAX = 100
FORM_MAX = 400_000
"""The longest question in Arabic, of which a browser sends six bytes for a letter."""

_NEW_OPTIONS = 4
_MARKING = frozenset({"scoring", "match", "tolerance"})
TYPES = tuple(QuestionType)


def whole(text: str) -> int | str | None:
    """A whole number in digits of any script; nothing is None, and what is no number stays for the schema to refuse."""
    number = number_of(text)
    return None if not text.strip() else int(number) if number is not None and number == int(number) else text


def decimal(text: str) -> Decimal | str | None:
    """The same for a number with places."""
    number = number_of(text)
    return None if not text.strip() else text if number is None else number


def plain(number: Decimal | float | None) -> str:
    """A number as it is typed: `2`, `1.5`."""
    return "" if number is None else f"{number:f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"


@dataclass(frozen=True, slots=True)
class Line:
    """An option as it was typed; a new one has no id yet."""

    text: str = ""
    is_right: bool = False
    id: str = ""

    @property
    def is_used(self) -> bool:
        """Whether it says anything; an empty line is left out."""
        return bool(self.text.strip()) or self.is_right

    def as_json(self) -> dict[str, Any]:
        """This as the API takes it."""
        return {"text": self.text, "is_correct": self.is_right} | ({"id": self.id} if self.id else {})


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a question's form."""

    kind: QuestionType
    text: str = ""
    points: str = "1"
    explanation: str = ""
    lines: Sequence[Line] = field(default_factory=lambda: [Line()] * _NEW_OPTIONS)
    scoring: str = ""
    truth: str = ""
    key: str = ""
    match: str = ""
    tolerance: str = ""
    version: str = ""

    @classmethod
    def of_question(cls, question: QuestionOut) -> Self:
        """A question as it is."""
        marking, kind = question.metadata or {}, question.question_type
        key, is_truth = question.correct_answer or "", kind is QuestionType.TRUE_FALSE
        found = [Line(one.text, one.is_correct, one.id) for one in question.options or ()]
        return cls(
            kind=kind,
            text=question.question_text,
            points=plain(question.points),
            explanation=question.explanation or "",
            lines=found or [Line()] * _NEW_OPTIONS,
            scoring=str(marking.get("scoring", "")),
            truth=key if is_truth else "",
            key="" if is_truth else key,
            match=str(marking.get("match", "")),
            tolerance=str(marking.get("tolerance", "")),
            version=str(question.version),
        )

    @classmethod
    def of_form(cls, form: Form) -> Self:
        """A form as it was sent."""
        right = set(form.lists.get("right", ()))
        places = [n for n in range(1, MAX_OPTIONS + 2) if f"option-{n}" in form.typed]
        same = ("points", "explanation", "scoring", "truth", "match", "tolerance", "version")
        return cls(
            kind=kind_called(form["question_type"]),
            text=form["question_text"],
            key=form["correct_answer"],
            lines=[Line(form[f"option-{n}"], str(n) in right, form[f"id-{n}"]) for n in places],
            **{name: form[name] for name in same},
        )

    def pressed(self, button: str) -> Self:
        """The form after one of its buttons that only change it: `add`, `drop-2`, `type-essay`."""
        what, _, which = button.partition("-")
        if what == "type":
            return replace(self, kind=kind_called(which))
        if what == "drop":
            return replace(self, lines=[line for place, line in enumerate(self.lines, 1) if str(place) != which])
        return replace(self, lines=[*self.lines, Line()][:MAX_OPTIONS])

    def values(self, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The members of the API's schemas; `kept` is the metadata that the question has besides."""
        metadata = {name: value for name, value in (kept or {}).items() if name not in _MARKING} | self._marking()
        values: dict[str, Any] = {
            "question_type": self.kind,
            "explanation": self.explanation or None,
            "points": decimal(self.points),
            "options": None,
            "correct_answer": None,
            "metadata": metadata or None,
        }
        match self.kind:
            case QuestionType.MULTIPLE_CHOICE:
                values["options"] = [line.as_json() for line in self.lines if line.is_used]
            case QuestionType.TRUE_FALSE:
                values["correct_answer"] = self.truth or None
            case QuestionType.SHORT_ANSWER:
                values["correct_answer"] = self.key or None
        return values

    def _marking(self) -> dict[str, Any]:
        if self.kind is QuestionType.MULTIPLE_CHOICE:
            return {"scoring": self.scoring} if self.scoring else {}
        if self.kind is not QuestionType.SHORT_ANSWER or not self.match:
            return {}
        tolerance = decimal(self.tolerance) if self.match == "numeric" else None
        number = float(tolerance) if isinstance(tolerance, Decimal) else tolerance
        return {"match": self.match} | ({} if number is None else {"tolerance": number})


def kind_called(name: str) -> QuestionType:
    """The type of this name; a choice for any other."""
    return QuestionType(name) if name in TYPES else QuestionType.MULTIPLE_CHOICE


def quiz_values(form: Form) -> dict[str, Any]:
    """The settings of a quiz as the API takes them, of a form that has them all."""
    ticked = {name: name in form.typed for name in ("shuffle_questions", "shuffle_options", "show_correct_answers")}
    numbers = {name: whole(form[name]) for name in ("time_limit_minutes", "max_attempts")}
    return {
        "title": form["title"],
        "description": form["description"] or None,
        "quiz_type": form["quiz_type"],
        "passing_score": decimal(form["passing_score"]),
        "release": form["release"],
        **numbers,
        **ticked,
    }
