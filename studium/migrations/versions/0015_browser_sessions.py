"""Sessions of browsers: the digest of their cookie, and the role that it was made for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

DIGEST = "uq_sessions_browser_digest"


def upgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("browser_digest", sa.String(64)))
        table.add_column(sa.Column("browser_role", sa.String(50)))
        table.create_unique_constraint(DIGEST, ["browser_digest"])


def downgrade() -> None:
    op.execute("DELETE FROM sessions WHERE browser_digest IS NOT NULL")
    with op.batch_alter_table("sessions") as table:
        table.drop_constraint(DIGEST, type_="unique")
        table.drop_column("browser_role")
        table.drop_column("browser_digest")
