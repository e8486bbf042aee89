"""What can go wrong with certificates."""

from studium.kit.base.problems import Problem


class EnrollmentNotCompleted(Problem):
    """A certificate belongs to a completed enrollment."""

    status = 409
    title = "The course is not completed"


class CertificateIsRevoked(Problem):
    """The certificate was revoked, and an enrollment has one certificate for ever."""

    status = 409
    title = "The certificate is revoked"


class CertificateGone(Problem):
    """The certificate was revoked; its PDF is no longer given out."""

    status = 410
    title = "The certificate is revoked"
