"""A file outlives the course that it was for: it stays its uploader's, and belongs to no course."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "fk_uploaded_files_course_id_courses"


def _point_at_courses(ondelete: str) -> None:
    with op.batch_alter_table("uploaded_files") as table:
        table.drop_constraint(NAME, type_="foreignkey")
        table.create_foreign_key(NAME, "courses", ["course_id"], ["id"], ondelete=ondelete)


def upgrade() -> None:
    _point_at_courses("SET NULL")


def downgrade() -> None:
    _point_at_courses("RESTRICT")
