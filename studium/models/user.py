"""People."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.tables import Base, EnumText, Json
from studium.models.columns import ChangedAt, JsonObject, Moment, PrimaryKey, Version, check, one_of

if TYPE_CHECKING:
    from studium.models.session import RefreshToken


class Role(StrEnum):
    """What a person is in the whole system; it is read from the database, never from a token."""

    ADMIN = "admin"
    INSTRUCTOR = "instructor"
    STUDENT = "student"


class MfaMethod(StrEnum):
    """How a person proves the second factor."""

    TOTP = "totp"
    EMAIL = "email"


class User(Base):
    """A person. Deactivated, never deleted. `email` is stored normalised, so that equal means the same mailbox.

    While enrolment in MFA is pending, `mfa_method` and `mfa_secret` are set and `mfa_enabled` is false.
    """

    __tablename__ = "users"
    __table_args__ = (
        check("ck_users_role", one_of("role", Role)),
        check("ck_users_email_lower", "email = lower(email)"),
        check("ck_users_mfa_method", one_of("mfa_method", MfaMethod)),
        check(
            "ck_users_mfa_complete",
            "NOT mfa_enabled OR (mfa_method IS NOT NULL AND (mfa_method <> 'totp' OR mfa_secret IS NOT NULL))",
        ),
        check("ck_users_version", "version >= 1"),
    )

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(EnumText(Role), default=Role.STUDENT, index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    mfa_enabled: Mapped[bool] = mapped_column(default=False)
    mfa_method: Mapped[MfaMethod | None] = mapped_column(EnumText(MfaMethod))
    mfa_secret: Mapped[str | None] = mapped_column(Text)
    """The TOTP secret, encrypted."""
    mfa_last_step: Mapped[int | None]
    """The last TOTP time step that was used: a code works once."""
    profile_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    created_at: Mapped[Moment] = mapped_column(index=True)
    updated_at: Mapped[ChangedAt]
    last_login_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None] = mapped_column(index=True)
    version: Mapped[Version]

    refresh_tokens: Mapped[list["RefreshToken"]] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )
