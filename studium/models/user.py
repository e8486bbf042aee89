"""People."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from studium.kit.base.clock import now
from studium.kit.db.tables import Base, EnumText, Json
from studium.models.columns import CreatedAt, JsonObject, PrimaryKey, UpdatedAt, Version, check, one_of

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


class Source(StrEnum):
    """How a person, or an enrollment, came in."""

    SELF = "self"
    STAFF = "staff"
    CSV = "csv"
    INVITATION = "invitation"
    CODE = "code"
    SSO = "sso"
    SCIM = "scim"


class User(Base):
    """A person. Deactivated or erased, never deleted.

    `email` is stored normalised, so that equal means the same mailbox.

    While enrolment in MFA is pending, `mfa_method` and `mfa_secret` are set and `mfa_enabled` is false. `source` is
    NULL for who came before it was kept; `external_id` is what the school's own system calls the person; `invited_at`
    is when a link to choose a first password was mailed.
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
        Index("uq_users_external_id", "external_id", unique=True),
    )

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    full_name: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(EnumText(Role), default=Role.STUDENT, index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    deactivated_at: Mapped[datetime | None]
    """Since when the person is not active; retention counts from then, whatever is changed about them later."""
    mfa_enabled: Mapped[bool] = mapped_column(default=False)
    mfa_method: Mapped[MfaMethod | None] = mapped_column(EnumText(MfaMethod))
    mfa_secret: Mapped[str | None] = mapped_column(Text)
    """The TOTP secret, encrypted."""
    mfa_last_step: Mapped[int | None]
    """The last TOTP time step that was used: a code works once."""
    profile_metadata: Mapped[JsonObject | None] = mapped_column("metadata", Json)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
    updated_at: Mapped[UpdatedAt]
    last_login_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None] = mapped_column(index=True)
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the school must keep what it knows of the person, whoever asks to forget it."""
    erased_at: Mapped[datetime | None]
    version: Mapped[Version]
    source: Mapped[Source | None] = mapped_column(EnumText(Source))
    external_id: Mapped[str | None] = mapped_column(String(255))
    invited_at: Mapped[datetime | None]

    refresh_tokens: Mapped[list["RefreshToken"]] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )

    @validates("is_active")
    def _note_deactivation(self, name: str, value: bool) -> bool:  # noqa: FBT001 -- SQLAlchemy's hook.
        """Note since when the person is deactivated; whoever is so already stays so since then."""
        del name
        if value:
            self.deactivated_at = None
        elif self.deactivated_at is None:
            self.deactivated_at = now()
        return value
