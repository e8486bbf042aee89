"""Every figure once more, in plain Python over all rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from studium.kit.base.clock import now
from studium.kit.db.tables import Base
from studium.models import (
    Certificate,
    Course,
    Enrollment,
    Lesson,
    LessonProgress,
    Quiz,
    QuizAttempt,
    User,
    UserSession,
)
from tests.world import World

STATUSES = ("active", "completed", "dropped", "expired")
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Span:
    """A trend's parameters."""

    first: date
    last: date
    bucket: str
    zone: str

    @property
    def query(self) -> str:
        return f"from={self.first}&to={self.last}&bucket={self.bucket}&timezone={self.zone}"


def rate(part: Any, whole: int) -> float | None:  # noqa: ANN401 -- an integer or a decimal.
    return float((Decimal(part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)) if whole else None


def bucket_of(day: date, bucket: str) -> date:
    if bucket == "day":
        return day
    return date.fromisocalendar(*day.isocalendar()[:2], 1) if bucket == "week" else date(day.year, day.month, 1)


class School:
    """All rows, and what they add up to."""

    def __init__(self, rows: dict[type[Base], list[Any]]) -> None:
        self.rows = rows

    def all(self, kind: type[Base], **wanted: object) -> list[Any]:
        return [row for row in self.rows[kind] if all(getattr(row, name) == value for name, value in wanted.items())]

    def one(self, kind: type[Base], key: UUID) -> Any:  # noqa: ANN401 -- a row.
        (row,) = self.all(kind, id=key)
        return row

    def courses(self) -> list[UUID]:
        return [row.id for row in self.all(Course)]

    def by_status(self, enrollments: list[Any]) -> dict[str, int]:
        return {status: sum(row.status == status for row in enrollments) for status in STATUSES}

    def enrolled(self, enrollments: list[Any]) -> dict[str, Any]:
        learning = [row.progress_percentage for row in enrollments if row.status in ("active", "completed")]
        return {
            "enrollments": self.by_status(enrollments),
            "average_progress": rate(sum(learning, Decimal(0)), len(learning)),
            "completion_rate": rate(sum(row.status == "completed" for row in enrollments) * 100, len(enrollments)),
        }

    def trend(self, enrollments: list[Any], span: Span) -> list[dict[str, Any]]:
        days = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
        starts = sorted({bucket_of(day, span.bucket) for day in days})

        def counted(moments: Iterable[datetime | None], start: date) -> int:
            local = [at.astimezone(ZoneInfo(span.zone)).date() for at in moments if at is not None]
            return sum(span.first <= day <= span.last and bucket_of(day, span.bucket) == start for day in local)

        return [
            {
                "starts_on": str(start),
                "enrollments": counted((row.enrolled_at for row in enrollments), start),
                "completions": counted((row.completed_at for row in enrollments), start),
            }
            for start in starts
        ]

    def stars(self, enrollments: list[Any]) -> list[int]:
        return [row.rating for row in enrollments if row.rating is not None]

    def progress_of(self, student: UUID) -> dict[str, Any]:
        mine = self.all(Enrollment, student_id=student)
        ids = {row.id for row in mine}
        attempts = [row for row in self.all(QuizAttempt) if row.enrollment_id in ids and row.status != "in_progress"]
        best: dict[UUID, list[Any]] = {}
        for row in attempts:
            best.setdefault(row.quiz_id, []).append(row)
        percentages = [[row.percentage for row in rows if row.percentage is not None] for rows in best.values()]
        reached = [max(each) for each in percentages if each]
        lessons = [row for row in self.all(LessonProgress) if row.enrollment_id in ids and row.status == "completed"]
        return {
            **self.enrolled(mine),
            "lessons_completed": len(lessons),
            "time_spent_seconds": sum(row.total_time_spent_seconds for row in mine),
            "quizzes": {
                "attempted": len(best),
                "passed": sum(any(row.is_passed for row in rows) for rows in best.values()),
                "average_percentage": rate(sum(reached, Decimal(0)), len(reached)),
            },
            "certificates": len(self.all(Certificate, student_id=student, is_revoked=False)),
        }

    def dashboard_of(self, student: UUID, at: datetime) -> dict[str, Any]:
        mine = self.all(Enrollment, student_id=student)
        ids, since = {row.id for row in mine}, at - MONTH
        progress = [row for row in self.all(LessonProgress) if row.enrollment_id in ids]
        attempts = [row for row in self.all(QuizAttempt) if row.enrollment_id in ids]
        return {
            "summary": self.progress_of(student),
            "continue_learning": self.to_continue(mine),
            "recent_activity": {
                "lessons_completed": sum(
                    row.completed_at is not None and row.completed_at >= since for row in progress
                ),
                "seconds": sum(row.time_spent_seconds for row in progress if row.updated_at >= since),
                "attempts": sum(row.started_at >= since for row in attempts),
            },
            "recommendations": self.recommended(mine),
        }

    def to_continue(self, mine: list[Any]) -> list[dict[str, Any]]:
        active = [row for row in mine if row.status == "active"]
        active.sort(key=lambda row: ((row.last_accessed_at or row.enrolled_at), row.id), reverse=True)
        return [
            {"enrollment_id": str(row.id), "course_id": str(row.course_id), "next_lesson_id": self.next_lesson(row)}
            for row in active[:5]
        ]

    def next_lesson(self, enrollment: Any) -> str | None:  # noqa: ANN401 -- a row.
        done = {row.lesson_id for row in self.all(LessonProgress, enrollment_id=enrollment.id, status="completed")}
        live = sorted(
            self.all(Lesson, course_id=enrollment.course_id, archived_at=None), key=lambda row: row.order_index
        )
        return next((str(row.id) for row in live if row.id not in done), None)

    def recommended(self, mine: list[Any]) -> list[tuple[str, int]]:
        taken = {row.course_id for row in mine}
        liked = {self.one(Course, course).category for course in taken} - {None}
        open_ones = [row for row in self.all(Course, is_published=True) if row.id not in taken]
        popular = {row.id: len(self.all(Enrollment, course_id=row.id)) for row in open_ones}
        open_ones.sort(key=lambda row: (row.category in liked, popular[row.id], row.id), reverse=True)
        return [(str(row.id), popular[row.id]) for row in open_ones[:5]]

    def course(self, course: UUID, span: Span) -> dict[str, Any]:
        mine = self.all(Enrollment, course_id=course)
        stars = self.stars(mine)
        seconds = sum(row.total_time_spent_seconds for row in mine)
        live = sorted(self.all(Lesson, course_id=course, archived_at=None), key=lambda row: row.order_index)
        return {
            **self.enrolled(mine),
            "average_time_spent_seconds": round(seconds / len(mine)) if mine else None,
            "average_rating": rate(sum(stars), len(stars)),
            "ratings": {str(n): stars.count(n) for n in range(1, 6)},
            "lessons": [self.lesson(row) for row in live],
            "quizzes": [self.quiz(quiz, len(mine)) for row in live for quiz in self.all(Quiz, lesson_id=row.id)],
            "trend": self.trend(mine, span),
        }

    def lesson(self, lesson: Any) -> dict[str, Any]:  # noqa: ANN401 -- a row.
        progress = [row.status for row in self.all(LessonProgress, lesson_id=lesson.id)]
        done = progress.count("completed")
        return {"lesson_id": str(lesson.id), "started": done + progress.count("in_progress"), "completed": done}

    def quiz(self, quiz: Any, people: int) -> dict[str, Any]:  # noqa: ANN401 -- a row.
        attempts = [row for row in self.all(QuizAttempt, quiz_id=quiz.id) if row.status != "in_progress"]
        graded = [row for row in attempts if row.status == "graded"]
        done = len(self.all(LessonProgress, lesson_id=quiz.lesson_id, status="completed"))
        return {
            "quiz_id": str(quiz.id),
            "attempts": len(attempts),
            "learners": len({row.enrollment_id for row in attempts}),
            "completed": done,
            "pass_rate": rate(sum(row.is_passed for row in graded) * 100, len(graded)),
            "average_percentage": rate(sum((row.percentage for row in graded), Decimal(0)), len(graded)),
            "completion_rate": rate(done * 100, people),
        }

    def course_row(self, course: Any) -> dict[str, Any]:  # noqa: ANN401 -- a row.
        mine = self.all(Enrollment, course_id=course.id)
        stars, completed = self.stars(mine), sum(row.status == "completed" for row in mine)
        return {
            "course_id": str(course.id),
            "title": course.title,
            "is_published": course.is_published,
            "enrollments": len(mine),
            "completions": completed,
            "completion_rate": rate(completed * 100, len(mine)),
            "average_rating": rate(sum(stars), len(stars)),
        }

    def instructor(self, instructor: UUID, span: Span) -> dict[str, Any]:
        courses = self.all(Course, instructor_id=instructor)
        ids = {course.id for course in courses}
        mine = [row for row in self.all(Enrollment) if row.course_id in ids]
        stars, completed = self.stars(mine), sum(row.status == "completed" for row in mine)
        live = [row for row in self.all(Lesson, archived_at=None) if row.course_id in ids]
        quizzes = [self.quiz(quiz, 1) for row in live for quiz in self.all(Quiz, lesson_id=row.id)]
        tried = sum(quiz["learners"] for quiz in quizzes)
        courses.sort(key=lambda row: (row.created_at, row.id), reverse=True)
        return {
            "courses_count": len(courses),
            "enrollments": len(mine),
            "completions": completed,
            "completion_rate": rate(completed * 100, len(mine)),
            "average_rating": rate(sum(stars), len(stars)),
            "quiz_completion_rate": rate(sum(quiz["completed"] for quiz in quizzes) * 100, tried),
            "courses": [self.course_row(course) for course in courses],
            "trend": self.trend(mine, span),
        }

    def system(self, span: Span, at: datetime) -> dict[str, Any]:
        mine = self.all(Enrollment)
        courses = self.all(Course, is_published=True)
        courses.sort(key=lambda row: (len(self.all(Enrollment, course_id=row.id)), row.id), reverse=True)
        return {
            "users": {role: len(self.all(User, role=role)) for role in ("admin", "instructor", "student")},
            "active_users": len({row.user_id for row in self.all(UserSession) if row.last_seen_at >= at - MONTH}),
            "courses": len(self.all(Course)),
            "published_courses": len(courses),
            "enrollments": self.by_status(mine),
            "completions": sum(row.status == "completed" for row in mine),
            "certificates": len(self.all(Certificate, is_revoked=False)),
            "popular_courses": [self.course_row(course) for course in courses[:10]],
            "trend": self.trend(mine, span),
        }


KINDS = (User, UserSession, Course, Lesson, Quiz, Enrollment, LessonProgress, QuizAttempt, Certificate)


async def read_school(world: World) -> School:
    async with world.runtime.database.read_session() as session:
        return School({kind: list((await session.execute(select(kind))).scalars()) for kind in KINDS})


def same(given: Any, wanted: Any) -> bool:  # noqa: ANN401 -- JSON.
    """Whether an answer has all that is wanted; what nobody counted is left alone."""
    if isinstance(wanted, dict):
        return all(name in given and same(given[name], value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return len(given) == len(wanted) and all(same(*pair) for pair in zip(given, wanted, strict=True))
    return bool(given == wanted)


def today() -> date:
    return now().date()
