"""Marking: pure functions from a question, its key and an answer to points. All figures are Decimal."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from studium.kit.search import UNSPACED
from studium.models import QuestionType
from studium.modules.quizzes.comparing import normalized, number_of, words_of
from studium.modules.quizzes.questions import alternatives_of
from studium.modules.quizzes.snapshot import SnapQuestion, Snapshot

KEYWORD_ANSWER_MAX = 200
ZERO = Decimal(0)
_PLACES = Decimal("0.01")


class Answer(BaseModel):
    """What a learner gave to one question."""

    model_config = ConfigDict(frozen=True)

    question_id: UUID
    selected_option_ids: tuple[str, ...] = ()
    answer_text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not self.selected_option_ids and not self.answer_text.strip()


class Result(BaseModel):
    """The marks of one question; `points_awarded` is None until an essay is graded. No regrade goes over a hand's."""

    model_config = ConfigDict(frozen=True)

    question_id: UUID
    points: Decimal
    points_awarded: Decimal | None
    feedback: str | None = None
    by_hand: bool = False

    @property
    def is_correct(self) -> bool:
        """Whether the answer earned every point."""
        return self.points_awarded == self.points


class Grade(BaseModel):
    """The outcome of an attempt; `score`, `percentage` and `is_passed` are None while essays wait."""

    model_config = ConfigDict(frozen=True)

    results: tuple[Result, ...]
    max_score: Decimal
    score: Decimal | None
    percentage: Decimal | None
    is_passed: bool | None


def mark(snapshot: Snapshot, answers: Iterable[Answer]) -> tuple[Result, ...]:
    """Mark every question of the attempt; what was not answered is 0, an essay with a text waits for a grader."""
    given = {answer.question_id: answer for answer in answers}
    return tuple(mark_one(question, given.get(question.question_id)) for question in snapshot.questions)


def mark_one(question: SnapQuestion, answer: Answer | None) -> Result:
    """Mark one question."""
    points: Decimal | None = ZERO
    if answer is not None and not answer.is_empty:
        points = None if question.question_type is QuestionType.ESSAY else points_for(question, answer)
    return Result(question_id=question.question_id, points=question.points, points_awarded=points)


def points_for(question: SnapQuestion, answer: Answer) -> Decimal:
    """The points of an answer that is not empty, for every type that is marked by machine."""
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        return _choice_points(question, frozenset(answer.selected_option_ids))
    if question.question_type is QuestionType.TRUE_FALSE:
        is_right = normalized(answer.answer_text) == question.correct_answer
    else:
        is_right = _matches(question, answer.answer_text)
    return question.points if is_right else ZERO


def _choice_points(question: SnapQuestion, chosen: frozenset[str]) -> Decimal:
    """All or nothing; `partial` gives max(0, (right - wrong) / correct) of the points, half up to two places."""
    correct = question.correct_ids
    if question.metadata.get("scoring") != "partial":
        return question.points if chosen == correct else ZERO
    net = len(chosen & correct) - len(chosen - correct)
    share = question.points * max(0, net) / len(correct)
    return share.quantize(_PLACES, ROUND_HALF_UP)


def _matches(question: SnapQuestion, text: str) -> bool:
    alternatives = alternatives_of(question.correct_answer)
    match question.metadata.get("match", "keywords"):
        case "exact":
            return any(normalized(text) == normalized(key) for key in alternatives)
        case "numeric":
            return _is_near(text, alternatives, question.metadata.get("tolerance", 0))
        case _:
            return len(text) <= KEYWORD_ANSWER_MAX and any(_has_words(text, key) for key in alternatives)


def _is_near(text: str, alternatives: Iterable[str], tolerance: object) -> bool:
    given, allowed = number_of(text), number_of(str(tolerance)) or ZERO
    keys = (number_of(key) for key in alternatives)
    return given is not None and any(key is not None and abs(given - key) <= allowed for key in keys)


def _has_words(text: str, key: str) -> bool:
    """Whether every word of the key is a whole word of the text; without spaces in the script it may stand anywhere."""
    wanted, words, whole = words_of(key), set(words_of(text)), normalized(text)
    return bool(wanted) and all(word in words or (UNSPACED.match(word) and word in whole) for word in wanted)


def total(snapshot: Snapshot, results: tuple[Result, ...]) -> Grade:
    """Add up. Percent is half up to two places; passed when the exact ratio reaches the passing score."""
    maximum = snapshot.max_score
    awarded = [result.points_awarded for result in results if result.points_awarded is not None]
    if len(awarded) < len(results):
        return Grade(results=results, max_score=maximum, score=None, percentage=None, is_passed=None)
    score = sum(awarded, ZERO)
    return Grade(
        results=results,
        max_score=maximum,
        score=score,
        percentage=(score * 100 / maximum).quantize(_PLACES, ROUND_HALF_UP),
        is_passed=score * 100 >= snapshot.passing_score * maximum,
    )


def regraded(
    results: Iterable[Result], points: Mapping[UUID, Decimal], feedback: Mapping[UUID, str | None]
) -> tuple[Result, ...]:
    """The results with a grader's points and words in place of those before."""
    return tuple(
        result.model_copy(
            update={
                "points_awarded": points[result.question_id],
                "feedback": feedback.get(result.question_id, result.feedback),
                "by_hand": True,
            }
        )
        if result.question_id in points
        else result
        for result in results
    )
