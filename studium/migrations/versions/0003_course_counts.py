"""Counts of enrollments and ratings by course, kept by triggers.

A later migration that rebuilds `courses` or `enrollments` on SQLite has to make the triggers anew: they go with the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FILL = """INSERT INTO course_counts (course_id, enrollments, ratings, rating_sum)
    SELECT courses.id, count(enrollments.id), count(enrollments.rating), coalesce(sum(enrollments.rating), 0)
    FROM courses LEFT JOIN enrollments ON enrollments.course_id = courses.id GROUP BY courses.id"""

POSTGRESQL = (
    """CREATE FUNCTION course_counts_begin() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO course_counts (course_id) VALUES (NEW.id);
        RETURN NULL;
    END $$""",
    """CREATE FUNCTION course_counts_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            UPDATE course_counts SET enrollments = enrollments - 1, ratings = ratings - (OLD.rating IS NOT NULL)::int,
                rating_sum = rating_sum - coalesce(OLD.rating, 0) WHERE course_id = OLD.course_id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            UPDATE course_counts SET enrollments = enrollments + 1, ratings = ratings + (NEW.rating IS NOT NULL)::int,
                rating_sum = rating_sum + coalesce(NEW.rating, 0) WHERE course_id = NEW.course_id;
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER course_counts_begun AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION course_counts_begin()",
    """CREATE TRIGGER course_counts_followed AFTER INSERT OR DELETE ON enrollments
        FOR EACH ROW EXECUTE FUNCTION course_counts_follow()""",
    """CREATE TRIGGER course_counts_rated AFTER UPDATE OF rating, course_id ON enrollments
        FOR EACH ROW WHEN (OLD.rating IS DISTINCT FROM NEW.rating OR OLD.course_id <> NEW.course_id)
        EXECUTE FUNCTION course_counts_follow()""",
)

_MORE = """UPDATE course_counts SET enrollments = enrollments + 1, ratings = ratings + (new.rating IS NOT NULL),
        rating_sum = rating_sum + coalesce(new.rating, 0) WHERE course_id = new.course_id;"""
_LESS = """UPDATE course_counts SET enrollments = enrollments - 1, ratings = ratings - (old.rating IS NOT NULL),
        rating_sum = rating_sum - coalesce(old.rating, 0) WHERE course_id = old.course_id;"""
SQLITE = (
    """CREATE TRIGGER course_counts_begun AFTER INSERT ON courses BEGIN
        INSERT INTO course_counts (course_id) VALUES (new.id); END""",
    f"CREATE TRIGGER course_counts_more AFTER INSERT ON enrollments BEGIN {_MORE} END",
    f"CREATE TRIGGER course_counts_less AFTER DELETE ON enrollments BEGIN {_LESS} END",
    f"""CREATE TRIGGER course_counts_rated AFTER UPDATE OF rating, course_id ON enrollments
        WHEN old.rating IS NOT new.rating OR old.course_id <> new.course_id BEGIN {_LESS} {_MORE} END""",
)


def upgrade() -> None:
    """Make the table, count what is there, and let triggers follow."""
    zero = sa.text("0")
    op.create_table(
        "course_counts",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("enrollments", sa.Integer(), server_default=zero, nullable=False),
        sa.Column("ratings", sa.Integer(), server_default=zero, nullable=False),
        sa.Column("rating_sum", sa.Integer(), server_default=zero, nullable=False),
        sa.CheckConstraint(
            "(enrollments >= 0) AND (ratings >= 0) AND (rating_sum >= 0)", name=op.f("ck_course_counts")
        ),
        sa.PrimaryKeyConstraint("course_id", name="pk_course_counts"),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name="fk_course_counts_course_id_courses", ondelete="CASCADE"
        ),
    )
    op.execute(_FILL)
    op.create_index("ix_course_counts_enrollments", "course_counts", ["enrollments", "course_id"])
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Drop the triggers, then the table."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION course_counts_begin() CASCADE")
        op.execute("DROP FUNCTION course_counts_follow() CASCADE")
    else:
        for name in ("begun", "more", "less", "rated"):
            op.execute(f"DROP TRIGGER course_counts_{name}")
    op.drop_table("course_counts")
