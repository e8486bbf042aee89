"""What can go wrong with accounts. Refusals that the audit remembers keep their writes."""

from typing import ClassVar

from studium.kit.problems import Forbidden, Problem


class EmailTaken(Problem):
    """Another account has this address."""

    status = 409
    title = "E-mail address taken"


class RoleNotAllowed(Forbidden):
    """People register as students; other roles are given by an admin."""

    title = "Role not allowed"
    keeps_writes: ClassVar[bool] = True


class WrongPassword(Forbidden):
    """The present password is missing or wrong."""

    title = "Wrong password"
    keeps_writes: ClassVar[bool] = True


class OwnAccount(Problem):
    """Admins neither demote nor deactivate themselves, and change their own password as everybody does."""

    status = 409
    title = "Your own account"
    keeps_writes: ClassVar[bool] = True


class LastAdmin(Problem):
    """Somebody must be left who can administer."""

    status = 409
    title = "The last admin"
    keeps_writes: ClassVar[bool] = True


class OwnsCourses(Problem):
    """A student cannot own courses; give them to somebody else first."""

    status = 409
    title = "Owns courses"
    keeps_writes: ClassVar[bool] = True


class AdminExists(Problem):
    """There is an admin already; the command line makes another one only by force."""

    status = 409
    title = "There is an admin already"
