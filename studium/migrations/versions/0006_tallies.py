"""Tallies for analytics, kept by triggers that append what changes.

A later migration that rebuilds one of the watched tables on SQLite has to make its triggers anew: they go with the table.
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FLAG = "CASE WHEN {} THEN 1 ELSE 0 END"

# Each fact is what one row `r` adds to a tally: subject, name, moment (None: always), amount.
Fact = tuple[str, str, str | None, str]
FACTS: dict[str, tuple[Fact, ...]] = {
    "enrollments": (
        ("r.course_id", "r.status", None, "1"),
        ("school", "r.status", None, "1"),
        (
            "r.course_id",
            "'progress'",
            None,
            "CASE WHEN r.status IN ('active','completed') THEN hundredths(r.progress_percentage) ELSE 0 END",
        ),
        ("r.course_id", "'seconds'", None, "r.total_time_spent_seconds"),
        ("r.course_id", "'stars_' || coalesce(r.rating, 0)", None, _FLAG.format("r.rating IS NOT NULL")),
        ("r.course_id", "'begun'", "r.enrolled_at", "1"),
        ("school", "'begun'", "r.enrolled_at", "1"),
        ("r.course_id", "'ended'", "r.completed_at", _FLAG.format("r.completed_at IS NOT NULL")),
        ("school", "'ended'", "r.completed_at", _FLAG.format("r.completed_at IS NOT NULL")),
    ),
    "lesson_progress": (
        ("r.lesson_id", "'started'", None, _FLAG.format("r.status <> 'not_started'")),
        ("r.lesson_id", "'done'", None, _FLAG.format("r.status = 'completed'")),
    ),
    "quiz_attempts": (
        ("r.quiz_id", "'attempts'", None, _FLAG.format("r.status <> 'in_progress'")),
        ("r.quiz_id", "'learners'", None, _FLAG.format("r.status <> 'in_progress' AND r.attempt_number = 1")),
        ("r.quiz_id", "'graded'", None, _FLAG.format("r.status = 'graded'")),
        ("r.quiz_id", "'passed'", None, _FLAG.format("coalesce(r.is_passed, false)")),
        ("r.quiz_id", "'percent'", None, "CASE WHEN r.status = 'graded' THEN hundredths(r.percentage) ELSE 0 END"),
    ),
    "users": (("school", "r.role", None, "1"),),
    "certificates": (("school", "'certificates'", None, _FLAG.format("NOT r.is_revoked")),),
}
WATCHED = {
    "enrollments": "status, progress_percentage, total_time_spent_seconds, rating, completed_at, enrolled_at, course_id",
    "lesson_progress": "status, lesson_id",
    "quiz_attempts": "status, is_passed, percentage, attempt_number, quiz_id",
    "users": "role",
    "certificates": "is_revoked",
}


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _spoken(expression: str, row: str) -> str:
    """An expression of a fact in the words of this database, about `row`."""
    nil = "'00000000-0000-0000-0000-000000000000'::uuid" if _is_postgresql() else "'00000000000000000000000000000000'"
    text = nil if expression == "school" else expression
    start, found, rest = text.partition("hundredths(")
    if found:
        inner, _, after = rest.partition(")")
        text = f"{start}CAST(round({inner} * 100) AS integer){after}"
    return text.replace("r.", f"{row}.")


def _slot(moment: str | None, row: str) -> str:
    if moment is None:
        return "0"
    at = moment.replace("r.", f"{row}.")
    seconds = (
        f"floor(extract(epoch FROM {at}) / 900)" if _is_postgresql() else f"strftime('%s', substr({at}, 1, 19)) / 900"
    )
    return f"coalesce(CAST({seconds} AS integer), 0)"


def _rows(table: str, row: str, sign: str, source: str = "") -> Iterator[str]:
    for subject, name, moment, amount in FACTS[table]:
        columns = f"{_spoken(subject, row)} AS subject_id, {_spoken(name, row)} AS name, {_slot(moment, row)} AS slot"
        yield f"SELECT {columns}, {sign}({_spoken(amount, row)}) AS amount {source}"


def _sums(into: str, rows: Iterable[str]) -> str:
    return (
        f"INSERT INTO {into} (subject_id, name, slot, amount) SELECT subject_id, name, slot, sum(amount) FROM"  # noqa: S608 -- our own words.
        f" ({' UNION ALL '.join(rows)}) AS fact GROUP BY subject_id, name, slot HAVING sum(amount) <> 0"
    )


def _append(*rows: str) -> str:
    return _sums("tally_deltas", rows)


def _triggers(table: str) -> Iterator[str]:
    new, old = list(_rows(table, "NEW", "")), list(_rows(table, "OLD", "-"))
    if not _is_postgresql():
        yield f"CREATE TRIGGER tally_{table}_more AFTER INSERT ON {table} BEGIN {_append(*new)}; END"
        yield f"CREATE TRIGGER tally_{table}_less AFTER DELETE ON {table} BEGIN {_append(*old)}; END"
        changed = f"AFTER UPDATE OF {WATCHED[table]} ON {table}"
        yield f"CREATE TRIGGER tally_{table}_other {changed} BEGIN {_append(*new, *old)}; END"
        return
    yield f"""CREATE FUNCTION tally_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN {_append(*new, *old)};
            ELSIF TG_OP = 'INSERT' THEN {_append(*new)};
            ELSE {_append(*old)};
            END IF;
            RETURN NULL;
        END $$"""
    yield f"""CREATE TRIGGER tally_{table}_follow AFTER INSERT OR DELETE OR UPDATE OF {WATCHED[table]} ON {table}
        FOR EACH ROW EXECUTE FUNCTION tally_{table}()"""


def _fill(table: str) -> str:
    """What is there already, counted once."""
    return _sums("tallies", _rows(table, "r", "", f"FROM {table} AS r"))


def upgrade() -> None:
    """Make the tables, count what is there, and let triggers append what changes."""
    op.create_table(
        "tallies",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "name", "slot", name="pk_tallies"),
    )
    op.create_table(
        "tally_deltas",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tally_deltas"),
    )
    op.create_index("ix_tally_deltas_subject_id_name_slot", "tally_deltas", ["subject_id", "name", "slot"])
    op.create_table(
        "gauges",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_gauges"),
    )
    for table in FACTS:
        op.execute(_fill(table))
        for statement in _triggers(table):
            op.execute(statement)
    if _is_postgresql():
        # Rows here live for seconds: the usual share of dead ones would be vacuumed far too late.
        op.execute(
            "ALTER TABLE tally_deltas SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)"
        )


def downgrade() -> None:
    """Drop the triggers, then the tables."""
    for table in FACTS:
        if _is_postgresql():
            op.execute(f"DROP FUNCTION tally_{table}() CASCADE")
        else:
            for name in ("more", "less", "other"):
                op.execute(f"DROP TRIGGER tally_{table}_{name}")
    for table in ("gauges", "tally_deltas", "tallies"):
        op.drop_table(table)
