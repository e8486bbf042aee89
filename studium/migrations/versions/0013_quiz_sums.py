"""Sums over the graded attempts of each quiz, so that its statistics read no attempt.

Triggers append an attempt that comes, goes or changes as it is then; a job folds what was appended into the sums.
A later migration that rebuilds the table of attempts on SQLite has to make its triggers anew: they go with the table.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from studium.kit.text.combining_marks import normal

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_BATCH = 1_000
_TEXT_MAX = 50
_WHOLE = UUID(int=0)
_CHANGED = "status, quiz_id, score, percentage, results, answers"
_WAYS = {"come": ("NEW", 1), "gone": ("OLD", -1)}
_Key = tuple[UUID, UUID, str]
_ATTEMPTS = sa.table(
    "quiz_attempts",
    sa.column("id", sa.Uuid()),
    sa.column("quiz_id", sa.Uuid()),
    sa.column("status", sa.String()),
    sa.column("score", sa.Numeric(6, 2)),
    sa.column("percentage", sa.Numeric(6, 2)),
    sa.column("results", _JSON),
    sa.column("answers", _JSON),
)


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def upgrade() -> None:
    """Make the tables, let triggers append what changes, and count what is there."""
    sums = op.create_table(
        "quiz_sums",
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("quiz_id", "question_id", "name", name="pk_quiz_sums"),
    )
    op.create_table(
        "quiz_sum_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False),
        sa.Column("score", sa.Numeric(6, 2), nullable=False),
        sa.Column("percentage", sa.Numeric(6, 2), nullable=False),
        sa.Column("results", _JSON),
        sa.Column("answers", _JSON),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_sum_changes"),
    )
    op.create_index("ix_quiz_sum_changes_quiz_id", "quiz_sum_changes", ["quiz_id"])
    graded = sa.text("status = 'graded'")
    op.create_index(
        "ix_quiz_attempts_graded",
        "quiz_attempts",
        ["quiz_id", "enrollment_id"],
        sqlite_where=graded,
        postgresql_where=graded,
    )
    for statement in _triggers():
        op.execute(statement)
    _fill(sums)


def _append(way: str) -> str:
    row, sign = _WAYS[way]
    values = ", ".join(f"{row}.{name}" for name in ("quiz_id", "score", "percentage", "results", "answers"))
    return (
        "INSERT INTO quiz_sum_changes (sign, quiz_id, score, percentage, results, answers)"  # noqa: S608 -- our own words.
        f" VALUES ({sign}, {values})"
    )


def _triggers() -> Iterator[str]:
    """An update that changes a graded attempt goes and comes; one of an attempt that is open fires none."""
    new, old = "NEW.status = 'graded'", "OLD.status = 'graded'"
    differs = "IS DISTINCT FROM" if _is_postgresql() else "IS NOT"
    is_other = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in _CHANGED.split(", "))
    events = (
        ("insert", "INSERT", new, "come"),
        ("delete", "DELETE", old, "gone"),
        ("regain", f"UPDATE OF {_CHANGED}", f"{new} AND ({is_other})", "come"),
        ("lose", f"UPDATE OF {_CHANGED}", f"{old} AND ({is_other})", "gone"),
    )
    for way in _WAYS if _is_postgresql() else ():
        body = f"BEGIN {_append(way)}; RETURN NULL; END"
        yield f"CREATE FUNCTION quiz_sum_{way}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
    for name, event, condition, way in events:
        head = f"CREATE TRIGGER quiz_sum_{name} AFTER {event} ON quiz_attempts FOR EACH ROW WHEN ({condition})"
        yield f"{head} EXECUTE FUNCTION quiz_sum_{way}()" if _is_postgresql() else f"{head} BEGIN {_append(way)}; END"


def _fill(sums: sa.Table) -> None:
    """Count what is there already, some thousand attempts at a time."""
    connection, last = op.get_bind(), _WHOLE
    found: Counter[_Key] = Counter()
    graded = sa.select(_ATTEMPTS).where(_ATTEMPTS.c.status == "graded").order_by(_ATTEMPTS.c.id).limit(_BATCH)
    while rows := connection.execute(graded.where(_ATTEMPTS.c.id > last)).all():
        for row in rows:
            for question_id, name, amount in _parts(row):
                found[row.quiz_id, question_id, name] += amount
        last = rows[-1].id
    stored = [
        {"quiz_id": quiz_id, "question_id": question_id, "name": name, "amount": amount}
        for (quiz_id, question_id, name), amount in found.items()
    ]
    for start in range(0, len(stored), _BATCH):
        connection.execute(sums.insert(), stored[start : start + _BATCH])


def _parts(row: Any) -> Iterator[tuple[UUID, str, int]]:  # noqa: ANN401 -- a row of an attempt.
    """What one attempt adds to the sums of its quiz."""
    yield _WHOLE, f"percent_{_hundredths(row.percentage)}", 1
    t = _hundredths(row.score)
    for result in row.results or ():
        x, question_id = _hundredths(result["points_awarded"]), UUID(result["question_id"])
        sums = {"n": 1, "maximum": _hundredths(result["points"]), "x": x, "t": t, "xx": x * x, "tt": t * t, "xt": x * t}
        for name, amount in sums.items():
            yield question_id, name, amount
    for answer in row.answers or ():
        question_id = UUID(answer["question_id"])
        for option in answer.get("selected_option_ids") or ():
            yield question_id, f"option_{option}", 1
        said = _folded(answer.get("answer_text") or "")
        if said in {"true", "false"}:
            yield question_id, f"text_{said}", 1


def _hundredths(number: object) -> int:
    return round(Decimal(str(number or 0)) * 100)


def _folded(text: str) -> str:
    """The text without case, width, spaces around it and invisible characters; a long one says neither word."""
    if len(text) > _TEXT_MAX:
        return ""
    folded = normal("NFKC", normal("NFKC", text).casefold())
    return "".join(char for char in folded if unicodedata.category(char) != "Cf").strip()


def downgrade() -> None:
    """Drop the triggers, then the tables."""
    for name in ("insert", "delete", "regain", "lose"):
        op.execute(f"DROP TRIGGER quiz_sum_{name}" + (" ON quiz_attempts" if _is_postgresql() else ""))
    for way in _WAYS if _is_postgresql() else ():
        op.execute(f"DROP FUNCTION quiz_sum_{way}()")
    op.drop_index("ix_quiz_attempts_graded", table_name="quiz_attempts")
    op.drop_table("quiz_sum_changes")
    op.drop_table("quiz_sums")
