"""What can go wrong with accounts. Refusals that the audit remembers keep their writes."""

from typing import ClassVar

from studium.kit.base.problems import Forbidden, Problem


class EmailTaken(Problem):
    """Another account has this address."""

    status = 409
    title = "E-mail address taken"
    # Whoever asks address by address who has an account is counted, too.
    commits_on_error: ClassVar[bool] = True


class ExternalIdTaken(Problem):
    """Another account has this `external_id`."""

    status = 409
    title = "External id taken"


class RoleNotAllowed(Forbidden):
    """People register as students; other roles are given by an admin."""

    title = "Role not allowed"
    commits_on_error: ClassVar[bool] = True


class WrongPassword(Forbidden):
    """The present password is missing or wrong."""

    title = "Wrong password"
    commits_on_error: ClassVar[bool] = True


class OwnAccount(Problem):
    """Admins neither demote nor deactivate themselves, and change their own password as everybody does."""

    status = 409
    title = "Your own account"
    commits_on_error: ClassVar[bool] = True


class LastAdmin(Problem):
    """Somebody must be left who can administer."""

    status = 409
    title = "The last admin"
    commits_on_error: ClassVar[bool] = True


class OwnsCourses(Problem):
    """A student, or somebody who is to be erased, cannot own courses; give them to somebody else first."""

    status = 409
    title = "Owns courses"
    commits_on_error: ClassVar[bool] = True


class PersonErased(Problem):
    """The person was erased, which is final: there is nobody to change or to erase."""

    status = 409
    title = "The person was erased"


class AdminExists(Problem):
    """There is an admin already; the command line makes another one only by force."""

    status = 409
    title = "There is an admin already"
