"""The jobs of the embedded worker."""

import sqlalchemy as sa

from studium.migrations.initial.columns import INSTANT, JSON, METADATA, uuid_key

sa.Table(
    "job_receipts",
    METADATA,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("done_at", INSTANT, nullable=False, index=True),
)

sa.Table(
    "jobs",
    METADATA,
    uuid_key(),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("payload", JSON, nullable=False),
    sa.Column("state", sa.String(20), nullable=False, server_default=sa.text("'ready'")),
    sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
    sa.Column("run_at", INSTANT, nullable=False),
    sa.Column("owner", sa.String(200)),
    sa.Column("lease_until", INSTANT),
    sa.Column("error", sa.Text()),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.CheckConstraint("state IN ('ready','running','dead')", "ck_jobs_state"),
    sa.Index("ix_jobs_state_run_at", "state", "run_at"),
)
