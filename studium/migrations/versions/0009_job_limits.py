"""Jobs have queues, locks and a count of the workers that they killed.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IMPORT = "courses.importing.handlers.run_import"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("deaths", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("jobs", sa.Column("queue", sa.String(50), server_default=sa.text("'default'"), nullable=False))
    op.add_column("jobs", sa.Column("lock", sa.String(300)))
    op.create_index("ix_jobs_lock", "jobs", ["lock"])
    op.create_table(
        "job_deaths",
        sa.Column("job_id", sa.String(64), primary_key=True),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_job_deaths_noted_at", "job_deaths", ["noted_at"])
    _move_waiting_imports("imports")


def downgrade() -> None:
    _move_waiting_imports("default")
    op.drop_table("job_deaths")
    op.drop_index("ix_jobs_lock", "jobs")
    for name in ("lock", "queue", "deaths"):
        op.drop_column("jobs", name)


def _move_waiting_imports(queue: str) -> None:
    """Imports that wait now are worked off by the workers of their new queue."""
    values = {"queue": queue, "name": _IMPORT}
    if op.get_bind().dialect.name == "postgresql":
        move = "UPDATE procrastinate_jobs SET queue_name = :queue WHERE task_name = :name AND status <> 'doing'"
    else:
        move = "UPDATE jobs SET queue = :queue WHERE name = :name"
    op.get_bind().execute(sa.text(move), values)
