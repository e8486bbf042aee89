"""Everything that can happen. An event is a fact in the past tense, carries ids only, and is published with its change.

`studium events` lists who listens to each.
"""

from dataclasses import dataclass
from uuid import UUID

from studium.kit.events import Event


@dataclass(frozen=True)
class UserRegistered(Event):
    """A person made an account. Published by users."""

    user_id: UUID


@dataclass(frozen=True)
class UserInvited(Event):
    """An admin made an account for someone, who has yet to choose a password. Published by users."""

    token_id: UUID


@dataclass(frozen=True)
class EmailVerificationRequested(Event):
    """Somebody asked to prove an address. Published by auth, and by users at registration."""

    token_id: UUID


@dataclass(frozen=True)
class EmailConfirmed(Event):
    """A person proved their address for the first time. Published by auth."""

    user_id: UUID


@dataclass(frozen=True)
class PasswordResetRequested(Event):
    """Somebody asked for a way back into a known account. Published by auth."""

    token_id: UUID


@dataclass(frozen=True)
class PasswordChanged(Event):
    """A password was set anew, by its owner or with a mailed token. Published by users and auth."""

    user_id: UUID


@dataclass(frozen=True)
class MfaCodeRequested(Event):
    """A code is wanted by mail, to turn the second factor on or to pass it. Published by auth."""

    user_id: UUID
    code_id: UUID


@dataclass(frozen=True)
class MfaEnabled(Event):
    """A person proved a second factor; from now on log-ins ask for it. Published by auth."""

    user_id: UUID


@dataclass(frozen=True)
class MfaDisabled(Event):
    """A person gave up the second factor. Published by auth."""

    user_id: UUID


@dataclass(frozen=True)
class NewDeviceSeen(Event):
    """A person logged in from an address or with a program that none of their sessions had. Published by auth."""

    session_id: UUID


@dataclass(frozen=True)
class SessionReuseDetected(Event):
    """A refresh token came a second time, so its whole session was revoked. Published by auth."""

    session_id: UUID


@dataclass(frozen=True)
class EnrollmentCreated(Event):
    """A learner entered a course for the first time. Published by enrollments."""

    enrollment_id: UUID


@dataclass(frozen=True)
class EnrollmentCompleted(Event):
    """A learner finished every lesson of a course, which is final. Published by enrollments."""

    enrollment_id: UUID


@dataclass(frozen=True)
class CourseOutlineChanged(Event):
    """Lessons of a course appeared, went or were archived, so what counts as all has changed. Published by courses."""

    course_id: UUID


@dataclass(frozen=True)
class CourseImportRequested(Event):
    """Somebody uploaded a course, or questions for one, to be imported. Published by courses."""

    import_id: UUID


@dataclass(frozen=True)
class AttemptSubmitted(Event):
    """An attempt with essays was handed in and waits for a grader. Published by quizzes."""

    attempt_id: UUID


@dataclass(frozen=True)
class AttemptGraded(Event):
    """An attempt has its marks, at once or by hand, also when they changed. Published by quizzes."""

    attempt_id: UUID


@dataclass(frozen=True)
class RegradeRequested(Event):
    """Staff asked for a regrade of more attempts than an answer can wait for. Published by quizzes."""

    regrade_id: UUID


@dataclass(frozen=True)
class CertificateIssued(Event):
    """An enrollment got its certificate. Published by certificates."""

    certificate_id: UUID


@dataclass(frozen=True)
class CertificateRevoked(Event):
    """An admin declared a certificate void. Published by certificates."""

    certificate_id: UUID


@dataclass(frozen=True)
class FileDeleted(Event):
    """A file's row is gone; its blob, at this path of the storage, may follow. Published by files."""

    storage_path: str
