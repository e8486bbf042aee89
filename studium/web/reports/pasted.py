"""Why pasted text is no question."""

from studium.web.reports.marks import _

SENTENCES = frozenset(
    {
        _("The question is missing above its answers."),
        _("No answer is marked as right: put * before it, or a line such as ANSWER: B below the answers."),
        _("The line of the right answer names none of the answers above it."),
        _("The star and the line of the right answer mark different answers."),
        _("Below the answers only answers and explanations may stand; an empty line ends a question."),
        _("A question has either answers to choose from or right texts, not both."),
        _("There is no question in it."),
        _("A picture that is written into the text cannot be pasted; upload it as a file first."),
        _("A quiz holds at most %(count)s questions."),
    }
)
