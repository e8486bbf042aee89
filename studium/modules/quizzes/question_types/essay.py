"""Essay: a long text that a person marks."""

from studium.modules.quizzes.question_types.base import (
    Answer,
    Keyed,
    KeyQuestion,
    TextKind,
    length_error,
    without_options,
)

ESSAY_MAX = 20_000


class Essay(TextKind):
    """There is no key; an answer waits for a grader."""

    is_graded_by_hand = True

    def key_errors(self, question: Keyed) -> list[str]:
        """Neither options nor a key."""
        found = without_options(question)
        if question.correct_answer is not None:
            found.append("An essay has no key; put guidance for graders into the explanation.")
        return found

    def text_error(self, text: str) -> str | None:
        """At most `ESSAY_MAX` characters."""
        return length_error(text, ESSAY_MAX)

    def points(self, question: KeyQuestion, answer: Answer) -> None:
        """A person awards them."""
        del question, answer
