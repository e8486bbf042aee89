"""Random schools: rows of every kind, written and then changed, as the constraints allow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models import (
    AttemptStatus,
    Certificate,
    Course,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonProgress,
    LessonType,
    ProgressStatus,
    Quiz,
    QuizAttempt,
    QuizType,
    UserSession,
)
from tests.world import World, add_students

STUDENTS = tuple(f"s{number}" for number in range(8))
Row = TypeVar("Row", bound=Base)
TEACHERS = ("ada", "eve")


class Chance:
    """Everything random about a school."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, Random(seed)

    def moment(self) -> datetime:
        """Some instant of the last 400 days; now and then just before or at a full hour."""
        at = now() - timedelta(seconds=self.random.uniform(0, 400 * 86_400))
        if self.random.random() < 0.3:
            at = at.replace(minute=0, second=0, microsecond=0) - timedelta(microseconds=self.random.choice((0, 1, 400)))
        return at.astimezone(UTC)

    def percent(self, most: int = 10_000) -> Decimal:
        return Decimal(self.random.randint(0, most)) / 100

    def some(self, rows: Sequence[Row], share: float) -> list[Row]:
        return [row for row in rows if self.random.random() < share]

    def course(self, number: int) -> Course:
        return Course(
            id=new_id(),
            title=f"=Random {number}",
            slug=f"random-{number}",
            instructor_id=self.world.ids[self.random.choice(TEACHERS)],
            category=self.random.choice((None, "Science", "Craft")),
            is_published=self.random.random() < 0.8,
        )

    def lessons(self, course: Course) -> list[Lesson]:
        rows = []
        for number in range(self.random.randint(0, 6)):
            is_archived = self.random.random() < 0.15
            row = Lesson(
                id=new_id(),
                course_id=course.id,
                title=f"Lesson {number}",
                slug=f"lesson-{number}",
                lesson_type=self.random.choice((LessonType.TEXT, LessonType.QUIZ)),
                order_index=-number - 1 if is_archived else number + 1,
                archived_at=self.moment() if is_archived else None,
            )
            rows.append(row)
        return rows

    def quiz(self, lesson: Lesson) -> Quiz:
        kind = self.random.choice(list(QuizType))
        return Quiz(id=new_id(), lesson_id=lesson.id, title=f"Quiz of {lesson.title}", quiz_type=kind)

    def enrollment(self, student: UUID, course: Course) -> Enrollment:
        row = Enrollment(
            id=new_id(), student_id=student, course_id=course.id, enrolled_at=self.moment(), total_lessons_count=9
        )
        self.move(row)
        return row

    def move(self, row: Enrollment) -> None:
        """Give an enrollment some state."""
        row.status = self.random.choice(list(EnrollmentStatus))
        done = row.status is EnrollmentStatus.COMPLETED
        row.progress_percentage = Decimal(100) if done else self.percent()
        row.completed_at = self.moment() if done else None
        row.total_time_spent_seconds = self.random.randint(0, 90_000)
        row.rating = self.random.choice((None, 1, 2, 3, 4, 5))
        row.last_accessed_at = self.random.choice((None, self.moment()))

    def progress(self, enrollment: Enrollment, lesson: Lesson) -> LessonProgress:
        row = LessonProgress(
            id=new_id(),
            enrollment_id=enrollment.id,
            lesson_id=lesson.id,
            time_spent_seconds=self.random.randint(0, 999),
        )
        self.advance(row)
        return row

    def advance(self, row: LessonProgress) -> None:
        row.status = self.random.choice(list(ProgressStatus))
        done = row.status is ProgressStatus.COMPLETED
        row.completed_at = self.moment() if done else None
        row.completion_percentage = Decimal(100) if done else Decimal(10)
        row.updated_at = self.moment()

    def attempt(self, enrollment: Enrollment, quiz: Quiz, number: int) -> QuizAttempt:
        row = QuizAttempt(
            id=new_id(),
            enrollment_id=enrollment.id,
            quiz_id=quiz.id,
            attempt_number=number,
            started_at=self.moment(),
            paper="{}",
            key={},
            max_score=Decimal(10),
        )
        self.sit(row)
        return row

    def sit(self, row: QuizAttempt) -> None:
        """Hand an attempt in, marked or waiting."""
        row.status = self.random.choice((AttemptStatus.SUBMITTED, AttemptStatus.GRADED))
        row.submitted_at = self.moment()
        self.grade(row)

    def grade(self, row: QuizAttempt) -> None:
        """Mark a graded attempt, perhaps anew."""
        graded = row.status is AttemptStatus.GRADED
        row.graded_at = self.moment() if graded else None
        row.score = self.percent(1000) if graded else None
        row.percentage = self.percent() if graded else None
        row.is_passed = self.random.random() < 0.5 if graded else None

    def certificate(self, row: Enrollment, number: int) -> Certificate:
        revoked = self.random.random() < 0.3
        return Certificate(
            id=new_id(),
            enrollment_id=row.id,
            student_id=row.student_id,
            course_id=row.course_id,
            certificate_number=f"CERT-20260101-{number:06}",
            pdf_path="x.pdf",
            completion_date=self.moment(),
            issued_at=self.moment(),
            student_name="Some One",
            course_title="Something",
            instructor_name="Ada",
            is_revoked=revoked,
            revoked_at=self.moment() if revoked else None,
        )


async def fill(world: World, seed: int) -> Chance:
    """Add a random school to the one of named people."""
    chance = Chance(world, seed)
    await add_students(world, *STUDENTS)
    courses = [chance.course(number) for number in range(5)]
    lessons = {course.id: chance.lessons(course) for course in courses}
    quizzes = [chance.quiz(row) for rows in lessons.values() for row in rows if row.lesson_type is LessonType.QUIZ]
    pairs = [(world.ids[student], course) for student in STUDENTS for course in courses]
    enrollments = [chance.enrollment(*pair) for pair in pairs if chance.random.random() < 0.6]
    visits = [(row, lesson) for row in enrollments for lesson in lessons[row.course_id]]
    progress = [chance.progress(*visit) for visit in visits if chance.random.random() < 0.6]
    course_of = {row.id: row.course_id for rows in lessons.values() for row in rows}
    attempts = [
        chance.attempt(row, quiz, number)
        for row in enrollments
        for quiz in quizzes
        if course_of[quiz.lesson_id] == row.course_id
        for number in range(1, chance.random.randint(0, 3) + 1)
    ]
    completed = [row for row in enrollments if row.status is EnrollmentStatus.COMPLETED]
    certificates = [chance.certificate(row, number) for number, row in enumerate(chance.some(completed, 0.8))]
    seen = [name for name in STUDENTS if chance.random.random() < 0.7]
    sessions = [_session(world, chance, name) for name in seen for _ in range(2)]
    outline = [row for rows in lessons.values() for row in rows]
    for layer in (courses, outline, quizzes, enrollments, progress, attempts, certificates, sessions):
        await world.add(*layer)
    return chance


def _session(world: World, chance: Chance, name: str) -> UserSession:
    at = chance.moment()
    return UserSession(
        id=new_id(), user_id=world.ids[name], created_at=at, last_seen_at=at, expires_at=now() + timedelta(days=1)
    )


async def change(chance: Chance) -> None:
    """Change some rows of every kind."""
    async with chance.world.runtime.database.write_session() as session:
        for row in chance.some((await session.execute(select(Enrollment))).scalars().all(), 0.4):
            if row.id not in (chance.world.ids["E1"], chance.world.ids["E3"]):
                chance.move(row)
        for progress in chance.some((await session.execute(select(LessonProgress))).scalars().all(), 0.3):
            chance.advance(progress)
        for attempt in chance.some((await session.execute(select(QuizAttempt))).scalars().all(), 0.4):
            chance.grade(attempt)
        for certificate in chance.some((await session.execute(select(Certificate))).scalars().all(), 0.4):
            certificate.is_revoked, certificate.revoked_at = True, chance.moment()
