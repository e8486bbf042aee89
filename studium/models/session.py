"""Log-ins, the tokens that renew them, and the single-use tokens and codes that stand in for a password."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from studium.kit.db.tables import Base, EnumText
from studium.models.columns import CreatedAt, PrimaryKey, check, one_of
from studium.models.user import Role, User

_LIVE = text("revoked_at IS NULL")


class UserSession(Base):
    """One log-in on one device. Revoking it ends every token that carries its id, from the next request on."""

    __tablename__ = "sessions"

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    authenticated_at: Mapped[datetime | None]
    """When the person last gave the password in it; NULL is at its beginning."""
    user_agent: Mapped[str | None] = mapped_column(String(255))
    browser_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the cookie of a browser that uses the pages; NULL in a session of tokens."""
    browser_role: Mapped[Role | None] = mapped_column(EnumText(Role))
    """The role that the cookie was made for: it is made anew where the person has another one."""
    address: Mapped[str | None] = mapped_column(String(45))
    """The source that the log-in came from: IPv4 whole, IPv6 as its /64."""

    user: Mapped[User] = relationship(lazy="raise")
    refresh_tokens: Mapped[list["RefreshToken"]] = relationship(
        back_populates="session", cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )


class RefreshToken(Base):
    """One step of a session's rotation. A session has at most one live token: the database sees to it."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("uq_refresh_tokens_live_session", "session_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    token_jti: Mapped[str] = mapped_column(String(64), unique=True, index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[CreatedAt]

    user: Mapped[User] = relationship(back_populates="refresh_tokens", lazy="raise")
    session: Mapped[UserSession] = relationship(back_populates="refresh_tokens", lazy="raise")


class TokenPurpose(StrEnum):
    """What a mailed token allows."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 -- the name of a purpose, not a password.
    INVITATION = "invitation"


class OneTimeToken(Base):
    """A token that was mailed; nothing of its text is kept. It is bound to the address it went to, and works once."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        check("ck_one_time_tokens_purpose", one_of("purpose", TokenPurpose)),
        Index("ix_one_time_tokens_user_purpose", "user_id", "purpose"),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[TokenPurpose] = mapped_column(EnumText(TokenPurpose))
    email: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class RecoveryCode(Base):
    """A spare second factor; only its sealed digest is kept, and it works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_code"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class Passkey(Base):
    """A key of one person, on one device or in one password manager. The private half never leaves that."""

    __tablename__ = "passkeys"
    __table_args__ = (check("ck_passkeys_sign_count", "sign_count >= 0"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    """The id that the device gave it, as base64url."""
    public_key: Mapped[str] = mapped_column(Text)
    """The public half, sealed together with its owner and id: nobody puts another one in by writing to the table."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """What the device counted at its last use; 0 where it does not count. It only rises: a copy would be seen."""
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
