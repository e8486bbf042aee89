"""Which files the texts of courses name, so that a deletion need not read all texts."""

import json
import re
from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ADDRESSES = re.compile(
    r"/files/(?:urn:uuid:|\{|%7b)?([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})", re.IGNORECASE
)
_AT_ONCE = 500
_LEVELS = ("course_id", "lesson_id", "quiz_id", "question_id")


def _table(name: str, ids: tuple[str, ...], texts: tuple[str, ...], jsons: tuple[str, ...]) -> sa.TableClause:
    columns: list[sa.ColumnClause[object]] = [sa.column(one, sa.Uuid()) for one in ("id", *ids)]
    return sa.table(
        name, *columns, *(sa.column(one, sa.Text()) for one in texts), *(sa.column(one, Json) for one in jsons)
    )


_COURSES = _table("courses", (), ("description", "thumbnail_url"), ("metadata",))
_LESSONS = _table("lessons", ("course_id",), ("description", "content", "video_url"), ("metadata",))
_QUIZZES = _table("quizzes", ("lesson_id",), ("description",), ())
_QUESTIONS = _table(
    "quiz_questions", ("quiz_id",), ("question_text", "explanation", "correct_answer"), ("options", "metadata")
)
_REFERENCES = sa.table(
    "file_references", sa.column("file_id", sa.Uuid()), *(sa.column(one, sa.Uuid()) for one in _LEVELS)
)


def upgrade() -> None:
    op.create_table(
        "file_references",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), sa.ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), sa.ForeignKey("lessons.id", ondelete="CASCADE")),
        sa.Column("quiz_id", sa.Uuid(), sa.ForeignKey("quizzes.id", ondelete="CASCADE")),
        sa.Column("question_id", sa.Uuid(), sa.ForeignKey("quiz_questions.id", ondelete="CASCADE")),
    )
    for column in ("file_id", *_LEVELS):
        op.create_index(f"ix_file_references_{column}", "file_references", [column])
    lessons = _QUIZZES.join(_LESSONS, _LESSONS.c.id == _QUIZZES.c.lesson_id)
    questions = _QUESTIONS.join(lessons, _QUIZZES.c.id == _QUESTIONS.c.quiz_id)
    of_lesson = (_LESSONS.c.course_id, _LESSONS.c.id)
    _fill(_COURSES, _COURSES, (_COURSES.c.id,))
    _fill(_LESSONS, _LESSONS, of_lesson)
    _fill(_QUIZZES, lessons, (*of_lesson, _QUIZZES.c.id))
    _fill(_QUESTIONS, questions, (*of_lesson, _QUIZZES.c.id, _QUESTIONS.c.id))


def _fill(table: sa.TableClause, joined: sa.FromClause, ids: tuple[sa.ColumnElement[UUID], ...]) -> None:
    """Keep what the texts of a table name, some hundred rows at a time; `ids` lead from the course to the row."""
    connection = op.get_bind()
    texts = [column for column in table.c if not isinstance(column.type, sa.Uuid)]
    names = sa.or_(*(sa.cast(column, sa.Text()).contains("/files/") for column in texts))
    following = sa.select(*ids, *texts).select_from(joined).where(names).order_by(table.c.id).limit(_AT_ONCE)
    statement = following
    while rows := connection.execute(statement).all():
        kept = [
            {"file_id": file, **dict.fromkeys(_LEVELS), **dict(zip(_LEVELS, row[: len(ids)], strict=False))}
            for row in rows
            for file in sorted(set(_files_in(row[len(ids) :])))
        ]
        if kept:
            connection.execute(_REFERENCES.insert(), kept)
        statement = following.where(table.c.id > rows[-1][len(ids) - 1])


def _files_in(values: tuple[object, ...]) -> Iterator[UUID]:
    for value in values:
        text = value if isinstance(value, str) else json.dumps(value)
        yield from (UUID(found) for found in _ADDRESSES.findall(text))


def downgrade() -> None:
    op.drop_table("file_references")
