"""Multiple choice: 2 to 20 options, of which one (single choice) or several are correct."""

from decimal import ROUND_HALF_UP, Decimal

from studium.modules.quizzes.question_types.base import ZERO, Answer, Keyed, KeyQuestion, QuestionKind, Selection

MIN_OPTIONS = 2
MAX_OPTIONS = 20
SCORINGS = ("all_or_nothing", "partial")
_PLACES = Decimal("0.01")


class MultipleChoice(QuestionKind):
    """The key is in the options; marked all or nothing, or with `metadata.scoring: partial` by right minus wrong."""

    def key_errors(self, question: Keyed) -> list[str]:
        """Options that differ, at least one of them correct."""
        options = question.options or []
        found = []
        if not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
            found.append(f"A multiple-choice question has {MIN_OPTIONS} to {MAX_OPTIONS} options.")
        if not any(option["is_correct"] for option in options):
            found.append("At least one option must be correct.")
        texts = [str(option["text"]).strip() for option in options]
        if len(set(texts)) != len(texts) or "" in texts:
            found.append("Options must have texts that differ.")
        if question.correct_answer is not None:
            found.append("The key of a multiple-choice question is in its options.")
        if (question.question_metadata or {}).get("scoring", SCORINGS[0]) not in SCORINGS:
            found.append(f"metadata.scoring must be one of {', '.join(SCORINGS)}.")
        return found

    def answer_error(self, question: KeyQuestion, answer: Answer) -> str | None:
        """Options of the question, each once, and one only of a single choice."""
        chosen = answer.selected_option_ids
        if answer.answer_text:
            return "gives a text, but the question takes options"
        if len(set(chosen)) != len(chosen):
            return "selects an option twice"
        if not set(question.option_ids).issuperset(chosen):
            return "selects an option that the question does not have"
        if len(question.correct_ids) == 1 and len(chosen) > 1:
            return "selects several options of a single choice"
        return None

    def points(self, question: KeyQuestion, answer: Answer) -> Decimal:
        """All or nothing; `partial` gives max(0, (right - wrong) / correct) of the points, half up to two places."""
        chosen, correct = frozenset(answer.selected_option_ids), question.correct_ids
        if question.metadata.get("scoring") != "partial":
            return question.points if chosen == correct else ZERO
        net = len(chosen & correct) - len(chosen - correct)
        share = question.points * max(0, net) / len(correct)
        return share.quantize(_PLACES, ROUND_HALF_UP)

    def selection(self, question: KeyQuestion) -> Selection:
        """Single where exactly one option is correct."""
        return Selection.SINGLE if len(question.correct_ids) == 1 else Selection.MULTIPLE

    def accepts_key(self, correct_ids: frozenset[str]) -> bool:
        """One of the options that were offered must be correct now."""
        return bool(correct_ids)
