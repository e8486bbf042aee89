"""The people, their log-ins and what is recorded about them."""

import sqlalchemy as sa

from studium.migrations.initial.columns import INSTANT, JSON, METADATA, moment, partial, reference, uuid_key, version

sa.Table(
    "users",
    METADATA,
    uuid_key(),
    sa.Column("email", sa.String(255), nullable=False, unique=True, index=True),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("full_name", sa.String(255), nullable=False),
    sa.Column("role", sa.String(50), nullable=False, index=True),
    sa.Column("is_active", sa.Boolean(), nullable=False),
    sa.Column("mfa_enabled", sa.Boolean(), nullable=False),
    sa.Column("mfa_method", sa.String(50)),
    sa.Column("mfa_secret", sa.Text()),
    sa.Column("mfa_last_step", sa.Integer()),
    sa.Column("metadata", JSON),
    moment("created_at", index=True),
    moment("updated_at"),
    sa.Column("last_login_at", INSTANT),
    sa.Column("email_verified_at", INSTANT, index=True),
    version(),
    sa.CheckConstraint("email = lower(email)", "ck_users_email_lower"),
    sa.CheckConstraint(
        "NOT mfa_enabled OR (mfa_method IS NOT NULL AND (mfa_method <> 'totp' OR mfa_secret IS NOT NULL))",
        "ck_users_mfa_complete",
    ),
    sa.CheckConstraint("mfa_method IN ('totp','email')", "ck_users_mfa_method"),
    sa.CheckConstraint("role IN ('admin','instructor','student')", "ck_users_role"),
    sa.CheckConstraint("version >= 1", "ck_users_version"),
)

sa.Table(
    "sessions",
    METADATA,
    uuid_key(),
    reference("user_id", "users.id", "CASCADE", index=True),
    moment("created_at"),
    moment("last_seen_at"),
    sa.Column("expires_at", INSTANT, nullable=False, index=True),
    sa.Column("revoked_at", INSTANT),
    sa.Column("user_agent", sa.String(255)),
    sa.Column("address", sa.String(45)),
)

sa.Table(
    "refresh_tokens",
    METADATA,
    uuid_key(),
    reference("user_id", "users.id", "CASCADE", index=True),
    reference("session_id", "sessions.id", "CASCADE", index=True),
    sa.Column("token_jti", sa.String(64), nullable=False, unique=True, index=True),
    sa.Column("expires_at", INSTANT, nullable=False, index=True),
    sa.Column("revoked_at", INSTANT, index=True),
    moment("created_at"),
    partial("uq_refresh_tokens_live_session", "session_id", where="revoked_at IS NULL", unique=True),
)

sa.Table(
    "one_time_tokens",
    METADATA,
    uuid_key(),
    reference("user_id", "users.id", "CASCADE"),
    sa.Column("purpose", sa.String(50), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("email", sa.String(255), nullable=False),
    moment("created_at"),
    sa.Column("expires_at", INSTANT, nullable=False, index=True),
    sa.Column("used_at", INSTANT),
    sa.CheckConstraint("purpose IN ('verify_email','reset_password','invitation')", "ck_one_time_tokens_purpose"),
    sa.Index("ix_one_time_tokens_user_purpose", "user_id", "purpose"),
)

sa.Table(
    "recovery_codes",
    METADATA,
    uuid_key(),
    reference("user_id", "users.id", "CASCADE"),
    sa.Column("code_hash", sa.String(255), nullable=False),
    moment("created_at"),
    sa.Column("used_at", INSTANT),
    sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_code"),
)

sa.Table(
    "throttle_hits",
    METADATA,
    uuid_key(),
    sa.Column("scope", sa.String(40), nullable=False),
    sa.Column("key", sa.String(64), nullable=False),
    moment("occurred_at", index=True),
    sa.Index("ix_throttle_hits_scope_key_occurred_at", "scope", "key", "occurred_at"),
)

sa.Table(
    "audit_events",
    METADATA,
    uuid_key(),
    moment("occurred_at", index=True),
    sa.Column("action", sa.String(80), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    reference("actor_id", "users.id", "RESTRICT", nullable=True, index=True),
    sa.Column("target_type", sa.String(40)),
    sa.Column("target_id", sa.Uuid()),
    sa.Column("address", sa.String(45)),
    sa.Column("details", JSON),
    sa.Index("ix_audit_events_target", "target_type", "target_id"),
)

sa.Table(
    "idempotency_keys",
    METADATA,
    uuid_key(),
    reference("user_id", "users.id", "CASCADE"),
    sa.Column("key", sa.String(255), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status_code", sa.Integer()),
    sa.Column("headers", JSON),
    sa.Column("body", sa.LargeBinary()),
    moment("created_at"),
    sa.Column("expires_at", INSTANT, nullable=False, index=True),
    sa.UniqueConstraint("user_id", "key", name="uq_idempotency_keys_user_key"),
)
