"""How people and enrollments came in, what the school's own system calls them, invitations and join codes.

`users` and `enrollments` get their columns by a plain ALTER TABLE: a rebuilt table on SQLite would lose its triggers.
"""

import sqlalchemy as sa
from alembic import op

from studium.migrations.initial.columns import INSTANT, moment, reference, uuid_key

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("source", sa.String(50)))
    op.add_column("users", sa.Column("external_id", sa.String(255)))
    op.add_column("users", sa.Column("invited_at", INSTANT))
    op.create_index("uq_users_external_id", "users", ["external_id"], unique=True)
    op.add_column("enrollments", sa.Column("source", sa.String(50)))
    op.add_column("enrollments", sa.Column("external_id", sa.String(255)))
    # Nobody is invited twice: what was mailed before counts, as long as it is known.
    op.execute(
        "UPDATE users SET invited_at = (SELECT min(created_at) FROM one_time_tokens"
        " WHERE user_id = users.id AND purpose = 'invitation')"
        " WHERE id IN (SELECT user_id FROM one_time_tokens WHERE purpose = 'invitation')"
    )
    op.create_table(
        "course_invitations",
        uuid_key(),
        reference("course_id", "courses.id", "CASCADE"),
        sa.Column("email", sa.String(255), nullable=False, index=True),
        reference("invited_by", "users.id", "SET NULL", nullable=True, index=True),
        moment("created_at"),
        sa.Column("expires_at", INSTANT, nullable=False, index=True),
        sa.Column("mailed_at", INSTANT),
        sa.Column("withdrawn_at", INSTANT),
        sa.CheckConstraint("email = lower(email)", name="ck_course_invitations_email_lower"),
        sa.UniqueConstraint("course_id", "email", name="uq_course_invitations_course_email"),
        sa.Index("ix_course_invitations_course_created_at", "course_id", "created_at"),
    )
    op.create_table(
        "join_codes",
        uuid_key(),
        reference("course_id", "courses.id", "CASCADE"),
        sa.Column("code", sa.String(8), nullable=False, unique=True),
        reference("created_by", "users.id", "SET NULL", nullable=True, index=True),
        moment("created_at"),
        sa.Column("expires_at", INSTANT),
        sa.Column("max_uses", sa.Integer()),
        sa.Column("uses_count", sa.Integer(), nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.CheckConstraint(
            "(uses_count >= 0) AND (max_uses IS NULL OR uses_count <= max_uses)", name="ck_join_codes_uses"
        ),
        sa.Index("ix_join_codes_course_created_at", "course_id", "created_at"),
    )


def downgrade() -> None:
    op.drop_table("join_codes")
    op.drop_table("course_invitations")
    op.drop_column("enrollments", "external_id")
    op.drop_column("enrollments", "source")
    op.drop_index("uq_users_external_id", "users")
    op.drop_column("users", "invited_at")
    op.drop_column("users", "external_id")
    op.drop_column("users", "source")
