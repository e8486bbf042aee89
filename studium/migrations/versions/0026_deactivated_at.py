"""Since when somebody is deactivated: from the record where that knows it, else from the row's last change."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KNOWN = (
    "SELECT max(event.occurred_at) FROM audit_events event WHERE event.target_type = 'user'"
    " AND event.target_id = users.id AND event.action = 'users.changed' AND event.outcome = 'done' AND "
)
_IS_FALSE = {
    "postgresql": "event.details #>> '{became,is_active}' = 'false'",
    "sqlite": "json_extract(event.details, '$.became.is_active') = 0",
}


def upgrade() -> None:
    op.add_column("users", sa.Column("deactivated_at", UtcDateTime()))
    known = _KNOWN + _IS_FALSE[op.get_context().dialect.name]
    op.execute(f"UPDATE users SET deactivated_at = coalesce(({known}), updated_at) WHERE NOT is_active")  # noqa: S608 -- our own words.


def downgrade() -> None:
    op.drop_column("users", "deactivated_at")
