"""Full-text search over courses: their words, a GIN index on PostgreSQL, an FTS5 table fed by triggers on SQLite."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from studium.kit.db.search import SearchWords, searchable

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FTS5 = (
    """CREATE VIRTUAL TABLE course_words_fts USING fts5(words, content='course_words', content_rowid='id',
        tokenize="ascii tokenchars '#%+_^'", detail='none')""",
    """CREATE TRIGGER course_words_inserted AFTER INSERT ON course_words BEGIN
        INSERT INTO course_words_fts(rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER course_words_deleted AFTER DELETE ON course_words BEGIN
        INSERT INTO course_words_fts(course_words_fts, rowid, words) VALUES ('delete', old.id, old.words); END""",
    """CREATE TRIGGER course_words_updated AFTER UPDATE ON course_words BEGIN
        INSERT INTO course_words_fts(course_words_fts, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO course_words_fts(rowid, words) VALUES (new.id, new.words); END""",
)


def upgrade() -> None:
    """Make the table, fill it with the words of the courses that exist, and index it."""
    op.create_table(
        "course_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_course_words"),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name="fk_course_words_course_id_courses", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("course_id", name="uq_course_words_course_id"),
    )
    is_postgres = op.get_context().dialect.name == "postgresql"
    for statement in () if is_postgres else FTS5:
        op.execute(statement)
    _fill()
    if is_postgres:
        op.create_index("ix_course_words_words", "course_words", ["words"], postgresql_using="gin")


def downgrade() -> None:
    """Drop it all; the triggers go with their table."""
    op.drop_table("course_words")
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE course_words_fts")


def _fill() -> None:
    """Write the words by the rule of the code that will look for them: an older rule's words it would not find."""
    words = sa.table("course_words", sa.column("course_id", sa.Uuid()), sa.column("words", SearchWords()))
    for batch in _courses():
        found = [{"course_id": row.id, "words": searchable(row.title, row.description)} for row in batch]
        op.get_bind().execute(sa.insert(words), found)


def _courses() -> Iterator[list[sa.Row[UUID, str, str]]]:
    """The courses a thousand at a time."""
    columns = sa.column("id", sa.Uuid()), sa.column("title", sa.Text()), sa.column("description", sa.Text())
    courses = sa.table("courses", *columns)
    page = sa.select(*columns).select_from(courses).order_by(courses.c.id).limit(1_000)
    rows = list(op.get_bind().execute(page))
    while rows:
        yield rows
        rows = list(op.get_bind().execute(page.where(courses.c.id > rows[-1].id)))
