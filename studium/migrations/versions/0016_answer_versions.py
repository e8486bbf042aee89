"""At which version of its attempt each answer was saved."""

import sqlalchemy as sa
from alembic import op

from studium.migrations.initial.columns import JSON

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quiz_attempts", sa.Column("answer_versions", JSON))


def downgrade() -> None:
    op.drop_column("quiz_attempts", "answer_versions")
