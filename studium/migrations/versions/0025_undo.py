"""What is removed from a course can be brought back, and lessons keep the texts that they had before."""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import Json, UtcDateTime, utc_now

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trash_items",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("course_id", sa.Uuid(), sa.ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), sa.ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("home_id", sa.Uuid()),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("place", Json, nullable=False),
        sa.Column("removed_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.UniqueConstraint("lesson_id"),
        sa.CheckConstraint("kind IN ('lesson','quiz','question')", name="ck_trash_items_kind"),
    )
    op.create_index("ix_trash_items_course_removed_at", "trash_items", ["course_id", "removed_at"])
    op.create_index("ix_trash_items_removed_at", "trash_items", ["removed_at"])
    op.create_table(
        "lesson_versions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("lesson_id", sa.Uuid(), sa.ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("content", sa.Text()),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("by_autosave", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("lesson_id", "number", name="uq_lesson_versions_lesson_number"),
        sa.CheckConstraint("number >= 1", name="ck_lesson_versions_number"),
    )


def downgrade() -> None:
    op.drop_table("lesson_versions")
    op.drop_table("trash_items")
