"""The first shape of the database; on PostgreSQL with the tables and functions of Procrastinate, which runs the jobs."""

import sqlalchemy as sa
from alembic import op

from studium.migrations.initial import METADATA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    METADATA.create_all(op.get_bind(), checkfirst=False)
    if op.get_context().dialect.name == "postgresql":
        _create_procrastinate()


def downgrade() -> None:
    """Drop every table."""
    METADATA.drop_all(op.get_bind())
    if op.get_context().dialect.name == "postgresql":
        op.execute(DROP_PROCRASTINATE)


def _create_procrastinate() -> None:
    """Run Procrastinate's own schema as it is, with its percent signs, unless an operator did so before."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 -- SQLite does without, and it is slow to load.

    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs')")) is None:
        connection.exec_driver_sql(SchemaManager.get_schema(), execution_options={"no_parameters": True})


DROP_PROCRASTINATE = r"""
DO $$
DECLARE
    here CONSTANT oid = current_schema()::regnamespace;
    each record;
BEGIN
    FOR each IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = here AND relkind = 'r' AND relname LIKE 'procrastinate\_%'
    LOOP EXECUTE 'DROP TABLE ' || each.name || ' CASCADE'; END LOOP;
    FOR each IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = here AND proname LIKE 'procrastinate\_%'
    LOOP EXECUTE 'DROP FUNCTION ' || each.name || ' CASCADE'; END LOOP;
    FOR each IN SELECT oid::regtype AS name FROM pg_type
        WHERE typnamespace = here AND typtype IN ('c', 'e') AND typname LIKE 'procrastinate\_%'
    LOOP EXECUTE 'DROP TYPE ' || each.name || ' CASCADE'; END LOOP;
END $$
"""
