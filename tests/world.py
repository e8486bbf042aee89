"""A small school of named people, with something of everything in it, behind the running application.

`ada` teaches C1 (published: L1 text preview, L2 video, L3 quiz lesson with the graded quiz Q1) and the draft C0; `eve`
teaches C2; `sam` is in C1 (E1) and has completed C3 (E3, certificate X3); `mia` is enrolled nowhere; `root` is the
admin; `dan` is deactivated and still holds a token.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx2
from fastapi import FastAPI
from sqlalchemy import func, select

from studium.app import create_app
from studium.kit.base.clock import now
from studium.kit.base.config import Settings, load_settings
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base, record_of
from studium.kit.runtime import Runtime
from studium.kit.security.passwords import executor
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
    QuestionType,
    Quiz,
    QuizAttempt,
    QuizQuestion,
    QuizType,
    Role,
    UploadedFile,
    User,
    UserSession,
)
from studium.modules.quizzes.snapshot import take_snapshot
from tests.databases import counting, store

PASSWORD = "violet kettle 41"
PEOPLE = {
    "ada": Role.INSTRUCTOR,
    "eve": Role.INSTRUCTOR,
    "sam": Role.STUDENT,
    "mia": Role.STUDENT,
    "root": Role.ADMIN,
    "dan": Role.STUDENT,
}
FILES = ("F1", "F2", "F3")
NUMBER = "CERT-20260105-A1B2C3"
Row = TypeVar("Row", bound=Base)
_hashes: list[str] = []


@dataclass
class World:
    """The school. `ids` names its rows as the table of permissions does: C1, L2, E1, Q1, K1, T1, X3, F1 …"""

    app: FastAPI
    client: httpx2.AsyncClient
    folder: Path
    ids: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        found: Runtime = self.app.state.runtime
        return found

    async def call(self, who: str | None, method: str, path: str, **content: Any) -> httpx2.Response:  # noqa: ANN401 -- whatever the client takes.
        """Send a request as somebody, or as nobody; `{C1}` in the path stands for its id."""
        headers = dict(content.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return await self.client.request(method, self.filled(path), headers=headers, **content)

    def filled(self, path: str) -> str:
        """The path with the ids, or what else is known by a name, in place of the names."""
        return path.format(**{**self.tokens, **self.ids}, NUMBER=NUMBER)

    async def add(self, *rows: Base) -> None:
        """Store rows."""
        async with self.runtime.database.write_session() as session:
            session.add_all(rows)

    async def row(self, table: type[Row], name: str) -> Row:
        """A row of the school, read afresh."""
        async with self.runtime.database.read_session() as session:
            found = await session.get(table, self.ids[name])
        assert found is not None
        return found

    async def count(self, table: type[Base]) -> int:
        async with self.runtime.database.read_session() as session:
            return int(await session.scalar(select(func.count()).select_from(table)) or 0)

    async def jobs(self) -> None:
        """Run every job that is due."""
        await self.runtime.jobs.drain()

    def mails(self) -> list[str]:
        return [path.read_text() for path in sorted((self.folder / "mail").glob("*.eml"))]

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[list[str]]:
        """The statements that the block sends, without transaction control."""
        with counting(self.runtime.database) as seen:
            yield seen


@asynccontextmanager
async def open_world(database_url: str, folder: Path, **changes: Any) -> AsyncIterator[World]:  # noqa: ANN401 -- settings of any type.
    """The school behind a running application on this database."""
    wanted = {"jobs": "external", "log_level": "ERROR", "public_base_url": "https://school.example", **changes}
    settings: Settings = load_settings(database_url=database_url, data_dir=folder, _env_file=None, **wanted)
    app = create_app(settings)
    with executor.with_cost(memory_kib=8, passes=1):
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test/api/v1") as client:
                world = World(app, client, folder)
                await _fill(world)
                yield world


async def _fill(world: World) -> None:
    """Layer by layer, so that parents come before what points at them."""
    people = _people(world, PEOPLE, await _hashed())
    store(world.runtime.settings.session_url, people, *_courses(world), _enrollments(world), _rest(world))
    for name in FILES:
        await world.runtime.storage.put(f"uploads/{name.lower()}.txt", b"hello")


async def _hashed() -> str:
    """The hash of everybody's password, which is made once."""
    if not _hashes:
        _hashes.append(await executor.hash(PASSWORD))
    return _hashes[0]


def _named(world: World, name: str) -> UUID:
    world.ids[name] = new_id()
    return world.ids[name]


async def add_students(world: World, *names: str) -> None:
    """Let more students in, each with a token under their name; nobody can log in as them."""
    await world.add(*_people(world, dict.fromkeys(names, Role.STUDENT), "no password"))


def _people(world: World, people: dict[str, Role], hashed: str) -> list[Base]:
    rows: list[Base] = []
    sessions: list[Base] = []
    for name, role in people.items():
        user_id, session_id = _named(world, name), new_id()
        rows.append(
            User(
                id=user_id,
                email=f"{name}@school.example",
                full_name=f"{name.title()} Example",
                role=role,
                password_hash=hashed,
                is_active=name != "dan",
                email_verified_at=now(),
            )
        )
        sessions.append(
            UserSession(
                id=session_id,
                user_id=user_id,
                created_at=now(),
                last_seen_at=now(),
                expires_at=now() + timedelta(days=30),
                user_agent="tests",
                address="127.0.0.1",
            )
        )
        claims = {"sub": str(user_id), "sid": str(session_id)}
        world.tokens[name] = world.runtime.keys.sign("access", claims, lifetime=timedelta(minutes=15))
    return [*rows, *sessions]


def _course(world: World, name: str, owner: str, *, is_published: bool) -> Course:
    return Course(
        id=_named(world, name),
        title=f"Course {name}",
        slug=f"course-{name.lower()}",
        description="What there is to know.",
        instructor_id=world.ids[owner],
        category="Science",
        is_published=is_published,
    )


def lesson(world: World, name: str, course: str, place: int, kind: LessonType, **fields: Any) -> Lesson:  # noqa: ANN401 -- columns of any type.
    """A lesson of the school."""
    return Lesson(
        id=_named(world, name),
        course_id=world.ids[course],
        title=f"Lesson {name}",
        slug=f"lesson-{name.lower()}",
        lesson_type=kind,
        order_index=place,
        **fields,
    )


def _courses(world: World) -> tuple[list[Base], list[Base], list[Base], list[Base]]:
    courses: list[Base] = [
        _course(world, "C0", "ada", is_published=False),
        _course(world, "C1", "ada", is_published=True),
        _course(world, "C2", "eve", is_published=True),
        _course(world, "C3", "ada", is_published=True),
    ]
    lessons: list[Base] = [
        lesson(world, "L1", "C1", 1, LessonType.TEXT, content="# One", is_preview=True),
        lesson(world, "L2", "C1", 2, LessonType.VIDEO, content="Two", video_url="https://videos.example/2.mp4"),
        lesson(world, "L3", "C1", 3, LessonType.QUIZ),
        lesson(world, "L4", "C1", 4, LessonType.QUIZ),
        lesson(world, "M1", "C2", 1, LessonType.TEXT, content="Else"),
        lesson(world, "N1", "C3", 1, LessonType.TEXT, content="Done"),
    ]
    quizzes: list[Base] = [
        Quiz(
            id=_named(world, "Q1"),
            lesson_id=world.ids["L3"],
            title="Quiz",
            quiz_type=QuizType.GRADED,
            passing_score=Decimal(70),
            max_attempts=3,
            is_published=True,
        ),
        Quiz(
            id=_named(world, "Q2"),
            lesson_id=world.ids["L4"],
            title="Practice",
            quiz_type=QuizType.PRACTICE,
            passing_score=Decimal(50),
            is_published=True,
        ),
    ]
    return courses, lessons, quizzes, _questions(world)


def _questions(world: World) -> list[Base]:
    options: list[dict[str, object]] = [
        {"id": "right", "text": "4", "is_correct": True},
        {"id": "wrong", "text": "5", "is_correct": False},
    ]
    common = {"quiz_id": world.ids["Q1"], "points": Decimal(1), "explanation": "Count on your fingers."}
    return [
        QuizQuestion(
            id=_named(world, "K1"),
            question_text="2 + 2?",
            question_type=QuestionType.MULTIPLE_CHOICE,
            order_index=1,
            options=options,
            **common,
        ),
        QuizQuestion(
            id=_named(world, "K2"),
            question_text="The sky is blue.",
            question_type=QuestionType.TRUE_FALSE,
            order_index=2,
            correct_answer="true",
            **common,
        ),
        QuizQuestion(
            id=_named(world, "K3"),
            quiz_id=world.ids["Q2"],
            question_text="Why?",
            question_type=QuestionType.ESSAY,
            order_index=1,
            points=Decimal(5),
        ),
    ]


def _enrollments(world: World) -> list[Base]:
    at = now() - timedelta(hours=1)
    return [
        Enrollment(
            id=_named(world, "E1"),
            student_id=world.ids["sam"],
            course_id=world.ids["C1"],
            enrolled_at=at,
            started_at=at,
            total_lessons_count=4,
        ),
        Enrollment(
            id=_named(world, "E3"),
            student_id=world.ids["sam"],
            course_id=world.ids["C3"],
            enrolled_at=at,
            started_at=at,
            status=EnrollmentStatus.COMPLETED,
            completed_at=at,
            progress_percentage=Decimal(100),
            completed_lessons_count=1,
            total_lessons_count=1,
            certificate_issued_at=at,
        ),
    ]


def _rest(world: World) -> list[Base]:
    at = now() - timedelta(hours=1)
    progress = LessonProgress(
        id=new_id(),
        enrollment_id=world.ids["E3"],
        lesson_id=world.ids["N1"],
        status=ProgressStatus.COMPLETED,
        started_at=at,
        completed_at=at,
        completion_percentage=Decimal(100),
    )
    certificate = Certificate(
        id=_named(world, "X3"),
        enrollment_id=world.ids["E3"],
        student_id=world.ids["sam"],
        course_id=world.ids["C3"],
        certificate_number=NUMBER,
        pdf_path="certificates/x3.pdf",
        completion_date=at,
        issued_at=at,
        student_name="Sam Example",
        course_title="Course C3",
        instructor_name="Ada Example",
    )
    files = [
        _file(world, "F1", "sam"),
        _file(world, "F2", "ada", course_id=world.ids["C1"]),
        _file(world, "F3", "ada", is_public=True),
    ]
    return [progress, certificate, *files]


def _file(world: World, name: str, owner: str, **fields: Any) -> UploadedFile:  # noqa: ANN401 -- columns of any type.
    return UploadedFile(
        id=_named(world, name),
        uploader_id=world.ids[owner],
        filename=f"{name.lower()}.txt",
        original_filename=f"{name}.txt",
        file_url=f"/api/v1/files/{world.ids[name]}/download",
        storage_path=f"uploads/{name.lower()}.txt",
        file_type="document",
        mime_type="text/plain",
        file_size=5,
        checksum=sha256(b"hello").hexdigest(),
        **fields,
    )


async def open_attempt(world: World, name: str = "T1", quiz: str = "Q1", **fields: Any) -> QuizAttempt:  # noqa: ANN401 -- columns of any type.
    """Let sam have an attempt in progress in E1, in the teacher's order."""
    async with world.runtime.database.read_session() as session:
        row = await session.get_one(Quiz, world.ids[quiz])
        asked = select(QuizQuestion).where(QuizQuestion.quiz_id == row.id).order_by(QuizQuestion.order_index)
        questions = (await session.execute(asked)).scalars().all()
    row.shuffle_questions = row.shuffle_options = False
    snapshot = take_snapshot(record_of(row), [record_of(question) for question in questions])
    attempt = QuizAttempt(
        id=_named(world, name),
        quiz_id=world.ids[quiz],
        **{
            "enrollment_id": world.ids["E1"],
            "attempt_number": 1,
            "status": AttemptStatus.IN_PROGRESS,
            "started_at": now(),
            "max_score": snapshot.key.max_score,
            "paper": snapshot.paper,
            "key": snapshot.key.to_json(),
            "answers": [],
            **fields,
        },
    )
    await world.add(attempt)
    return attempt


Arrange = Callable[[World], Any]
