"""The quizzes of the benchmark: their questions, and answers to them, the same in every run."""

from dataclasses import dataclass
from uuid import UUID, uuid5

_SPACE = UUID("6f1cf5a0-54ac-4b1b-9a8e-000000000001")
_OPTIONS = ("a", "b", "c", "d")
_ESSAY = "What I think about this, in some sentences that take their time. " * 16


def id_of(kind: str, number: int) -> UUID:
    """The id of a row: the same in every run."""
    return uuid5(_SPACE, f"{kind}/{number}")


def question_id(quiz: UUID, place: int) -> UUID:
    """The id of a quiz's question at a place from 0."""
    return uuid5(quiz, f"question/{place}")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of one point, and a right answer to it (of an essay, some answer)."""

    kind: str
    text: str
    options: list[dict[str, object]] | None = None
    key: str | None = None

    def answer(self, question: UUID, number: int = 0) -> dict[str, object]:
        """What a learner sends; `number` tells one essay from another."""
        if self.options:
            right = [str(option["id"]) for option in self.options if option["is_correct"]]
            return {"question_id": str(question), "selected_option_ids": right}
        return {"question_id": str(question), "answer_text": (self.key or f"{number}. {_ESSAY}").split("|")[0]}


def _question(kind: str, number: int) -> Question:
    text = f"Question {number}: what is true of the things that this course is about, and why is it so?"
    if kind == "multiple_choice":
        right = _OPTIONS[number % len(_OPTIONS)]
        options = [
            {"id": name, "text": f"What {name} says of question {number}", "is_correct": name == right}
            for name in _OPTIONS
        ]
        return Question(kind, text, options=list(options))
    keys = {"true_false": "true", "short_answer": "photosynthesis|assimilation", "essay": None}
    return Question(kind, text, key=keys[kind])


def _paper(**kinds: int) -> list[Question]:
    wanted = [kind for kind, many in kinds.items() for _ in range(many)]
    return [_question(kind, number) for number, kind in enumerate(wanted)]


QUIZ = _paper(multiple_choice=8, true_false=2)
EXAM = _paper(multiple_choice=12, true_false=3, short_answer=2, essay=3)
"""What 500 learners sit at once."""
