"""Imports of courses, and the names that other systems gave to what was imported.

`courses` gets its column by a plain ALTER TABLE: a rebuilt table on SQLite would lose its triggers.
"""

import sqlalchemy as sa
from alembic import op

from studium.kit.db.tables import Json, UtcDateTime, utc_now

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("courses", sa.Column("external_id", sa.String(255)))
    op.create_index("uq_courses_instructor_external_id", "courses", ["instructor_id", "external_id"], unique=True)
    op.create_index("ix_uploaded_files_checksum", "uploaded_files", ["checksum"])
    op.create_table(
        "course_imports",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("into_id", sa.Uuid(), sa.ForeignKey("courses.id", ondelete="SET NULL")),
        sa.Column("course_id", sa.Uuid(), sa.ForeignKey("courses.id", ondelete="SET NULL")),
        sa.Column("original_filename", sa.String(255), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("storage_path", sa.String(1024)),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(50), nullable=False),
        sa.Column("phase", sa.String(50), nullable=False),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=False),
        sa.Column("source_format", sa.String(50)),
        sa.Column("outcome", sa.String(50)),
        sa.Column("report", Json),
        sa.Column("fault", Json),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.CheckConstraint("status IN ('queued','running','done','failed')", name="ck_course_imports_status"),
        sa.CheckConstraint("phase IN ('reading','files','writing')", name="ck_course_imports_phase"),
        sa.CheckConstraint("(progress_done >= 0) AND (progress_total >= 0)", name="ck_course_imports_progress"),
        sa.CheckConstraint(
            "(status IN ('done','failed')) = (finished_at IS NOT NULL)", name="ck_course_imports_finished"
        ),
    )
    op.create_index("ix_course_imports_owner_created_at", "course_imports", ["owner_id", "created_at"])
    op.create_index("ix_course_imports_storage_path", "course_imports", ["storage_path"])
    op.create_index("ix_course_imports_into_id", "course_imports", ["into_id"])
    op.create_index("ix_course_imports_course_id", "course_imports", ["course_id"])
    op.create_table(
        "imported_items",
        sa.Column("course_id", sa.Uuid(), sa.ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("source", sa.String(255), primary_key=True),
        sa.Column("kind", sa.String(50), primary_key=True),
        sa.Column("external_id", sa.String(255), primary_key=True),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("checksum", sa.String(64), nullable=False),
        sa.CheckConstraint("kind IN ('course','lesson','file')", name="ck_imported_items_kind"),
    )


def downgrade() -> None:
    op.drop_table("imported_items")
    op.drop_table("course_imports")
    op.drop_index("ix_uploaded_files_checksum", "uploaded_files")
    op.drop_index("uq_courses_instructor_external_id", "courses")
    op.drop_column("courses", "external_id")
