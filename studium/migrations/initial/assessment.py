"""Quizzes and attempts."""

import sqlalchemy as sa

from studium.migrations.initial.columns import INSTANT, JSON, METADATA, moment, partial, reference, uuid_key, version

sa.Table(
    "quizzes",
    METADATA,
    uuid_key(),
    reference("lesson_id", "lessons.id", "CASCADE", unique=True, index=True),
    sa.Column("title", sa.String(255), nullable=False),
    sa.Column("description", sa.Text()),
    sa.Column("quiz_type", sa.String(50), nullable=False),
    sa.Column("passing_score", sa.Numeric(5, 2), nullable=False),
    sa.Column("time_limit_minutes", sa.Integer()),
    sa.Column("max_attempts", sa.Integer()),
    sa.Column("shuffle_questions", sa.Boolean(), nullable=False),
    sa.Column("shuffle_options", sa.Boolean(), nullable=False),
    sa.Column("show_correct_answers", sa.Boolean(), nullable=False),
    sa.Column("is_published", sa.Boolean(), nullable=False),
    moment("created_at"),
    moment("updated_at"),
    version(),
    sa.CheckConstraint("max_attempts >= 1 AND max_attempts <= 100", "ck_quizzes_max_attempts"),
    sa.CheckConstraint("passing_score >= 0 AND passing_score <= 100", "ck_quizzes_passing_score"),
    sa.CheckConstraint("quiz_type IN ('practice','graded')", "ck_quizzes_quiz_type"),
    sa.CheckConstraint("time_limit_minutes >= 1 AND time_limit_minutes <= 1440", "ck_quizzes_time_limit"),
    sa.CheckConstraint("version >= 1", "ck_quizzes_version"),
)

sa.Table(
    "quiz_questions",
    METADATA,
    uuid_key(),
    reference("quiz_id", "quizzes.id", "CASCADE", index=True),
    sa.Column("question_text", sa.Text(), nullable=False),
    sa.Column("question_type", sa.String(50), nullable=False),
    sa.Column("points", sa.Numeric(5, 2), nullable=False),
    sa.Column("order_index", sa.Integer(), nullable=False),
    sa.Column("explanation", sa.Text()),
    sa.Column("options", JSON),
    sa.Column("correct_answer", sa.Text()),
    sa.Column("metadata", JSON),
    version(),
    sa.CheckConstraint("(points > 0) AND (points <= 999.99)", "ck_quiz_questions_points"),
    sa.CheckConstraint(
        "question_type IN ('multiple_choice','true_false','short_answer','essay')", "ck_quiz_questions_type"
    ),
    sa.CheckConstraint("version >= 1", "ck_quiz_questions_version"),
    sa.UniqueConstraint("quiz_id", "order_index", name="uq_quiz_questions_order"),
    sa.Index("ix_quiz_questions_quiz_type_order", "quiz_id", "question_type", "order_index"),
)

sa.Table(
    "quiz_attempts",
    METADATA,
    uuid_key(),
    reference("enrollment_id", "enrollments.id", "CASCADE", index=True),
    reference("quiz_id", "quizzes.id", "CASCADE", index=True),
    sa.Column("attempt_number", sa.Integer(), nullable=False),
    sa.Column("status", sa.String(50), nullable=False),
    moment("started_at"),
    sa.Column("deadline_at", INSTANT),
    sa.Column("submitted_at", INSTANT, index=True),
    sa.Column("graded_at", INSTANT),
    sa.Column("score", sa.Numeric(6, 2)),
    sa.Column("max_score", sa.Numeric(6, 2)),
    sa.Column("percentage", sa.Numeric(6, 2)),
    sa.Column("is_passed", sa.Boolean()),
    sa.Column("time_taken_seconds", sa.Integer()),
    sa.Column("answers", JSON),
    sa.Column("snapshot", JSON, nullable=False),
    sa.Column("results", JSON),
    sa.Column("feedback", sa.Text()),
    version(),
    sa.CheckConstraint(
        "status <> 'graded' OR (graded_at IS NOT NULL AND score IS NOT NULL AND max_score IS "
        "NOT NULL AND percentage IS NOT NULL AND is_passed IS NOT NULL)",
        "ck_quiz_attempts_graded",
    ),
    sa.CheckConstraint("attempt_number >= 1", "ck_quiz_attempts_number"),
    sa.CheckConstraint("status = 'graded' OR is_passed IS NULL", "ck_quiz_attempts_passed"),
    sa.CheckConstraint("percentage >= 0 AND percentage <= 100", "ck_quiz_attempts_percentage"),
    sa.CheckConstraint(
        "score IS NULL OR (max_score IS NOT NULL AND score >= 0 AND score <= max_score)", "ck_quiz_attempts_score"
    ),
    sa.CheckConstraint("status IN ('in_progress','submitted','graded')", "ck_quiz_attempts_status"),
    sa.CheckConstraint("(status = 'in_progress') = (submitted_at IS NULL)", "ck_quiz_attempts_submitted"),
    sa.CheckConstraint("time_taken_seconds >= 0", "ck_quiz_attempts_time_taken"),
    sa.CheckConstraint("version >= 1", "ck_quiz_attempts_version"),
    sa.UniqueConstraint("enrollment_id", "quiz_id", "attempt_number", name="uq_quiz_attempt_number"),
    sa.Index("ix_quiz_attempts_enrollment_status_submitted_at", "enrollment_id", "status", "submitted_at"),
    partial("ix_quiz_attempts_open_deadline_at", "deadline_at", where="status = 'in_progress'"),
    sa.Index("ix_quiz_attempts_quiz_status_submitted_at", "quiz_id", "status", "submitted_at"),
    partial("uq_quiz_attempts_open", "enrollment_id", "quiz_id", where="status = 'in_progress'", unique=True),
)

sa.Table(
    "grade_changes",
    METADATA,
    uuid_key(),
    reference("attempt_id", "quiz_attempts.id", "CASCADE", index=True),
    reference("grader_id", "users.id", "RESTRICT", nullable=True, index=True),
    moment("changed_at"),
    sa.Column("before", JSON),
    sa.Column("after", JSON),
    sa.Column("reason", sa.String(200)),
)
