"""What can go wrong with invitations and join codes."""

from typing import ClassVar

from studium.kit.base.problems import NotFound, Problem


class InvalidJoinCode(NotFound):
    """There is no such code, or it was revoked or has expired. Misses are counted as failed log-ins are."""

    title = "Invalid join code"
    commits_on_error: ClassVar[bool] = True


class JoinCodeUsedUp(Problem):
    """As many students have joined by this code as may."""

    status = 409
    title = "The join code is used up"


class ExpiryInThePast(Problem):
    """`expires_at` is over already."""

    status = 422
    title = "Already expired"
