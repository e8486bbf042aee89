"""Everything that can happen. An event is a fact in the past tense, carries ids only, and is published with its change.

`studium events` lists who listens to each.
"""

from dataclasses import dataclass
from uuid import UUID

from studium.kit.jobs.events import Event

NOBODY = UUID(int=0)


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
class AddressProven(Event):
    """A person showed that the mailbox is theirs: for the first time, or a new one. Published by users."""

    user_id: UUID


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
class AddressChangeRequested(Event):
    """A person wants another address, to which both mailboxes have to agree. Published by auth.

    `mail` is `no` where the new mailbox has had enough links; the old one gets its own all the same.
    """

    change_id: UUID
    mail: str = "yes"


@dataclass(frozen=True)
class AddressChanged(Event):
    """Both mailboxes have agreed, and the person has the new address. Published by auth."""

    change_id: UUID


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
class MfaReset(Event):
    """An admin, or an operator, took away the second factor of a person who had lost it. Published by users."""

    user_id: UUID


@dataclass(frozen=True)
class PasskeyAdded(Event):
    """A person added a passkey, with which they come in without a password. Published by auth."""

    user_id: UUID


@dataclass(frozen=True)
class ErasureRequested(Event):
    """A person will be erased in 14 days, unless somebody cancels it. Published by privacy."""

    erasure_id: UUID


@dataclass(frozen=True)
class ErasureCancelled(Event):
    """A person stays after all. Published by privacy."""

    erasure_id: UUID


@dataclass(frozen=True)
class ErasureDue(Event):
    """The waiting time of a person's erasure is over, and the account was closed a while ago. Published by privacy."""

    user_id: UUID


@dataclass(frozen=True)
class ExportRequested(Event):
    """Somebody wants what is known of a person: the person, or an admin. Published by privacy."""

    export_id: UUID


@dataclass(frozen=True)
class ExportMade(Event):
    """What is known of a person is there to be downloaded. Published by privacy."""

    export_id: UUID


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
    """A learner entered a course for the first time. Published by enrollments.

    `mail` is `no` where nobody is to be told.
    """

    enrollment_id: UUID
    mail: str = "yes"


@dataclass(frozen=True)
class CourseInvitationSent(Event):
    """Staff invited an address to a course, and it is to be told by mail. Published by enrollments."""

    invitation_id: UUID


@dataclass(frozen=True)
class EnrollmentCompleted(Event):
    """A learner finished every lesson of a course, which is final. Published by enrollments."""

    enrollment_id: UUID


@dataclass(frozen=True)
class CourseOutlineChanged(Event):
    """Lessons of a course appeared, went or were archived, so what counts as all has changed. Published by courses."""

    course_id: UUID


@dataclass(frozen=True)
class PeopleImportRequested(Event):
    """An admin uploaded a CSV of people, of which a plan is to be made. Published by exchange."""

    import_id: UUID


@dataclass(frozen=True)
class PeopleImportConfirmed(Event):
    """An admin wants the plan of an import of people carried out. Published by exchange."""

    import_id: UUID


@dataclass(frozen=True)
class CourseImportRequested(Event):
    """Somebody uploaded a course, or questions for one, to be imported. Published by exchange.

    `owner_id` is nobody's in what former releases stored; `into_id` is the course that questions are meant for, if any.
    """

    import_id: UUID
    owner_id: UUID = NOBODY
    into_id: UUID = NOBODY


@dataclass(frozen=True)
class AttemptSubmitted(Event):
    """An attempt was handed in and waits for a grader, or for the release of its marks. Published by quizzes."""

    attempt_id: UUID


@dataclass(frozen=True)
class AttemptGraded(Event):
    """A learner may see the marks of an attempt, at once or by hand, also when they changed. Published by quizzes."""

    attempt_id: UUID


@dataclass(frozen=True)
class RegradeRequested(Event):
    """Staff asked for a regrade of more attempts than an answer can wait for. Published by quizzes."""

    regrade_id: UUID


@dataclass(frozen=True)
class ReleaseRequested(Event):
    """Staff released more marks of a quiz than an answer can wait for: those complete `until` then. By quizzes."""

    quiz_id: UUID
    requested_by: UUID
    until: str


@dataclass(frozen=True)
class CertificateIssued(Event):
    """An enrollment got its certificate. Published by certificates."""

    certificate_id: UUID


@dataclass(frozen=True)
class CertificateRevoked(Event):
    """An admin declared a certificate void. Published by certificates."""

    certificate_id: UUID


@dataclass(frozen=True)
class CertificateNameWithheld(Event):
    """A certificate's student was erased, and it says so instead of the name. Published by certificates."""

    certificate_id: UUID


@dataclass(frozen=True)
class FileDeleted(Event):
    """A file's row is gone; its blob, at this path of the storage, may follow. Published by files."""

    storage_path: str
