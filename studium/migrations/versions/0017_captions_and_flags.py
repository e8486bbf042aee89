"""The captions of a lesson's video, and the questions of an attempt that are to be looked at again."""

import sqlalchemy as sa
from alembic import op

from studium.migrations.initial.columns import JSON

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lessons", sa.Column("captions", JSON))
    op.add_column("quiz_attempts", sa.Column("flagged", JSON))


def downgrade() -> None:
    op.drop_column("quiz_attempts", "flagged")
    op.drop_column("lessons", "captions")
