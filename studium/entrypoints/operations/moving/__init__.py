"""Moving a school from SQLite to PostgreSQL: every row or none."""
