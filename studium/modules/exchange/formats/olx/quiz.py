"""Makes the quiz of a lesson from the problems of a unit: what it counts, how often it is tried, who sees the key."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from studium.models import QuizType
from studium.modules.exchange.formats.olx.problem_settings import hides_key
from studium.modules.exchange.formats.olx.tree import Node
from studium.modules.exchange.model.texts import LessonText, QuestionText, QuizText

UNLIMITED = 100
"""Attempts at a graded quiz whose problems may be tried for ever."""
_LONGEST = 1_440
_HIDING = {
    "never": "never",
    "past_due": "only after a due date",
    "closed": "only when no attempt is left or the due date is over",
    "after_all_attempts": "only when no attempt is left",
}


@dataclass(frozen=True)
class Asked:
    """What the settings of one problem say of the quiz that it becomes part of."""

    is_graded: bool
    attempts: int | None
    hiding: str
    """When the key is shown, in words, where that is later than here; "" where it is not."""
    shuffled: tuple[bool, ...]


def asked(node: Node, shuffled: Iterable[bool]) -> Asked:
    """Read the settings of a problem; they may stand in anything above it, or in its fields."""
    attempts = node.get("max_attempts")
    count = int(attempts) if attempts.isdecimal() and len(attempts) < 10 else 0  # noqa: PLR2004 -- no sane number is longer.
    return Asked(
        node.get("graded").lower() == "true",
        min(count, UNLIMITED) or None,
        "never" if hides_key(node.element) else _hiding(node),
        tuple(shuffled),
    )


def _hiding(node: Node) -> str:
    when = node.get("showanswer").lower()
    correctness = node.get("show_correctness").lower()
    tries = node.get("attempts_before_showanswer_button")
    if when in _HIDING:
        return _HIDING[when]
    if when == "after_attempts" and tries not in {"", "0", "1"}:
        return f"only after {tries[:10]} attempts"
    return {"never": "never", "past_due": _HIDING["past_due"]}.get(correctness, "")


def quiz_of(
    title: str, questions: Iterable[QuestionText], problems: list[Asked], passing: Decimal
) -> tuple[QuizText, list[str]]:
    """The quiz, and what is to be said of it."""
    is_graded = any(each.is_graded for each in problems)
    attempts = [each.attempts for each in problems if each.attempts is not None]
    hiding = list(dict.fromkeys(each.hiding for each in problems if each.hiding))
    mixed = [each for problem in problems for each in problem.shuffled]
    quiz = QuizText(
        title=title,
        quiz_type=QuizType.GRADED if is_graded else QuizType.PRACTICE,
        passing_score=passing,
        max_attempts=min(attempts, default=UNLIMITED) if is_graded else None,
        shuffle_questions=False,
        shuffle_options=bool(mixed) and all(mixed),
        show_correct_answers=not hiding,
        questions=tuple(questions),
    )
    return quiz, list(_changes(quiz, attempts, hiding, mixed, problems))


def _changes(
    quiz: QuizText, attempts: list[int], hiding: list[str], mixed: list[bool], problems: list[Asked]
) -> Iterable[str]:
    if quiz.quiz_type is QuizType.GRADED:
        rules = f"{quiz.max_attempts} attempts, passed with {quiz.passing_score:f} per cent"
        yield f"its problems are one graded quiz: {rules}"
        if len({each.attempts for each in problems}) > 1:
            yield "its problems may be tried differently often, so the least counts for all"
        if not all(each.is_graded for each in problems):
            yield "problems that do not count are part of it"
    else:
        yield "its problems do not count, so they are a practice quiz"
        if attempts:
            yield f"at most {min(attempts)} attempts were left out: a practice quiz has no limit"
    if hiding:
        yield f"the key is hidden, because its problems show it {' or '.join(hiding)}"
    if quiz.shuffle_options:
        yield "options come in an order of chance"
    elif any(mixed):
        yield "options are not shuffled, because some of its questions keep theirs in order"


def timed(lessons: list[LessonText], start: int, minutes: str) -> str:
    """Give the only quiz since `start` its time limit; return what became of the limit, in words."""
    number = int(minutes) if minutes.isdecimal() and len(minutes) < 10 else 0  # noqa: PLR2004 -- see above.
    quizzes = [at for at in range(start, len(lessons)) if lessons[at].quiz is not None]
    if not 1 <= number <= _LONGEST:
        return f"a time limit of {minutes[:20]} minutes was left out: 1 to {_LONGEST:,} are possible"
    if len(quizzes) != 1:
        return f"a time limit of {number} minutes was left out: it is for all {len(quizzes)} quizzes in it together"
    lesson = lessons[quizzes[0]]
    if lesson.quiz is not None:
        lessons[quizzes[0]] = replace(lesson, quiz=replace(lesson.quiz, time_limit_minutes=number))
    return f"a time limit of {number} minutes is that of its quiz"
