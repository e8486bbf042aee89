"""The marks of a piece of work as a form sends them: `p-3` and `f-3` are points and words for question 3.

`v` is the version of the attempt that they were given over, `c` are comments of one's own that were used, `feedback`
are words on the whole. A question that the form does not name keeps its marks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from studium.access.actor import Actor
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.versions import IfMatchHeader, etag_of
from studium.kit.db.prepared import Record
from studium.modules.quizzes.attempts.drafts import Draft
from studium.modules.quizzes.attempts.schemas import GradeIn
from studium.modules.quizzes.errors import InvalidScores
from studium.modules.quizzes.grading.actions import results_of
from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.snapshot import AnswerKey
from studium.web.forms import Form

FORM_MAX = 1_048_576
FIELDS_MAX = 1_000
_DIGITS, _LONGEST, _NO_FIELD = 9, 12, ""
_PLACE = re.compile(r"^scores/(\d+)")
Question = Mapping[str, Any]


class Standing(NamedTuple):
    """The mark of a question as graders see it now; `is_draft` where no learner does."""

    points: Decimal | None
    feedback: str
    is_draft: bool = False


def standings(attempt: Record) -> dict[str, Standing]:
    """What every question of an attempt has now."""
    shown = {one.question_id: Standing(one.points_awarded, one.feedback or "") for one in results_of(attempt)}
    drafted = Draft.of(attempt).marks
    return shown | {of: Standing(mark.points, mark.feedback or "", is_draft=True) for of, mark in drafted.items()}


class Typed(NamedTuple):
    """What was typed for one question."""

    question: Question
    points: str
    feedback: str

    @property
    def name(self) -> str:
        """The field of the points."""
        return f"p-{self.question['order_index']}"

    @property
    def question_id(self) -> str:
        """The question's id as JSON has it."""
        return str(self.question["id"])

    def number(self) -> Decimal:
        """The points, with a comma or a point, in digits of any script; raise InvalidInput for what is none."""
        text = self.points.replace("\u066b", ".").replace(",", ".")
        try:
            found = Decimal(text) if len(text) <= _LONGEST else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite():
            raise _fault(self.name, "no_number", "Write a number.")
        return found


def _fault(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput([FieldError("form", f"/{name}", code, detail)])


def typed_marks(form: Form, questions: Sequence[Question]) -> list[Typed]:
    """The marks that a form has a field for. A button of so many points counts as if they were typed."""
    return [
        Typed(one, (form[f"give-{place}"] or form[f"p-{place}"]).strip(), form[f"f-{place}"].strip())
        for one, place in ((one, one["order_index"]) for one in questions)
        if f"p-{place}" in form.typed
    ]


class Given(NamedTuple):
    """What a form changes: the API's own body, and which question each score is of."""

    payload: GradeIn
    places: list[Typed]

    def faults(self, refused: InvalidScores) -> Iterator[FieldError]:
        """Which fields do not fit."""
        for reason in refused.members["reasons"]:  # type: ignore[attr-defined]  # a list of texts.
            if found := _PLACE.match(str(reason)):
                yield FieldError("form", f"/{self.places[int(found[1])].name}", "too_many_points", refused.detail)


def given_marks(form: Form, attempt: Record, key: AnswerKey, typed: Sequence[Typed]) -> Given | None:
    """What a form changes of the marks that there are; None where that is nothing, as when it comes a second time."""
    has, by_hand = standings(attempt), _by_hand(key)
    places: list[Typed] = []
    scores: list[dict[str, Any]] = []
    back: list[str] = []
    is_changed = False
    for one in typed:
        stands = has[one.question_id]
        if not one.points:
            if stands.is_draft:
                back.append(one.question_id)
            elif stands.points is not None or one.feedback:
                raise _fault(one.name, "missing", "Give points.")
            continue
        points = one.number()
        is_same = (points, one.feedback) == (stands.points, stands.feedback)
        is_changed |= not is_same
        if not is_same or one.question_id in by_hand:
            places.append(one)
            scores.append(_score(one.question_id, points, one.feedback))
    whole = form["feedback"].strip() if "feedback" in form.typed else _said_on_the_whole(attempt)
    if not (is_changed or back or whole != _said_on_the_whole(attempt)):
        return None
    named = {one.question_id for one in typed} | {of for of, stands in has.items() if stands.is_draft}
    rest = [(of, has[of]) for of in sorted(by_hand - named)]
    scores += [_score(of, stands.points, stands.feedback) for of, stands in rest if stands.points is not None]
    values = {"scores": scores, "take_back": back, "comment_ids": list(dict.fromkeys(form.lists.get("c", ())))}
    try:
        return Given(form.read(GradeIn, _NO_FIELD, feedback=whole or None, **values), places)
    except InvalidInput as refused:
        raise InvalidInput([_named(error, places) for error in refused.errors]) from None


def _score(question_id: str, points: Decimal, feedback: str) -> dict[str, Any]:
    return {"question_id": question_id, "points": points, "feedback": feedback or None}


def _by_hand(key: AnswerKey) -> set[str]:
    return {one.question_id for one in key.questions if kind_of(one.question_type).is_graded_by_hand}


def _said_on_the_whole(attempt: Record) -> str:
    drafted = Draft.of(attempt).feedback
    return str(drafted if drafted is not None else attempt["feedback"] or "")


def _named(error: FieldError, places: Sequence[Typed]) -> FieldError:
    """An error of the list of scores as one of a field of the page."""
    _, first, *parts = error.pointer.split("/")
    if first != "scores" or not parts:
        return error
    name = places[int(parts[0])].name
    return replace(error, pointer=f"/{name.replace('p-', 'f-') if parts[-1] == 'feedback' else name}")


def settled(given: Given, attempt: Record, key: AnswerKey, actor: Actor) -> GradeIn:
    """The marks as they are sent: a draft while an essay lacks its mark, else shown when the quiz says."""
    draft = Draft.of(attempt).over(given.payload, actor.id)
    is_whole = _by_hand(key) <= draft.marks.keys()
    return given.payload if is_whole else given.payload.model_copy(update={"release": False})


def version_of(form: Form) -> IfMatchHeader:
    """The version that was seen, which alone may be changed."""
    text = form["v"]
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return IfMatchHeader(etag_of(int(text) if is_number else 0))
