"""Refusals that more than one module gives."""

from studium.kit.base.problems import Forbidden, Problem


class AdminsOnly(Forbidden):
    """Only an admin may do this."""

    title = "Admins only"


class TeachersOnly(Forbidden):
    """Only an instructor or an admin may do this."""

    title = "Instructors only"


class StudentsOnly(Forbidden):
    """Only a student may do this."""

    title = "Students only"


class MfaSetupRequired(Forbidden):
    """This school wants a second factor of this role: until it is on, nothing else can be done but set it up."""

    title = "Set up a second factor first"


class ReauthenticationRequired(Forbidden):
    """What protects accounts takes a log-in or a password within the last ten minutes: `POST /auth/reauthenticate`."""

    title = "Show again who you are"


class EnrollmentRequired(Forbidden):
    """Only those who are enrolled (active or completed) may read this."""

    title = "Enrollment required"


class EnrollmentNotActive(Problem):
    """Nothing can be learned in an enrollment that was dropped, has expired, or is closed by its completion."""

    status = 409
    title = "The enrollment is not active"
