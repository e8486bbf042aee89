"""Bringing people into a course, as it comes in and goes out."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from studium.kit.http.schemas import Id, Instant, RequestModel, ResponseModel
from studium.kit.text.email_addresses import TYPED_MAX

PEOPLE_MAX = 1_000
EXTERNAL_ID_MAX = 255
USES_MAX = 1_000_000
CODE_TYPED_MAX = 20


class PersonRef(RequestModel):
    """Somebody to be enrolled, named in exactly one way. Instructors name people by their addresses alone."""

    email: Annotated[str, Field(max_length=TYPED_MAX)] | None = None
    user_id: Id | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=EXTERNAL_ID_MAX)] | None = None

    @model_validator(mode="after")
    def _name_one(self) -> Self:
        if sum(value is not None for value in (self.email, self.user_id, self.external_id)) != 1:
            message = "must name the person by exactly one of email, user_id, external_id"
            raise ValueError(message)
        return self


class EnrollPeopleIn(RequestModel):
    """Whom to enrol, and whether mails tell them. A dry run says what would become of them, and changes nothing."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "source", "status"})

    people: Annotated[list[PersonRef], Field(min_length=1, max_length=PEOPLE_MAX)]
    notify: bool = True
    dry_run: bool = False


class EnrolmentOutcome(StrEnum):
    """What became of somebody who was to be enrolled."""

    ENROLLED = "enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    RESTORED = "restored"
    INVITED = "invited"
    REFUSED = "refused"


class Why(StrEnum):
    """Why somebody was invited (which admins alone are told) or refused."""

    NO_ACCOUNT = "no_account"
    NOT_CONFIRMED = "not_confirmed"
    INVALID_EMAIL = "invalid_email"
    NAMED_TWICE = "named_twice"
    NO_SUCH_PERSON = "no_such_person"
    DEACTIVATED = "deactivated"
    STUDENTS_ONLY = "students_only"


class EnrolledPersonOut(ResponseModel):
    """The outcome for one of the people, in the order in which they were sent, with what they were named by.

    `user_id` is null for instructors where they did not send it, and without an account.
    """

    email: str | None
    user_id: UUID | None
    external_id: str | None
    outcome: EnrolmentOutcome
    code: Why | None
    detail: str | None
    enrollment_id: UUID | None
    invitation_id: UUID | None


class EnrolledPeopleOut(ResponseModel):
    """What became of everybody, and how many had each outcome."""

    items: list[EnrolledPersonOut]
    summary: dict[EnrolmentOutcome, int]


class InvitationOut(ResponseModel):
    """An open invitation. `mailed_at` is when the last mail was sent; null where nobody was to be told."""

    id: UUID
    course_id: UUID
    email: str
    created_at: datetime
    expires_at: datetime
    mailed_at: datetime | None


class JoinCodeCreate(RequestModel):
    """How long a code is good (null: until it is revoked), and for how many students (null: any number)."""

    not_allowed: ClassVar[frozenset[str]] = frozenset({"id", "code", "uses_count"})

    expires_at: Instant | None = None
    max_uses: Annotated[int, Field(ge=1, le=USES_MAX)] | None = None


class JoinCodeOut(ResponseModel):
    """A join code. `uses_count` is how many students it let in."""

    id: UUID
    course_id: UUID
    code: str
    created_at: datetime
    expires_at: datetime | None
    max_uses: int | None
    uses_count: int
    revoked_at: datetime | None


class JoinIn(RequestModel):
    """The code as it was typed: case, spaces and hyphens do not count."""

    code: Annotated[str, Field(min_length=1, max_length=CODE_TYPED_MAX)]
