"""What can go wrong with the trash."""

from studium.kit.base.problems import Problem


class HomeIsGone(Problem):
    """The quiz of a question, or the lesson of a quiz, is not there now: bring that back first."""

    status = 409
    title = "What it belonged to is not there"
