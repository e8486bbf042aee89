"""What can go wrong on the way in. Refusals that count or revoke something keep their writes."""

from typing import ClassVar

from studium.kit.problems import Forbidden, Problem, Unauthorized


class InvalidCredentials(Unauthorized):
    """Unknown address, wrong password or deactivated: one and the same answer."""

    title = "Invalid credentials"
    keeps_writes: ClassVar[bool] = True


class EmailNotVerified(Forbidden):
    """This school lets people in only after they have confirmed their address."""

    title = "Confirm your e-mail address first"
    keeps_writes: ClassVar[bool] = True


class InvalidRefreshToken(Unauthorized):
    """The refresh token is bad or expired, or its session has ended."""

    title = "Invalid refresh token"


class RefreshTokenReused(Unauthorized):
    """The refresh token was used before, so somebody has a copy: its whole session is revoked."""

    title = "Refresh token used twice"
    keeps_writes: ClassVar[bool] = True


class InvalidToken(Problem):
    """The token of the link is bad, used, or expired."""

    status = 400
    title = "Invalid token"


class InvalidChallenge(Unauthorized):
    """The challenge is bad, used, expired, or has had its tries; log in again."""

    title = "Invalid challenge"


class WrongSecondFactor(Unauthorized):
    """The code does not pass this challenge."""

    title = "Wrong code"
    keeps_writes: ClassVar[bool] = True


class InvalidMfaCode(Problem):
    """The code is wrong, used or too old, or nothing waits for one."""

    status = 400
    title = "Invalid code"
    keeps_writes: ClassVar[bool] = True


class MfaCodeSent(Problem):
    """A code is needed and was mailed just now; send the same request again with it."""

    status = 400
    title = "A code is on its way"
    keeps_writes: ClassVar[bool] = True


class MfaAlreadyEnabled(Problem):
    """The second factor is on; turn it off first."""

    status = 409
    title = "The second factor is on"


class MfaNotEnabled(Problem):
    """There is no second factor to turn off."""

    status = 409
    title = "The second factor is off"
