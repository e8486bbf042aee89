"""People take what is known of them, in exports that are kept for a week; sources in the record are found by age."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import UtcDateTime, utc_now

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_exports",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("requested_by", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("requested_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("done_at", UtcDateTime()),
        sa.Column("storage_path", sa.String(1024)),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(done_at IS NULL) = (storage_path IS NULL)", name="ck_data_exports_done"),
        sa.CheckConstraint("file_size >= 0", name="ck_data_exports_size"),
    )
    for column in ("user_id", "requested_by", "expires_at"):
        op.create_index(f"ix_data_exports_{column}", "data_exports", [column])
    sourced = sa.text("address IS NOT NULL")
    op.create_index(
        "ix_audit_events_sourced", "audit_events", ["occurred_at"], sqlite_where=sourced, postgresql_where=sourced
    )


def downgrade() -> None:
    op.drop_index("ix_audit_events_sourced", table_name="audit_events")
    op.drop_table("data_exports")
