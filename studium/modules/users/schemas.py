"""People, as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field

from studium.kit.passwords import MAX_LENGTH, MIN_LENGTH
from studium.kit.schema import Input, Metadata, Name, Output, Patch, unset
from studium.models import Role, User
from studium.modules.users.email import Email

Password = Annotated[str, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
"""A new password: 8..128 code points."""

PresentPassword = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
"""A password that is only compared."""

RoleIn = Annotated[Role, Field(strict=False)]

_FORGED = frozenset(
    {
        "id",
        "email",
        "password_hash",
        "mfa_enabled",
        "mfa_method",
        "mfa_secret",
        "email_verified_at",
        "last_login_at",
        "created_at",
        "updated_at",
        "version",
    }
)


class UserRegister(Input):
    """A new account of one's own. `role` may only be `student`."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED - {"email"} | {"is_active"}

    email: Email
    full_name: Name
    password: Password
    role: RoleIn = Role.STUDENT


class UserCreate(Input):
    """An account that an admin makes; without a password its owner is invited to choose one."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED - {"email"}

    email: Email
    full_name: Name
    role: RoleIn = Role.STUDENT
    password: Password | None = None
    metadata: Metadata | None = None


class MeUpdate(Patch):
    """What people change about themselves; a new password needs the present one."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED | {"role", "is_active"}

    full_name: Name = unset()
    metadata: Metadata | None = None
    password: Password = unset()
    current_password: PresentPassword = unset()


class UserUpdate(Patch):
    """What an admin changes about somebody."""

    not_allowed: ClassVar[frozenset[str]] = _FORGED

    full_name: Name = unset()
    role: RoleIn = unset()
    password: Password = unset()
    is_active: bool = unset()


class UserResponse(Output):
    """A person, as only they themselves and admins see them."""

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
    version: int

    @classmethod
    def of(cls, user: User) -> Self:
        """The answer for this row."""
        fields = {name: getattr(user, name) for name in cls.model_fields if name != "metadata"}
        return cls(metadata=user.profile_metadata, **fields)


class AuditEventOut(Output):
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
