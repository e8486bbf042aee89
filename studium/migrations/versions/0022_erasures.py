"""People can be erased: whom the school must not erase, who was, and who waits for it.

`users` gets its columns by plain ALTER TABLEs: a rebuilt table on SQLite would lose its triggers.
"""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import UtcDateTime, utc_now

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("legal_hold", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("erased_at", UtcDateTime()))
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("requested_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("certificates", sa.String(50), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime()),
        sa.Column("cancelled_by", sa.Uuid()),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("done_at", UtcDateTime()),
        sa.CheckConstraint("certificates IN ('keep','withhold_name')", name="ck_erasures_certificates"),
        sa.CheckConstraint("done_at IS NULL OR (cancelled_at IS NULL AND reason IS NULL)", name="ck_erasures_done"),
    )
    op.create_index("ix_erasures_user_id", "erasures", ["user_id"])
    stands = sa.text("cancelled_at IS NULL")
    op.create_index(
        "uq_erasures_standing", "erasures", ["user_id"], unique=True, sqlite_where=stands, postgresql_where=stands
    )
    pending = sa.text("cancelled_at IS NULL AND done_at IS NULL")
    op.create_index(
        "ix_erasures_pending_due_at", "erasures", ["due_at"], sqlite_where=pending, postgresql_where=pending
    )


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_column("users", "erased_at")
    op.drop_column("users", "legal_hold")
