"""People are found by words, as courses are: a GIN index on PostgreSQL, an FTS5 table fed by triggers on SQLite."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from studium.kit.db.search import SearchWords, endings_of, searchable

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEEP = "INSERT INTO user_words_fts(rowid, words) VALUES (new.id, new.words)"
_DROP = "INSERT INTO user_words_fts(user_words_fts, rowid, words) VALUES ('delete', old.id, old.words)"
FTS5 = (
    """CREATE VIRTUAL TABLE user_words_fts USING fts5(words, content='user_words', content_rowid='id',
        tokenize="ascii tokenchars '#%+_^'", detail='none')""",
    f"CREATE TRIGGER user_words_inserted AFTER INSERT ON user_words BEGIN {_KEEP}; END",
    f"CREATE TRIGGER user_words_deleted AFTER DELETE ON user_words BEGIN {_DROP}; END",
    f"CREATE TRIGGER user_words_updated AFTER UPDATE ON user_words BEGIN {_DROP}; {_KEEP}; END",
)


def upgrade() -> None:
    """Make the table, fill it with the words of the people who are there, and index it."""
    op.create_table(
        "user_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_words"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_words_user_id_users", ondelete="CASCADE"),
        sa.UniqueConstraint("user_id", name="uq_user_words_user_id"),
    )
    is_postgres = op.get_context().dialect.name == "postgresql"
    for statement in () if is_postgres else FTS5:
        op.execute(statement)
    words = sa.table("user_words", sa.column("user_id", sa.Uuid()), sa.column("words", SearchWords()))
    for batch in _people():
        found = [{"user_id": row.id, "words": _words(row.full_name, row.email)} for row in batch]
        op.get_bind().execute(sa.insert(words), found)
    if is_postgres:
        op.create_index("ix_user_words_words", "user_words", ["words"], postgresql_using="gin")


def downgrade() -> None:
    """Drop it all; the triggers go with their table."""
    op.drop_table("user_words")
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE user_words_fts")


def _words(full_name: str, email: str) -> frozenset[str]:
    return searchable(full_name, None) | endings_of(email)


def _people() -> Iterator[list[sa.Row[UUID, str, str]]]:
    """The people a thousand at a time."""
    columns = sa.column("id", sa.Uuid()), sa.column("full_name", sa.Text()), sa.column("email", sa.Text())
    people = sa.table("users", *columns)
    page = sa.select(*columns).select_from(people).order_by(people.c.id).limit(1_000)
    rows = list(op.get_bind().execute(page))
    while rows:
        yield rows
        rows = list(op.get_bind().execute(page.where(people.c.id > rows[-1].id)))
