"""People, as they come in and go out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, Field, computed_field

from studium.kit.base.zones import NAME_MAX, known_zone, zone_of
from studium.kit.http.schemas import Metadata, Name, PatchModel, RequestModel, ResponseModel, Title, unset
from studium.kit.security.passwords import MAX_LENGTH, MIN_LENGTH
from studium.models import Role, Source, User
from studium.modules.users.email import Email

Password = Annotated[str, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
"""A new password: 8..128 code points."""

PresentPassword = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
"""A password that is only compared."""

ExternalId = Title
"""What the school's own system calls a person: as a title, 1..255 characters."""

RoleIn = Annotated[Role, Field(strict=False)]


def _of_the_database(value: str) -> str:
    if zone_of(value) is None:
        message = "must be the IANA name of a time zone, as Asia/Kolkata"
        raise ValueError(message)
    return value


TimeZone = Annotated[str, Field(max_length=NAME_MAX), AfterValidator(_of_the_database)]
"""The IANA name of a time zone, as `Asia/Kolkata`."""

_FORGED = frozenset(
    {
        "id",
        "email",
        "password_hash",
        "mfa_enabled",
        "mfa_method",
        "mfa_secret",
        "email_verified_at",
        "erased_at",
        "last_login_at",
        "created_at",
        "updated_at",
        "version",
        "source",
    }
)


def timezone_of(metadata: Mapping[str, Any] | None) -> str:
    """The IANA name of the time zone that a profile names; UTC where it names none that is known."""
    return known_zone((metadata or {}).get("timezone"))


class UserRegister(RequestModel):
    """A new account of one's own. `role` may only be `student`."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED - {"email"} | {"is_active", "external_id", "legal_hold"}

    email: Email
    full_name: Name
    password: Password
    role: RoleIn = Role.STUDENT


class UserCreate(RequestModel):
    """An account that an admin makes; without a password its owner is invited to choose one."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED - {"email"}

    email: Email
    full_name: Name
    role: RoleIn = Role.STUDENT
    password: Password | None = None
    metadata: Metadata | None = None
    external_id: ExternalId | None = None


class MeUpdate(PatchModel):
    """What people change about themselves; a new password needs the present one.

    `timezone` is kept as `metadata.timezone`; null is UTC. Where both are sent, the member of its own counts.
    """

    not_allowed: ClassVar[frozenset[str]] = _FORGED | {"role", "is_active", "external_id", "legal_hold"}

    full_name: Name = unset()
    metadata: Metadata | None = None
    timezone: TimeZone | None = None
    password: Password = unset()
    current_password: PresentPassword = unset()


class UserUpdate(PatchModel):
    """What an admin changes about somebody."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    full_name: Name = unset()
    role: RoleIn = unset()
    password: Password = unset()
    is_active: bool = unset()
    external_id: ExternalId | None = None
    legal_hold: bool = unset()


class UserResponse(ResponseModel):
    """A person, as only they themselves and admins see them.

    `source` says how they came in, null for those from before it was kept; `external_id` is what the school's own
    system calls them.
    """

    id: UUID
    email: str
    full_name: str
    role: Role
    is_active: bool
    mfa_enabled: bool
    metadata: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None
    email_verified_at: datetime | None
    legal_hold: bool
    erased_at: datetime | None
    version: int
    source: Source | None
    external_id: str | None

    @computed_field(  # type: ignore[prop-decorator]  # as pydantic documents it.
        description="Whose days and times pages and mails show: `metadata.timezone`, or `UTC`."
    )
    @property
    def timezone(self) -> str:
        """The IANA name of the person's time zone."""
        return timezone_of(self.metadata)

    @classmethod
    def of(cls, user: User) -> Self:
        """The answer for this row."""
        fields = {name: getattr(user, name) for name in cls.model_fields if name != "metadata"}
        return cls(metadata=user.profile_metadata, **fields)


class AuditEventOut(ResponseModel):
    """One entry of the record of who did what. Without `actor_id` nobody was logged in, or the system did it."""

    id: UUID
    occurred_at: datetime
    action: str
    outcome: str
    actor_id: UUID | None
    target_type: str | None
    target_id: UUID | None
    address: str | None
    details: dict[str, Any] | None
