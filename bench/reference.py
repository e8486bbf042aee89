"""The reference: the same endpoints in the style that this field usually writes.

Synchronous FastAPI routes, SQLAlchemy's ORM over psycopg, a session for each request, the user looked up for each
request, Pydantic models made of entities. It is written with care: related rows are loaded with the page, not one by
one.
"""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, joinedload, sessionmaker

from studium.kit.base.ids import new_id
from studium.models import Certificate, Course, Enrollment, Lesson, LessonProgress, User, UserSession

_KEY = OctKey.import_key(base64.b64decode(os.environ.get("BENCH_KEY", "")) or b"0" * 32)
_engine = create_engine(
    make_url(os.environ.get("BENCH_DATABASE", "postgresql://localhost/none")).set(drivername="postgresql+psycopg"),
    pool_size=10,
    max_overflow=0,
)
_sessions = sessionmaker(_engine, expire_on_commit=False)
app = FastAPI()


def session() -> Iterator[Session]:
    """A session for the request."""
    with _sessions() as opened:
        yield opened


SessionDep = Annotated[Session, Depends(session)]


def user(db: SessionDep, authorization: Annotated[str, Header()]) -> User:
    """The user behind the token: session and user are looked up for each request."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), _KEY, algorithms=["HS256"]).claims
    except JoseError as error:
        raise HTTPException(401) from error
    known = db.get(UserSession, UUID(claims["sid"]))
    found = db.get(User, UUID(claims["sub"]))
    now = datetime.now(UTC)
    if known is None or found is None or known.revoked_at or known.expires_at < now or not found.is_active:
        raise HTTPException(401)
    return found


UserDep = Annotated[User, Depends(user)]


class Model(BaseModel):
    """What is made of entities."""

    model_config = ConfigDict(from_attributes=True)


class PersonModel(Model):
    """A person."""

    id: UUID
    full_name: str


class CourseModel(Model):
    """A course card."""

    id: UUID
    title: str
    slug: str
    description: str | None
    instructor: PersonModel
    category: str | None
    difficulty_level: str | None
    is_published: bool
    thumbnail_url: str | None
    estimated_duration_minutes: int | None
    created_at: datetime
    updated_at: datetime
    version: int
    lessons_count: int
    enrollments_count: int


class LessonModel(Model):
    """A lesson."""

    id: UUID
    course_id: UUID
    title: str
    slug: str
    description: str | None
    content: str | None
    lesson_type: str
    order_index: int
    duration_minutes: int | None
    video_url: str | None
    is_preview: bool
    created_at: datetime
    updated_at: datetime
    version: int


class EnrollmentModel(Model):
    """An enrollment."""

    id: UUID
    student: PersonModel
    course_id: UUID
    enrolled_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    status: str
    progress_percentage: float
    completed_lessons_count: int
    total_lessons_count: int
    total_time_spent_seconds: int
    last_accessed_at: datetime | None
    rating: int | None
    review: str | None
    version: int


class MyCourseModel(EnrollmentModel):
    """An enrollment with its course."""

    title: str
    slug: str
    instructor: PersonModel
    next_lesson_id: UUID | None
    next_lesson_slug: str | None
    next_lesson_title: str | None
    certificate_id: UUID | None


class ProgressReport(BaseModel):
    """What a player reports."""

    completion_percentage: Decimal
    last_position_seconds: int
    time_spent_seconds: int


class Enrolment(BaseModel):
    """Where to enrol."""

    course_id: UUID


def _counted(db: Session, column: Any, ids: list[UUID], *where: Any) -> dict[UUID, int]:  # noqa: ANN401 -- columns.
    rows = db.execute(select(column, func.count()).where(column.in_(ids), *where).group_by(column)).all()
    return {row[0]: row[1] for row in rows}


@app.get("/api/v1/courses")
def courses(db: SessionDep, _: UserDep, limit: int = 20) -> list[CourseModel]:
    """The catalogue."""
    newest = select(Course).where(Course.is_published).order_by(Course.created_at.desc(), Course.id.desc())
    found = db.scalars(newest.options(joinedload(Course.instructor)).limit(limit)).all()
    ids = [course.id for course in found]
    lessons = _counted(db, Lesson.course_id, ids, Lesson.archived_at.is_(None))
    people = _counted(db, Enrollment.course_id, ids)
    return [
        CourseModel.model_validate(
            {**vars(course), "lessons_count": lessons.get(course.id, 0), "enrollments_count": people.get(course.id, 0)}
        )
        for course in found
    ]


@app.get("/api/v1/enrollments/my-courses")
def my_courses(db: SessionDep, me: UserDep) -> list[MyCourseModel]:
    """One's own courses."""
    course = joinedload(Enrollment.course).joinedload(Course.instructor)
    mine = select(Enrollment).where(Enrollment.student_id == me.id).options(course, joinedload(Enrollment.student))
    found = db.scalars(mine.order_by(Enrollment.enrolled_at.desc()).limit(50)).all()
    ids, course_ids = [row.id for row in found], [row.course_id for row in found]
    live = select(Lesson).where(Lesson.course_id.in_(course_ids), Lesson.archived_at.is_(None))
    lessons = db.scalars(live.order_by(Lesson.order_index)).all()
    progress = db.scalars(select(LessonProgress).where(LessonProgress.enrollment_id.in_(ids))).all()
    done = {(row.enrollment_id, row.lesson_id) for row in progress if row.status == "completed"}
    issued = {
        row.enrollment_id: row.id for row in db.scalars(select(Certificate).where(Certificate.student_id == me.id))
    }

    def following(row: Enrollment) -> dict[str, object]:
        ahead = (one for one in lessons if one.course_id == row.course_id and (row.id, one.id) not in done)
        found = next(ahead, None)
        return {f"next_lesson_{name}": found and getattr(found, name) for name in ("id", "slug", "title")}

    return [
        MyCourseModel.model_validate(
            {
                **vars(row),
                "title": row.course.title,
                "slug": row.course.slug,
                "instructor": row.course.instructor,
                "certificate_id": issued.get(row.id),
                **following(row),
            }
        )
        for row in found
    ]


@app.get("/api/v1/courses/{course_id}/lessons/{lesson_id}")
def lesson(db: SessionDep, me: UserDep, course_id: UUID, lesson_id: UUID) -> LessonModel:
    """A lesson, for those who are enrolled."""
    found = db.get(Lesson, lesson_id)
    if found is None or found.course_id != course_id or found.archived_at is not None:
        raise HTTPException(404)
    mine = select(Enrollment).where(Enrollment.course_id == course_id, Enrollment.student_id == me.id)
    if db.scalars(mine).one_or_none() is None:
        raise HTTPException(403)
    return LessonModel.model_validate(found)


def own_enrollment(db: Session, me: User, enrollment_id: UUID, *, lock: bool = False) -> Enrollment:
    """The caller's own enrollment, locked on request."""
    wanted = select(Enrollment).where(Enrollment.id == enrollment_id, Enrollment.student_id == me.id)
    loaded = wanted.with_for_update() if lock else wanted.options(joinedload(Enrollment.student))
    found = db.scalars(loaded).one_or_none()
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/api/v1/enrollments/courses/{course_id}/stats")
def stats(db: SessionDep, me: UserDep, course_id: UUID) -> dict[str, Any]:
    """The figures of a course, counted when somebody looks."""
    course = db.get(Course, course_id)
    if course is None or course.instructor_id != me.id:
        raise HTTPException(404)
    here = Enrollment.course_id == course_id
    by_status = db.execute(select(Enrollment.status, func.count()).where(here).group_by(Enrollment.status)).all()
    figures = func.avg(Enrollment.progress_percentage), func.avg(Enrollment.rating), func.count(Enrollment.rating)
    progress, rating, reviews = db.execute(select(*figures).where(here)).one()
    return {"by_status": {row[0]: row[1] for row in by_status}, "progress": progress, "rating": rating, "n": reviews}


@app.get("/api/v1/enrollments/{enrollment_id}")
def enrollment(db: SessionDep, me: UserDep, enrollment_id: UUID) -> EnrollmentModel:
    """An enrollment."""
    return EnrollmentModel.model_validate(own_enrollment(db, me, enrollment_id))


def progress_of(db: Session, row: Enrollment, lesson_id: UUID) -> LessonProgress:
    """The learner's progress in a lesson, new where there is none."""
    found = db.get(Lesson, lesson_id)
    if found is None or found.course_id != row.course_id:
        raise HTTPException(404)
    wanted = select(LessonProgress).where(LessonProgress.enrollment_id == row.id, LessonProgress.lesson_id == lesson_id)
    known = db.scalars(wanted).one_or_none()
    if known is None:
        known = LessonProgress(id=new_id(), enrollment_id=row.id, lesson_id=lesson_id, started_at=datetime.now(UTC))
        db.add(known)
    return known


@app.post("/api/v1/enrollments/{enrollment_id}/lessons/{lesson_id}/complete")
def complete(db: SessionDep, me: UserDep, enrollment_id: UUID, lesson_id: UUID) -> dict[str, Any]:
    """Mark a lesson as done, and count."""
    row = own_enrollment(db, me, enrollment_id, lock=True)
    recount(db, row, progress_of(db, row, lesson_id))
    db.commit()
    return {"status": row.status, "progress_percentage": float(row.progress_percentage)}


def recount(db: Session, row: Enrollment, progress: LessonProgress) -> None:
    """Complete a lesson, and count the lessons anew."""
    progress.status, progress.completed_at = "completed", datetime.now(UTC)  # type: ignore[assignment]  # a text.
    progress.completion_percentage = Decimal(100)
    db.flush()
    live = (
        select(func.count()).select_from(Lesson).where(Lesson.course_id == row.course_id, Lesson.archived_at.is_(None))
    )
    done = select(func.count()).select_from(LessonProgress)
    mine = done.where(LessonProgress.enrollment_id == row.id, LessonProgress.status == "completed")
    row.total_lessons_count, row.completed_lessons_count = db.scalar(live) or 0, db.scalar(mine) or 0
    row.progress_percentage = Decimal(row.completed_lessons_count * 10_000 // row.total_lessons_count) / 100
    row.last_accessed_at = datetime.now(UTC)


@app.patch("/api/v1/enrollments/{enrollment_id}/lessons/{lesson_id}/progress")
def report(db: SessionDep, me: UserDep, enrollment_id: UUID, lesson_id: UUID, sent: ProgressReport) -> dict[str, Any]:
    """Take over what a player reports."""
    row = own_enrollment(db, me, enrollment_id, lock=True)
    progress = progress_of(db, row, lesson_id)
    progress.status = "in_progress"  # type: ignore[assignment]  # a text.
    progress.completion_percentage = sent.completion_percentage
    progress.last_position_seconds = sent.last_position_seconds
    progress.time_spent_seconds = sent.time_spent_seconds
    db.flush()
    spent = select(func.sum(LessonProgress.time_spent_seconds)).where(LessonProgress.enrollment_id == row.id)
    row.total_time_spent_seconds = db.scalar(spent) or 0
    db.commit()
    return {"time_spent_seconds": progress.time_spent_seconds}


@app.post("/api/v1/enrollments", status_code=201)
def enrol(db: SessionDep, me: UserDep, wish: Enrolment) -> EnrollmentModel:
    """Enrol in a course."""
    course = db.get(Course, wish.course_id)
    mine = select(Enrollment).where(Enrollment.course_id == wish.course_id, Enrollment.student_id == me.id)
    if me.role != "student" or course is None or not course.is_published or db.scalars(mine).one_or_none() is not None:
        raise HTTPException(409)
    live = select(func.count()).select_from(Lesson).where(Lesson.course_id == course.id, Lesson.archived_at.is_(None))
    row = Enrollment(
        id=new_id(), student=me, course_id=course.id, enrolled_at=datetime.now(UTC), total_lessons_count=db.scalar(live)
    )
    db.add(row)
    db.commit()
    return EnrollmentModel.model_validate(row)
