"""What can go wrong with pasted questions."""

from studium.kit.base.problems import Problem


class UnreadableQuestions(Problem):
    """Some of the text is no question that a quiz can hold; `reasons` says where and why. Nothing was added."""

    status = 422
    title = "Questions that cannot be read"
