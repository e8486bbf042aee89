"""Attempts keep what their learner sees of the quiz as the JSON that is sent, and the key apart from it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from studium.kit.db.tables import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_CHOICE = "multiple_choice"
_KEPT = ("quiz_type", "passing_score", "show_correct_answers")
_NO_RULES = {"time_limit_minutes": None, "extra_time_percent": 0, "max_attempts": None, "extra_attempts": 0}
_ATTEMPTS = sa.table(
    "quiz_attempts",
    sa.column("id", sa.Uuid()),
    sa.column("snapshot", Json),
    sa.column("paper", sa.Text()),
    sa.column("key", Json),
)
_REGRADES = sa.table("regrades", sa.column("id", sa.Uuid()), sa.column("key", Json))
_Row = Any
_Values = dict[str, Any]


def upgrade() -> None:
    op.add_column("quiz_attempts", sa.Column("paper", sa.Text()))
    op.add_column("quiz_attempts", sa.Column("key", Json))
    _convert(_ATTEMPTS, lambda row: _parted(row.snapshot))
    _convert(_REGRADES, lambda row: {"key": [_key(question) for question in row.key]})
    with _rebuilt() as table:
        table.alter_column("paper", existing_type=sa.Text(), nullable=False)
        table.alter_column("key", existing_type=Json, nullable=False)
        table.drop_column("snapshot")


def downgrade() -> None:
    op.add_column("quiz_attempts", sa.Column("snapshot", Json))
    _convert(_ATTEMPTS, lambda row: {"snapshot": _joined(json.loads(row.paper), row.key)})
    # What a regrade that is under way has of the texts is not used.
    _convert(_REGRADES, lambda row: {"key": [_question(key, {"question_text": ""}) for key in row.key]})
    with _rebuilt() as table:
        table.alter_column("snapshot", existing_type=Json, nullable=False)
        table.drop_column("paper")
        table.drop_column("key")


@contextmanager
def _rebuilt() -> Iterator[BatchOperations]:
    """Change the table's columns. SQLite rebuilds it, and its triggers, which would go with the table, are made anew."""
    connection, triggers = op.get_bind(), list[str]()
    if connection.dialect.name == "sqlite":
        kept = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'quiz_attempts'"
        triggers.extend(connection.scalars(sa.text(kept)))
    with op.batch_alter_table("quiz_attempts") as table:
        yield table
    for trigger in triggers:
        op.execute(trigger)


def _convert(table: sa.TableClause, convert: Callable[[_Row], _Values]) -> None:
    """Write to each row what `convert` makes of it, batch by batch in the order of the ids."""
    connection = op.get_bind()
    wanted = sa.bindparam("wanted", type_=sa.Uuid())
    for rows in _batches(connection, table):
        values = [{"wanted": row.id, **convert(row)} for row in rows]
        names = [name for name in values[0] if name != "wanted"]
        bound = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        new = [{f"new_{name}" if name != "wanted" else name: row[name] for name in row} for row in values]
        connection.execute(table.update().where(table.c.id == wanted).values(bound), new)


def _batches(connection: sa.Connection, table: sa.TableClause) -> Iterator[list[_Row]]:
    present = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    columns = [column for column in table.c if column.name in present]
    last = None
    while True:
        statement = sa.select(*columns).order_by(table.c.id).limit(_AT_ONCE)
        rows = list(connection.execute(statement if last is None else statement.where(table.c.id > last)).all())
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _parted(snapshot: _Values) -> _Values:
    """A snapshot as paper and key."""
    questions = snapshot.get("questions", [])
    shown = [_shown(question, place) for place, question in enumerate(questions, 1)]
    paper = {"rules": {**_NO_RULES, **snapshot.get("rules", {})}, "questions": shown}
    key = {**{name: snapshot.get(name) for name in _KEPT}, "questions": [_key(question) for question in questions]}
    return {"paper": json.dumps(paper, ensure_ascii=False, separators=(",", ":")), "key": key}


def _shown(question: _Values, place: int) -> _Values:
    options = question.get("options") or []
    correct = sum(option["is_correct"] for option in options)
    selection = ("single" if correct == 1 else "multiple") if question["question_type"] == _CHOICE else None
    return {
        "id": question["question_id"],
        "question_text": question["question_text"],
        "question_type": question["question_type"],
        "points": float(question["points"]),
        "order_index": place,
        "selection": selection,
        "options": [{"id": option["id"], "text": option["text"]} for option in options] or None,
    }


def _key(question: _Values) -> _Values:
    options = question.get("options") or []
    return {
        "question_id": question["question_id"],
        "question_type": question["question_type"],
        "points": question["points"],
        "option_ids": [option["id"] for option in options],
        "correct_ids": [option["id"] for option in options if option["is_correct"]],
        "correct_answer": question.get("correct_answer"),
        "explanation": question.get("explanation"),
        "metadata": question.get("metadata") or {},
    }


def _joined(paper: _Values, key: _Values) -> _Values:
    """A snapshot of a paper and its key."""
    pairs = zip(key.get("questions", []), paper.get("questions", []), strict=True)
    kept = {name: key.get(name) for name in _KEPT}
    return {**kept, "rules": paper.get("rules", _NO_RULES), "questions": [_question(*pair) for pair in pairs]}


def _question(key: _Values, shown: _Values) -> _Values:
    texts = {option["id"]: option["text"] for option in shown.get("options") or []}
    options = [
        {"id": option_id, "text": texts.get(option_id, ""), "is_correct": option_id in key["correct_ids"]}
        for option_id in key["option_ids"]
    ]
    kept = {name: value for name, value in key.items() if name not in ("option_ids", "correct_ids")}
    return {**kept, "question_text": shown["question_text"], "options": options}
