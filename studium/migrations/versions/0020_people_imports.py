"""Imports of people from CSV, with their plans."""

import sqlalchemy as sa
from alembic import op

from studium.migrations.initial.columns import INSTANT, JSON, moment, reference, uuid_key

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_imports",
        uuid_key(),
        reference("owner_id", "users.id", "CASCADE"),
        sa.Column("original_filename", sa.String(255), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("storage_path", sa.String(1024), index=True),
        sa.Column("invite", sa.String(50), nullable=False),
        sa.Column("status", sa.String(50), nullable=False, index=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=False),
        sa.Column("counts", JSON),
        sa.Column("applied", JSON),
        sa.Column("fault", JSON),
        sa.Column("cursor_line", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(255)),
        moment("created_at"),
        sa.Column("planned_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.CheckConstraint(
            "status IN ('queued','planning','planned','applying','done','failed')", name="ck_people_imports_status"
        ),
        sa.CheckConstraint("invite IN ('none','new','all')", name="ck_people_imports_invite"),
        sa.CheckConstraint("(progress_done >= 0) AND (progress_total >= 0)", name="ck_people_imports_progress"),
        sa.CheckConstraint(
            "(status IN ('done','failed')) = (finished_at IS NOT NULL)", name="ck_people_imports_finished"
        ),
        sa.Index("ix_people_imports_owner_created_at", "owner_id", "created_at"),
    )
    op.create_table(
        "people_import_rows",
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("people_imports.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("line", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("version", sa.Integer()),
        sa.Column("email", sa.String(255)),
        sa.Column("external_id", sa.String(255)),
        sa.Column("wanted", JSON),
        sa.Column("changes", JSON),
        sa.Column("field", sa.String(50)),
        sa.Column("code", sa.String(50)),
        sa.Column("detail", sa.String(500)),
        sa.Column("skipped", sa.String(50)),
        sa.CheckConstraint("action IN ('create','change','error')", name="ck_people_import_rows_action"),
        sa.Index("ix_people_import_rows_user_id", "user_id"),
    )


def downgrade() -> None:
    op.drop_table("people_import_rows")
    op.drop_table("people_imports")
