"""What the pages of a quiz show: its rules, an attempt to answer, its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from studium.access.rules import LEARNING
from studium.kit.db.prepared import Record
from studium.models import EnrollmentStatus, MarksRelease, QuestionType, QuizType
from studium.modules.enrollments.schemas import EnrollmentOut
from studium.modules.quizzes.attempts.schemas import AttemptBrief, AttemptPage
from studium.modules.quizzes.question_types.essay import ESSAY_MAX
from studium.modules.quizzes.question_types.short_answer import SHORT_MAX
from studium.modules.quizzes.schemas import QuizOut

_LONGEST = {QuestionType.ESSAY.value: ESSAY_MAX, QuestionType.SHORT_ANSWER.value: SHORT_MAX}
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quiz stands: its course and its lesson, which has no address once it is archived.

    Of an attempt it says whether its learner has completed the course, and names the certificate once that is issued.
    """

    quiz_id: UUID
    quiz: str
    course: str
    course_slug: str
    lesson: str
    lesson_slug: str | None
    is_completed: bool = False
    certificate: UUID | None = None

    @classmethod
    def of(cls, row: Record) -> Self:
        """The place in the row of an attempt."""
        slug = row["lesson_slug"] if row["lesson_is_live"] else None
        names = row["quiz_title"], row["course_title"], row["course_slug"], row["lesson_title"]
        is_completed = row["enrollment_status"] is EnrollmentStatus.COMPLETED
        return cls(row["quiz_id"], *names, slug, is_completed, row["certificate_id"])


@dataclass(frozen=True, slots=True)
class QuizRules:
    """A quiz before it is taken, and what the learner has done of it."""

    quiz: QuizOut
    place: Place
    enrollment: EnrollmentOut | None
    attempts: AttemptPage | None
    has_essays: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the results of all are released together; practice shows them at once."""
        return self.quiz.release is MarksRelease.TOGETHER and self.quiz.quiz_type is QuizType.GRADED

    @property
    def minutes(self) -> int | None:
        """The time that the next attempt has, extra time included."""
        limit = self.quiz.time_limit_minutes
        extra = 0 if self.attempts is None else self.attempts.summary.extra_time_percent
        return None if limit is None else limit * (_WHOLE + extra) // _WHOLE

    @property
    def extra_minutes(self) -> int:
        """How many of these minutes the learner is allowed beyond the others."""
        return 0 if self.minutes is None else self.minutes - (self.quiz.time_limit_minutes or 0)

    @property
    def open(self) -> AttemptBrief | None:
        """The attempt to go on with."""
        found = [] if self.attempts is None else self.attempts.items
        return next((one for one in found if one.submitted_at is None), None)

    @property
    def is_learning(self) -> bool:
        """Whether attempts may be made."""
        return self.enrollment is not None and self.enrollment.status in LEARNING

    @property
    def may_start(self) -> bool:
        """Whether another attempt may begin."""
        left = None if self.attempts is None else self.attempts.summary.attempts_left
        return self.is_learning and self.open is None and left != 0


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a question, as it was answered; `is_right` is known where the key is shown."""

    id: str
    text: str
    is_chosen: bool
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of an attempt with the learner's answer, and what became of it where that is shown.

    `other` is an answer of this page that was not saved, because another device has saved a newer one.
    """

    number: int
    id: str
    html: str
    kind: str
    points: float
    choices: Sequence[Choice]
    text: str
    version: int
    is_multiple: bool = False
    other: str | None = None
    result: Mapping[str, Any] | None = None
    explanation: str | None = None
    is_flagged: bool = False

    @property
    def longest(self) -> int:
        """How many characters a text may have."""
        return _LONGEST.get(self.kind, SHORT_MAX)

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to mark."""
        return bool(self.text.strip()) or any(choice.is_chosen for choice in self.choices)

    @property
    def is_right(self) -> bool:
        """Whether all points were awarded."""
        return self.result is not None and self.result["points_awarded"] == self.result["points"]

    @classmethod
    def of(
        cls,
        question: Mapping[str, Any],
        answer: Mapping[str, Any],
        html: str,
        *,
        other: str | None = None,
        result: Mapping[str, Any] | None = None,
        explanation: str | None = None,
        is_flagged: bool = False,
    ) -> Self:
        """A question of the API's answer; true and false are options like others."""
        chosen, right = set(answer.get("selected_option_ids", ())), set()
        text = answer.get("answer_text", "")
        options = question["options"] or ()
        if result is not None:
            right = set(result["correct_option_ids"])
        if question["question_type"] == QuestionType.TRUE_FALSE.value:
            options = [{"id": truth, "text": truth} for truth in ("true", "false")]
            chosen = {text.strip().lower()}
            right = set() if result is None else {result["correct_answer"]}
        choices = [Choice(one["id"], one["text"], one["id"] in chosen, one["id"] in right) for one in options]
        return cls(
            number=question["order_index"],
            id=question["id"],
            html=html,
            kind=question["question_type"],
            points=question["points"],
            choices=choices,
            text="" if question["question_type"] == QuestionType.TRUE_FALSE.value else text,
            version=answer.get("version", 0),
            is_multiple=question["selection"] == "multiple",
            other=other,
            result=result,
            explanation=explanation,
            is_flagged=is_flagged,
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """An attempt as a page shows it; `attempt` is the API's answer without its questions."""

    place: Place
    attempt: Mapping[str, Any]
    asks: Sequence[Ask]
    is_own: bool

    @property
    def most(self) -> int | None:
        """How many attempts the learner has in all."""
        rules = self.attempt["rules"]
        return None if rules["max_attempts"] is None else rules["max_attempts"] + rules["extra_attempts"]

    @property
    def minutes(self) -> int | None:
        """The time of this attempt, extra time included."""
        rules = self.attempt["rules"]
        limit = rules["time_limit_minutes"]
        return None if limit is None else limit * (_WHOLE + rules["extra_time_percent"]) // _WHOLE

    @property
    def extra_minutes(self) -> int:
        """How many of them the learner is allowed beyond the others."""
        return 0 if self.minutes is None else self.minutes - self.attempt["rules"]["time_limit_minutes"]

    @property
    def clock(self) -> str:
        """The time that is left, as `18:42`."""
        minutes, seconds = divmod(self.attempt["seconds_left"] or 0, 60)
        return f"{minutes}:{seconds:02d}"

    @property
    def ends(self) -> datetime | None:
        """When the time of this attempt is up."""
        ends = self.attempt["deadline_at"]
        return None if ends is None else datetime.fromisoformat(ends)

    @property
    def unanswered(self) -> int:
        """How many questions have no answer."""
        return sum(not ask.is_answered for ask in self.asks)

    @property
    def flagged(self) -> list[int]:
        """The numbers of the questions to look at again."""
        return [ask.number for ask in self.asks if ask.is_flagged]

    @property
    def waiting(self) -> int:
        """How many answers a person has yet to grade."""
        return sum(ask.kind == QuestionType.ESSAY.value and ask.is_answered for ask in self.asks)

    @property
    def was_late(self) -> bool:
        """Whether it was submitted by the clock."""
        return self.attempt["deadline_at"] is not None and self.attempt["submitted_at"] == self.attempt["deadline_at"]


@dataclass(frozen=True, slots=True)
class Late:
    """Answers that came after the end of their attempt.

    `answers` are the numbers of the questions, what was written, and whether that is one of true and false.
    """

    attempt_id: UUID
    answers: Sequence[tuple[int, str, bool]]
