"""People change their address: both mailboxes agree."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import UtcDateTime, utc_now

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_changes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("old_email", sa.String(255), nullable=False),
        sa.Column("new_email", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("proved_at", UtcDateTime()),
        sa.Column("agreed_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
    )
    op.create_index("ix_address_changes_user_id", "address_changes", ["user_id"])
    op.create_index("ix_address_changes_expires_at", "address_changes", ["expires_at"])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_address_changes_open",
        "address_changes",
        ["user_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def downgrade() -> None:
    op.drop_table("address_changes")
