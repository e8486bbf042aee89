"""The grading desk: marks that wait for their release, what waits for a grader, and the words that graders keep."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import utc_now
from studium.migrations.initial.columns import JSON

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_WAITING = sa.text("status = 'submitted' AND marked_at IS NULL")
_MARKED = sa.text("marked_at IS NOT NULL")
_INDEXES = (
    ("ix_quiz_attempts_waiting", ["submitted_at", "id", "quiz_id"], _WAITING),
    ("ix_quiz_attempts_waiting_quiz", ["quiz_id", "submitted_at", "id"], _WAITING),
    ("ix_quiz_attempts_marked", ["quiz_id", "marked_at"], _MARKED),
)


def upgrade() -> None:
    with op.batch_alter_table("quizzes") as table:
        table.add_column(sa.Column("release", sa.String(50), nullable=False, server_default=sa.text("'at_once'")))
        table.create_check_constraint(op.f("ck_quizzes_release"), "release IN ('at_once','together')")
    op.add_column("quiz_attempts", sa.Column("draft", JSON))
    op.add_column("quiz_attempts", sa.Column("marked_at", _INSTANT))
    for name, columns, where in _INDEXES:
        op.create_index(name, "quiz_attempts", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "comment_bank",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", _INSTANT, nullable=False, server_default=utc_now()),
        sa.Column("updated_at", _INSTANT, nullable=False, server_default=utc_now()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_comment_bank_text")),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_comment_bank_uses")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_comment_bank_version")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_comment_bank_owner_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_bank")),
    )
    op.create_index("ix_comment_bank_owner_id_uses_id", "comment_bank", ["owner_id", "uses", "id"])


def downgrade() -> None:
    """Marks that wait for their release are given anew: the release before knows no drafts."""
    op.drop_table("comment_bank")
    for name, _, _ in _INDEXES:
        op.drop_index(name, table_name="quiz_attempts")
    op.drop_column("quiz_attempts", "marked_at")
    op.drop_column("quiz_attempts", "draft")
    with op.batch_alter_table("quizzes") as table:
        table.drop_constraint(op.f("ck_quizzes_release"), type_="check")
        table.drop_column("release")
