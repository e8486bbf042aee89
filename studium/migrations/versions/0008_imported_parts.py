"""What an imported item consisted of when it came, so that a later import knows what was changed since, and where."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imported_items", sa.Column("parts", Json))


def downgrade() -> None:
    op.drop_column("imported_items", "parts")
