"""Whether answers fit an attempt, and which of them are saved: pure checks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from studium.modules.quizzes.question_types import kind_of
from studium.modules.quizzes.question_types.base import Answer
from studium.modules.quizzes.snapshot import AnswerKey


class GivenAnswer(NamedTuple):
    """An answer as it is sent. With `if_version` it is for a saved answer of this version alone, 0 for none."""

    answer: Answer
    if_version: int | None = None


class SavedAnswers(NamedTuple):
    """What an attempt stores of the answers, and by question the version at which each was saved."""

    answers: list[dict[str, Any]]
    versions: dict[str, int]

    @classmethod
    def of(cls, attempt: Mapping[str, Any]) -> "SavedAnswers":
        """Those of an attempt's row."""
        return cls(list(attempt["answers"] or ()), dict(attempt["answer_versions"] or {}))

    def replaced(self, given: Iterable[GivenAnswer], version: int) -> "SavedAnswers":
        """These with the given ones in their place, saved at `version`; those that are newer here stay."""
        saved = {answer["question_id"]: answer for answer in self.answers}
        versions = dict(self.versions)
        for answer, if_version in given:
            before = saved.get(answer.question_id)
            present = 0 if before is None else versions.get(answer.question_id, 1)
            stored = answer._asdict()
            is_nothing = before is None and answer.is_empty and if_version is not None
            if is_nothing or before == stored or if_version not in (None, present):
                continue
            saved[answer.question_id], versions[answer.question_id] = stored, version
        return SavedAnswers(list(saved.values()), versions)


class AnswerFault(NamedTuple):
    """Why an answer does not fit: its question, and a sentence that names its place in the request, not its content."""

    question_id: str
    reason: str


def answer_faults(key: AnswerKey, answers: Sequence[Answer]) -> list[AnswerFault]:
    """Why answers do not fit, in their order."""
    questions = {question.question_id: question for question in key.questions}
    times = Counter(answer.question_id for answer in answers)
    found = []
    for place, answer in enumerate(answers):
        question = questions.get(answer.question_id)
        if question is None:
            fault: str | None = "names a question that is not part of this attempt"
        elif times[answer.question_id] > 1:
            fault = "names a question that is there more than once"
        else:
            fault = kind_of(question.question_type).answer_error(question, answer)
        if fault is not None:
            found.append(AnswerFault(answer.question_id, f"answers/{place} {fault}."))
    return found
