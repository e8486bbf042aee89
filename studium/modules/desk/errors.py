"""What can go wrong at the grading desk."""

from studium.kit.base.problems import Problem


class TooManyComments(Problem):
    """A grader keeps at most 1,000 comments; delete one first."""

    status = 409
    title = "Too many comments"
