"""Why a person is not erased."""

from typing import ClassVar

from studium.kit.base.problems import Problem


class LegalHold(Problem):
    """The school must keep what it knows of this person; an admin lifts that with `legal_hold`."""

    status = 409
    title = "On legal hold"
    commits_on_error: ClassVar[bool] = True
