"""What a learner of the demo school answers: one function for each question type."""

from collections.abc import Callable
from random import Random

from studium.models import QuestionType
from studium.modules.quizzes.question_types.base import Answer, KeyQuestion


def answer_of(question: KeyQuestion, *, knows: bool, chance: Random) -> Answer:
    """A right answer of a learner who knows it, else a wrong one."""
    return ANSWERS[question.question_type](question, knows, chance)


def _multiple_choice(question: KeyQuestion, knows: bool, chance: Random) -> Answer:  # noqa: FBT001 -- one signature.
    correct = question.correct_in_order()
    wrong = [option_id for option_id in question.option_ids if option_id not in question.correct_ids]
    chosen = correct if knows or not wrong else [chance.choice(wrong)]
    return Answer(question_id=question.question_id, selected_option_ids=tuple(chosen))


def _true_false(question: KeyQuestion, knows: bool, chance: Random) -> Answer:  # noqa: FBT001 -- one signature.
    del chance
    key = question.correct_answer or ""
    return _text(question, key if knows else {"true": "false"}.get(key, "true"))


def _short_answer(question: KeyQuestion, knows: bool, chance: Random) -> Answer:  # noqa: FBT001 -- one signature.
    del chance
    return _text(question, (question.correct_answer or "").partition("|")[0] if knows else "I do not know")


def _essay(question: KeyQuestion, knows: bool, chance: Random) -> Answer:  # noqa: FBT001 -- one signature.
    del knows, chance
    return _text(question, "In my own words: it depends on the question.")


def _text(question: KeyQuestion, text: str) -> Answer:
    return Answer(question_id=question.question_id, answer_text=text.strip())


ANSWERS: dict[QuestionType, Callable[[KeyQuestion, bool, Random], Answer]] = {
    QuestionType.MULTIPLE_CHOICE: _multiple_choice,
    QuestionType.TRUE_FALSE: _true_false,
    QuestionType.SHORT_ANSWER: _short_answer,
    QuestionType.ESSAY: _essay,
}
