"""Pasted questions, as they come in and as they would be."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from studium.kit.http.schemas import STRICT_TEXT, Number, RequestModel, ResponseModel
from studium.models import QuestionType

PASTE_MAX = 100_000


class PasteFormat(StrEnum):
    """How pasted questions are written."""

    GIFT = "gift"
    PLAIN = "plain"


PasteFormatIn = Annotated[PasteFormat, Field(strict=False)]
PastedText = Annotated[str, Field(min_length=1, max_length=PASTE_MAX), STRICT_TEXT]


class PasteIn(RequestModel):
    """Questions as text, GIFT or plain; without `format` the text shows which. A dry run adds nothing.

    In the plain form an empty line ends a question. Below its text a line begins with `*` for a right answer, `-` for a
    wrong one, `=` for a text that is right (`= true` and `= false` make it a statement) or `!` for the explanation;
    without answers it is an essay. `[2]` at the end of a question are its points. Lettered answers (`a)`,
    `B.`) are plain, too: `*` before or after it marks a right one, or a line `ANSWER: B` below them does, as in Aiken's
    format.
    """

    text: PastedText
    format: PasteFormatIn | None = None
    dry_run: bool = True


class PastedOptionOut(ResponseModel):
    """An option as it would be."""

    text: str
    is_correct: bool


class PastedQuestionOut(ResponseModel):
    """A question as it would be. `notes` say what of the text is written another way, or left out."""

    line: int
    question_text: str
    question_type: QuestionType
    points: Number
    options: list[PastedOptionOut] | None
    correct_answer: str | None
    explanation: str | None
    metadata: dict[str, Any] | None
    notes: list[str]


class PasteFaultOut(ResponseModel):
    """What cannot be taken over: the line at which it begins, and why."""

    line: int
    name: str
    reason: str


class PasteOut(ResponseModel):
    """What was read of a text. `question_ids` are the questions that were added, none in a dry run."""

    dry_run: bool
    format: PasteFormat
    questions: list[PastedQuestionOut]
    faults: list[PasteFaultOut]
    question_ids: list[UUID]
