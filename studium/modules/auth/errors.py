"""What can go wrong on the way in. Refusals that count or revoke something keep their writes."""

from typing import ClassVar

from studium.kit.base.problems import Forbidden, Problem, Unauthorized


class InvalidCredentials(Unauthorized):
    """Unknown address, wrong password or deactivated: one and the same answer."""

    title = "Invalid credentials"
    commits_on_error: ClassVar[bool] = True


class EmailNotVerified(Forbidden):
    """This school lets people in only after they have confirmed their address."""

    title = "Confirm your e-mail address first"
    commits_on_error: ClassVar[bool] = True


class AddressNotProven(EmailNotVerified):
    """A second factor wants an address that was confirmed: 409, under the same code."""

    status = 409
    commits_on_error: ClassVar[bool] = False

    @classmethod
    def slug(cls) -> str:
        """That of the class above."""
        return EmailNotVerified.slug()


class InvalidRefreshToken(Unauthorized):
    """The refresh token is bad or expired, or its session has ended."""

    title = "Invalid refresh token"


class RefreshTokenReused(Unauthorized):
    """The refresh token was used before, so somebody has a copy: its whole session is revoked."""

    title = "Refresh token used twice"
    commits_on_error: ClassVar[bool] = True


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
    commits_on_error: ClassVar[bool] = True


class PasskeysUnavailable(Problem):
    """Browsers make no passkeys for the school's address: they want a name under https, or `localhost`."""

    status = 409
    title = "No passkeys at this address"


class InvalidPasskey(Problem):
    """What the browser made is no new passkey of this school, or its challenge is used, too old or somebody else's."""

    status = 400
    title = "Invalid passkey"


class PasskeyRefused(Unauthorized):
    """No passkey of anybody who may come in has signed this challenge."""

    title = "Passkey refused"
    commits_on_error: ClassVar[bool] = True


class PasskeyTaken(Problem):
    """The passkey is in an account already."""

    status = 409
    title = "The passkey is in use"


class TooManyPasskeys(Problem):
    """An account has at most twenty passkeys."""

    status = 409
    title = "Too many passkeys"


class InvalidMfaCode(Problem):
    """The code is wrong, used or too old, or nothing waits for one."""

    status = 400
    title = "Invalid code"
    commits_on_error: ClassVar[bool] = True


class MfaCodeSent(Problem):
    """A code is needed and was mailed just now; send the same request again with it."""

    status = 400
    title = "A code is on its way"
    commits_on_error: ClassVar[bool] = True


class MfaAlreadyEnabled(Problem):
    """The second factor is on; turn it off first."""

    status = 409
    title = "The second factor is on"


class MfaNotEnabled(Problem):
    """There is no second factor to turn off."""

    status = 409
    title = "The second factor is off"
