"""The school that the benchmark runs on: as many enrollments as asked for, in rows that are the same every time."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb
from sqlalchemy import Table, create_engine, insert, text
from sqlalchemy.engine import make_url

from bench.papers import EXAM, QUIZ, id_of, question_id
from studium.kit.base.ids import new_id
from studium.kit.db import migrations as migrate
from studium.kit.db.database import Database
from studium.kit.db.tables import Base
from studium.kit.runtime import BACKGROUND_SECONDS
from studium.kit.security.passwords import BoundedExecutor
from studium.models import Certificate, Course, Enrollment, Lesson, Quiz, QuizQuestion, User, UserSession
from studium.modules.analytics.actions_reconcile import repair_tallies

COURSES_EACH = 10
LESSONS_EACH = 20
TEXTS_EACH = LESSONS_EACH - 2
"""Lessons that a click completes; the last of a course has a quiz, and the one before it in course 0 the exam."""
LOGGED_IN = 500
PASSWORD = "the-same-for-everybody-here"  # noqa: S105 -- of a school that lives for a minute.
TEACHERS = 20
CERTIFICATES = 500
LAYOUT = 3
"""Raise it when the rows become other ones: a database of another layout is not used again."""

_YEAR = timedelta(days=365)
_TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
_BEGAN = _TODAY - _YEAR
_NOW = datetime.now(UTC)
_SOON = _NOW + timedelta(days=20)
_BATCH = 5_000
Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. Each student is in ten courses."""

    enrollments: int
    logged_in: int = LOGGED_IN

    @property
    def students(self) -> int:
        """At least as many as are logged in."""
        return max(self.logged_in, self.enrollments // COURSES_EACH)

    @property
    def courses(self) -> int:
        """A thousand enrollments each, once there are many."""
        return max(100, self.enrollments // 1000)


def course_of(size: Size, student: int, place: int) -> int:
    """The number of the course that a student takes at a place 0..9; no course twice. Everybody takes course 0."""
    return 1 + (student * (COURSES_EACH - 1) + place) % (size.courses - 1) if place else 0


def database(server: str, size: Size) -> str:
    """The address of a filled database on PostgreSQL; one that is there from before is used again."""
    name = f"studium_bench_{size.enrollments}_{LAYOUT}"
    url = f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    migrate.upgrade(url)
    if known is None:
        fill(url, size)
    return url


@contextmanager
def passing(server: str, size: Size) -> Iterator[str]:
    """The address of a new, filled database on PostgreSQL that is gone after the block."""
    name = f"studium_bench_passing_{new_id().hex[-8:]}"
    url = f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            migrate.upgrade(url)
            fill(url, size)
            yield url
        finally:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def embedded(folder: Path, size: Size) -> str:
    """The address of a new, filled SQLite file."""
    url = f"sqlite:///{folder}/studium.db"
    migrate.upgrade(url)
    fill(url, size)
    return url


def fill(url: str, size: Size) -> None:
    """Write the school into an empty, migrated database."""
    tables: list[tuple[type[Base], Rows]] = [
        (User, _users(size)),
        (
            UserSession,
            chain(_sessions("student", size.logged_in), _sessions("teacher", TEACHERS), _sessions("admin", 1)),
        ),
        (Course, _courses(size)),
        (Lesson, _lessons(size)),
        (Enrollment, _enrollments(size)),
        (Quiz, _quizzes(size)),
        (QuizQuestion, _questions(size)),
        (Certificate, _certificates(size)),
    ]
    if url.startswith("sqlite"):
        _fill_sqlite(url, tables)
    else:
        _copy(url, tables)


def _copy(url: str, tables: Iterable[tuple[type[Base], Rows]]) -> None:
    with psycopg.connect(address_of(url)) as connection:
        # No triggers for a million rows: what they keep is counted once, at the end.
        connection.execute("SET session_replication_role = replica")
        for model, rows in tables:
            first = next(rows, None)
            if first is None:
                continue
            names = ", ".join(f'"{name}"' for name in first)
            with connection.cursor().copy(f"COPY {model.__tablename__} ({names}) FROM STDIN") as copy:
                for row in chain((first,), rows):
                    copy.write_row([Jsonb(value) if isinstance(value, list) else value for value in row.values()])
        connection.execute("SET session_replication_role = origin")
        connection.execute(_COUNTS)
        connection.execute(_ATTEMPTS)
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")
        asyncio.run(_tally(url))
        connection.execute("VACUUM ANALYZE")


async def _tally(url: str) -> None:
    """Count the tallies of rows that were written without triggers."""
    database = Database(url, statement_seconds=BACKGROUND_SECONDS)
    async with database.write_session() as session:
        await repair_tallies(session)
        await session.execute(text(_FOLDED))
        await session.execute(text("TRUNCATE tally_deltas"))
    await database.close()


def address_of(url: str) -> str:
    """The address as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _fill_sqlite(url: str, tables: Iterable[tuple[type[Base], Rows]]) -> None:
    engine = create_engine(make_url(url).set(drivername="sqlite+pysqlite"))
    with engine.begin() as connection:
        for model, rows in tables:
            table: Table = model.__table__  # type: ignore[assignment]  # mapped classes have tables.
            while batch := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
                connection.execute(insert(table), batch)
        connection.exec_driver_sql("ANALYZE")


def _users(size: Size) -> Rows:
    kinds = (("admin", 1, "admin"), ("teacher", TEACHERS, "instructor"), ("student", size.students, "student"))
    for kind, many, role in kinds:
        for number in range(many):
            yield {
                "id": id_of(kind, number),
                "email": f"{kind}{number}@bench.example",
                "password_hash": _password_hash(),
                "full_name": f"{kind.title()} {number}",
                "role": role,
                "is_active": True,
                "mfa_enabled": False,
                "email_verified_at": _BEGAN,
                "created_at": _BEGAN,
                "updated_at": _BEGAN,
                "version": 1,
            }


@cache
def _password_hash() -> str:
    """Of PASSWORD, at full strength."""
    return asyncio.run(BoundedExecutor().hash(PASSWORD))


def _sessions(kind: str, many: int) -> Rows:
    for number in range(many):
        yield {
            "id": id_of(f"{kind}-session", number),
            "user_id": id_of(kind, number),
            "created_at": _NOW,
            "last_seen_at": _NOW,
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
                "lesson_type": "quiz" if place >= TEXTS_EACH and (course == 0 or place > TEXTS_EACH) else "text",
                "order_index": place + 1,
                "duration_minutes": 9,
                "is_preview": False,
                "created_at": _BEGAN,
                "updated_at": _BEGAN,
                "version": 1,
            }


def _is_done(size: Size, number: int) -> bool:
    """Those who are logged in have everything before them, as the benchmark writes for them."""
    return number // COURSES_EACH >= size.logged_in and number % 3 == 0


def _enrollments(size: Size) -> Rows:
    for number in range(size.students * COURSES_EACH):
        student, place = divmod(number, COURSES_EACH)
        is_done = _is_done(size, number)
        yield {
            "id": id_of("enrollment", number),
            "student_id": id_of("student", student),
            "course_id": id_of("course", course_of(size, student, place)),
            "enrolled_at": _BEGAN + _YEAR * number / (size.students * COURSES_EACH),
            "status": "completed" if is_done else "active",
            "completed_at": _BEGAN + _YEAR * number / (size.students * COURSES_EACH) if is_done else None,
            "progress_percentage": 100 if is_done else 0,
            "completed_lessons_count": LESSONS_EACH if is_done else 0,
            "total_lessons_count": LESSONS_EACH,
            "total_time_spent_seconds": 0,
            "rating": 1 + number % 5 if is_done else None,
            "version": 1,
        }


def _quizzes(size: Size) -> Rows:
    papers = [(number, id_of("quiz", number), number * LESSONS_EACH + TEXTS_EACH + 1) for number in range(size.courses)]
    for number, quiz, lesson in ((0, id_of("exam", 0), TEXTS_EACH), *papers):
        yield {
            "id": quiz,
            "lesson_id": id_of("lesson", lesson),
            "title": f"Quiz {number}",
            "quiz_type": "graded",
            "passing_score": 50,
            "time_limit_minutes": 60,
            "shuffle_questions": True,
            "shuffle_options": True,
            "show_correct_answers": True,
            "is_published": True,
            "created_at": _BEGAN,
            "updated_at": _BEGAN,
            "version": 1,
        }


def _questions(size: Size) -> Rows:
    papers = ((id_of("quiz", number), QUIZ) for number in range(size.courses))
    for quiz, questions in chain([(id_of("exam", 0), EXAM)], papers):
        for place, question in enumerate(questions):
            yield {
                "id": question_id(quiz, place),
                "quiz_id": quiz,
                "question_text": question.text,
                "question_type": question.kind,
                "points": 1,
                "order_index": place + 1,
                "options": question.options,
                "correct_answer": question.key,
                "version": 1,
            }


def _certificates(size: Size) -> Rows:
    last = size.students * COURSES_EACH - 1
    for place, number in enumerate(range(last, max(-1, last - CERTIFICATES), -1)):
        student, course = number // COURSES_EACH, course_of(size, *divmod(number, COURSES_EACH))
        yield {
            "id": id_of("certificate", place),
            "enrollment_id": id_of("enrollment", number),
            "student_id": id_of("student", student),
            "course_id": id_of("course", course),
            "certificate_number": certificate_number(place),
            "pdf_path": f"certificates/{place}.pdf",
            "student_name": f"Student {student}",
            "course_title": f"Course {course}: how things are done",
            "instructor_name": f"Teacher {course % TEACHERS}",
            "completion_date": _BEGAN,
            "issued_at": _BEGAN,
            "is_revoked": False,
        }


def certificate_number(place: int) -> str:
    """The number of one of CERTIFICATES."""
    return f"CERT-{_BEGAN:%Y%m%d}-{place:06X}"


def settle(url: str) -> None:
    """Fold what the rounds of writing have appended, as a worker does every few seconds, and tidy up."""
    with psycopg.connect(address_of(url), autocommit=True) as connection:
        connection.execute(_SETTLED)
        connection.execute("VACUUM ANALYZE tally_deltas, tallies, enrollments")


def forget(url: str) -> None:
    """Put those who are logged in back to their beginning, for the next round of writing."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "")) as embedded, embedded:
            for statement in _FORGET:
                embedded.execute(statement)
        return
    with psycopg.connect(address_of(url), autocommit=True) as connection:
        for statement in (*_FORGET, "DELETE FROM bench_attempts"):
            connection.execute(statement)


_FORGET = (
    "DELETE FROM quiz_attempts",
    "DELETE FROM lesson_progress",
    "DELETE FROM enrollments WHERE enrolled_at >= CURRENT_DATE",
    """UPDATE enrollments SET completed_lessons_count = 0, progress_percentage = 0, total_time_spent_seconds = 0,
    started_at = NULL WHERE status = 'active' AND (completed_lessons_count > 0 OR started_at IS NOT NULL)""",
)
_SETTLED = """WITH gone AS (DELETE FROM tally_deltas RETURNING subject_id, name, slot, amount)
    INSERT INTO tallies (subject_id, name, slot, amount)
    SELECT subject_id, name, slot, sum(amount) FROM gone GROUP BY subject_id, name, slot
    ON CONFLICT (subject_id, name, slot) DO UPDATE SET amount = tallies.amount + excluded.amount"""
# Floor and reference keep attempts here, whatever form Studium's own table has.
_ATTEMPTS = """CREATE TABLE bench_attempts (id uuid PRIMARY KEY, enrollment_id uuid NOT NULL, quiz_id uuid NOT NULL,
    attempt_number int NOT NULL, status text NOT NULL, started_at timestamptz NOT NULL, deadline_at timestamptz,
    submitted_at timestamptz, score numeric, max_score numeric, percentage numeric, is_passed boolean, shown jsonb,
    key jsonb, answers jsonb NOT NULL, results jsonb, version int NOT NULL,
    UNIQUE (enrollment_id, quiz_id, attempt_number));
    CREATE UNIQUE INDEX ON bench_attempts (enrollment_id, quiz_id) WHERE status = 'in_progress'"""
_COUNTS = """INSERT INTO course_counts (course_id, enrollments, ratings, rating_sum)
    SELECT courses.id, count(enrollments.id), count(enrollments.rating), coalesce(sum(enrollments.rating), 0)
    FROM courses LEFT JOIN enrollments ON enrollments.course_id = courses.id GROUP BY courses.id"""
_FOLDED = """INSERT INTO tallies (subject_id, name, slot, amount)
    SELECT subject_id, name, slot, sum(amount) FROM tally_deltas GROUP BY subject_id, name, slot"""
