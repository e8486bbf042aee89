"""The school that the benchmark runs on: as many enrollments as asked for, in rows that are the same every time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import psycopg
from sqlalchemy import Table, create_engine, insert
from sqlalchemy.engine import make_url

from studium.kit.tables import Base
from studium.models import Course, Enrollment, Lesson, User, UserSession

COURSES_EACH = 10
LESSONS_EACH = 10
LOGGED_IN = 500
TEACHERS = 20
_SPACE = UUID("6f1cf5a0-54ac-4b1b-9a8e-000000000001")
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_SOON = datetime.now(UTC) + timedelta(days=20)
_BATCH = 5_000
Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. Each student is in ten courses."""

    enrollments: int

    @property
    def students(self) -> int:
        """At least as many as are logged in."""
        return max(LOGGED_IN, self.enrollments // COURSES_EACH)

    @property
    def courses(self) -> int:
        """A thousand enrollments each, once there are many."""
        return max(100, self.enrollments // 1000)


def id_of(kind: str, number: int) -> UUID:
    """The id of a row: the same in every run."""
    return uuid5(_SPACE, f"{kind}/{number}")


def course_of(size: Size, student: int, place: int) -> int:
    """The number of the course that a student takes at a place 0..9; no course twice."""
    return (student * COURSES_EACH + place) % size.courses


def fill(url: str, size: Size) -> None:
    """Write the school into an empty, migrated database."""
    tables: list[tuple[type[Base], Rows]] = [
        (User, _users(size)),
        (UserSession, _sessions()),
        (Course, _courses(size)),
        (Lesson, _lessons(size)),
        (Enrollment, _enrollments(size)),
    ]
    if url.startswith("sqlite"):
        _fill_sqlite(url, tables)
    else:
        _copy(url, tables)


def _copy(url: str, tables: Iterable[tuple[type[Base], Rows]]) -> None:
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        for model, rows in tables:
            first = next(rows)
            names = ", ".join(f'"{name}"' for name in first)
            with connection.cursor().copy(f"COPY {model.__tablename__} ({names}) FROM STDIN") as copy:
                copy.write_row(list(first.values()))
                for row in rows:
                    copy.write_row(list(row.values()))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _fill_sqlite(url: str, tables: Iterable[tuple[type[Base], Rows]]) -> None:
    engine = create_engine(make_url(url).set(drivername="sqlite+pysqlite"))
    with engine.begin() as connection:
        for model, rows in tables:
            table: Table = model.__table__  # type: ignore[assignment]  # mapped classes have tables.
            while batch := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
                connection.execute(insert(table), batch)
        connection.exec_driver_sql("ANALYZE")


def _users(size: Size) -> Rows:
    for kind, many, role in (("teacher", TEACHERS, "instructor"), ("student", size.students, "student")):
        for number in range(many):
            yield {
                "id": id_of(kind, number),
                "email": f"{kind}{number}@bench.example",
                "password_hash": "none",
                "full_name": f"{kind.title()} {number}",
                "role": role,
                "is_active": True,
                "mfa_enabled": False,
                "created_at": _BEGAN,
                "updated_at": _BEGAN,
                "version": 1,
            }


def _sessions() -> Rows:
    for number in range(LOGGED_IN):
        yield {
            "id": id_of("session", number),
            "user_id": id_of("student", number),
            "created_at": _BEGAN,
            "last_seen_at": _BEGAN,
            "expires_at": _SOON,
        }


def _courses(size: Size) -> Rows:
    for number in range(size.courses):
        at = _BEGAN + timedelta(minutes=number)
        yield {
            "id": id_of("course", number),
            "title": f"Course {number}: how things are done",
            "slug": f"course-{number}",
            "description": "What you will learn here, in three sentences. " * 3,
            "instructor_id": id_of("teacher", number % TEACHERS),
            "category": ("science", "language", "craft")[number % 3],
            "difficulty_level": "beginner",
            "is_published": True,
            "estimated_duration_minutes": 90,
            "created_at": at,
            "updated_at": at,
            "version": 1,
        }


def _lessons(size: Size) -> Rows:
    for course in range(size.courses):
        for place in range(LESSONS_EACH):
            yield {
                "id": id_of("lesson", course * LESSONS_EACH + place),
                "course_id": id_of("course", course),
                "title": f"Lesson {place + 1}",
                "slug": f"lesson-{place + 1}",
                "content": "Some *words* to read.\n\n" * 40,
                "lesson_type": "text",
                "order_index": place + 1,
                "duration_minutes": 9,
                "is_preview": False,
                "created_at": _BEGAN,
                "updated_at": _BEGAN,
                "version": 1,
            }


def _enrollments(size: Size) -> Rows:
    for number in range(size.students * COURSES_EACH):
        student, place = divmod(number, COURSES_EACH)
        yield {
            "id": id_of("enrollment", number),
            "student_id": id_of("student", student),
            "course_id": id_of("course", course_of(size, student, place)),
            "enrolled_at": _BEGAN + timedelta(seconds=number),
            "status": "active",
            "progress_percentage": 0,
            "completed_lessons_count": 0,
            "total_lessons_count": LESSONS_EACH,
            "total_time_spent_seconds": 0,
            "version": 1,
        }


def forget_progress(url: str) -> None:
    """Put every enrollment back to its beginning, for the next round of writing."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("TRUNCATE lesson_progress")
        connection.execute(
            "UPDATE enrollments SET completed_lessons_count = 0, progress_percentage = 0, status = 'active',"
            " completed_at = NULL WHERE completed_lessons_count > 0"
        )
