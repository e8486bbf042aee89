"""Whether answers fit an attempt: pure checks, and the merge of what is sent over what was saved."""

from collections import Counter
from collections.abc import Iterable

from studium.models import QuestionType, QuizAttempt
from studium.modules.quizzes.comparing import normalized
from studium.modules.quizzes.grading import Answer
from studium.modules.quizzes.questions import TRUTHS
from studium.modules.quizzes.snapshot import SnapQuestion, Snapshot

SHORT_MAX = 500
ESSAY_MAX = 20_000


def answer_faults(snapshot: Snapshot, answers: Iterable[Answer]) -> list[str]:
    """Why answers do not fit; they are named by their place in the request, never by their content."""
    answers = list(answers)
    questions = snapshot.by_id()
    times = Counter(answer.question_id for answer in answers)
    found = []
    for place, answer in enumerate(answers):
        question = questions.get(answer.question_id)
        if question is None:
            fault: str | None = "names a question that is not part of this attempt"
        elif times[answer.question_id] > 1:
            fault = "names a question that is there more than once"
        else:
            fault = _misfit(question, answer)
        if fault is not None:
            found.append(f"answers/{place} {fault}.")
    return found


def _misfit(question: SnapQuestion, answer: Answer) -> str | None:
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        return _choice_misfit(question, answer)
    if answer.selected_option_ids:
        return "selects options, but the question takes a text"
    if question.question_type is QuestionType.TRUE_FALSE:
        known = not answer.answer_text.strip() or normalized(answer.answer_text) in TRUTHS
        return None if known else "must be true or false"
    longest = ESSAY_MAX if question.question_type is QuestionType.ESSAY else SHORT_MAX
    return f"is longer than {longest} characters" if len(answer.answer_text) > longest else None


def _choice_misfit(question: SnapQuestion, answer: Answer) -> str | None:
    chosen = answer.selected_option_ids
    if answer.answer_text:
        return "gives a text, but the question takes options"
    if len(set(chosen)) != len(chosen):
        return "selects an option twice"
    if not {option.id for option in question.options}.issuperset(chosen):
        return "selects an option that the question does not have"
    if len(question.correct_ids) == 1 and len(chosen) > 1:
        return "selects several options of a single choice"
    return None


def saved_answers(attempt: QuizAttempt) -> list[Answer]:
    """What the attempt holds."""
    return [Answer.model_validate(answer) for answer in attempt.answers or []]


def merged(saved: Iterable[Answer], sent: Iterable[Answer]) -> list[Answer]:
    """The saved answers with those sent in their place."""
    return list({answer.question_id: answer for answer in (*saved, *sent)}.values())
