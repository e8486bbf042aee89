"""Regrades with their reports, and what learners are allowed beyond the rule of a quiz."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import utc_now
from studium.migrations.initial.columns import INSTANT, JSON

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("finished_at IS NULL")


def _key(table: str, column: str, target: str, on_delete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}", ondelete=on_delete)


def upgrade() -> None:
    """Make the tables."""
    _accommodations()
    _regrades()
    _entries()


def _accommodations() -> None:
    name = "quiz_accommodations"
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("extra_time_percent", sa.Integer(), nullable=False),
        sa.Column("extra_attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=utc_now(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "extra_time_percent >= 0 AND extra_time_percent <= 400", name=op.f("ck_quiz_accommodations_time")
        ),
        sa.CheckConstraint(
            "extra_attempts >= 0 AND extra_attempts <= 100", name=op.f("ck_quiz_accommodations_attempts")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_quiz_accommodations_version")),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_accommodations"),
        _key(name, "quiz_id", "quizzes", "CASCADE"),
        _key(name, "student_id", "users", "RESTRICT"),
        sa.UniqueConstraint("quiz_id", "student_id", name="uq_quiz_accommodations_quiz_student"),
    )
    op.create_index("ix_quiz_accommodations_student_id", name, ["student_id"])


def _regrades() -> None:
    op.create_table(
        "regrades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=utc_now(), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("never_lower", sa.Boolean(), nullable=False),
        sa.Column("key", JSON, nullable=False),
        sa.Column("attempts_total", sa.Integer(), nullable=False),
        sa.Column("attempts_done", sa.Integer(), nullable=False),
        sa.Column("attempts_changed", sa.Integer(), nullable=False),
        sa.Column("last_attempt_id", sa.Uuid()),
        sa.CheckConstraint(
            "(attempts_changed >= 0) AND (attempts_changed <= attempts_done) AND (attempts_done <= attempts_total)",
            name=op.f("ck_regrades_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_regrades"),
        _key("regrades", "quiz_id", "quizzes", "CASCADE"),
        _key("regrades", "requested_by", "users", "RESTRICT"),
    )
    op.create_index("ix_regrades_quiz_id", "regrades", ["quiz_id"])
    op.create_index("ix_regrades_requested_by", "regrades", ["requested_by"])
    op.create_index(
        "uq_regrades_open", "regrades", ["quiz_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _entries() -> None:
    op.create_table(
        "regrade_entries",
        sa.Column("regrade_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("is_changed", sa.Boolean(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.PrimaryKeyConstraint("regrade_id", "attempt_id", name="pk_regrade_entries"),
        _key("regrade_entries", "regrade_id", "regrades", "CASCADE"),
        _key("regrade_entries", "attempt_id", "quiz_attempts", "CASCADE"),
    )
    op.create_index("ix_regrade_entries_attempt_id", "regrade_entries", ["attempt_id"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("regrade_entries", "regrades", "quiz_accommodations"):
        op.drop_table(name)
