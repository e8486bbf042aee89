"""What a row can never become: each constraint refuses its bad row on both databases, whatever code runs above it."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import CheckConstraint, Engine, ForeignKeyConstraint, UniqueConstraint, create_engine, event, func
from sqlalchemy import inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, StatementError
from sqlalchemy.orm import Session, configure_mappers
from sqlalchemy.pool import NullPool

from studium import models
from studium.kit import clock
from studium.kit.ids import new_id
from studium.kit.tables import Base

SERVER = os.environ.get("STUDIUM_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
THEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MAPPERS = {mapper.class_.__name__: mapper for mapper in Base.registry.mappers}
TABLES = [mapper.local_table for mapper in MAPPERS.values()]
configure_mappers()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield from sqlite_engine(tmp_path_factory.mktemp("models") / "studium.db")
        return
    name = f"studium_models_{uuid4().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        address = make_url(SERVER).set(drivername="postgresql+psycopg", database=name)
        engine = create_engine(address, poolclass=NullPool)
        Base.metadata.create_all(engine)
        yield engine
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def sqlite_engine(path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    Base.metadata.create_all(engine)
    yield engine


@pytest.fixture
def world(engine: Engine) -> Iterator["World"]:
    """One row of each kind, rolled back at the end."""
    with Session(engine, autoflush=False) as session:
        yield World(session)


class World:
    """Ada teaches, Sam has finished her course and is at its quiz again."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.root = self.add(person("root", role=models.Role.ADMIN))
        self.ada = self.add(person("ada", role=models.Role.INSTRUCTOR))
        self.sam = self.add(person("sam", mfa_method=models.MfaMethod.TOTP, mfa_secret="x", mfa_enabled=True))
        self.log_in = self.add(models.UserSession(user_id=self.sam.id, expires_at=THEN))
        self.token = self.add(self.new_token())
        self.mailed = self.add(self.new_mailed())
        self.code = self.add(models.RecoveryCode(user_id=self.sam.id, code_hash="c"))
        self.hit = self.add(models.ThrottleHit(scope="login", key="k"))
        self.audit = self.add(models.AuditEvent(action="a", outcome="ok", actor_id=self.root.id))
        self.kept = self.add(self.new_kept())
        self.course = self.add(self.new_course())
        self.lesson = self.add(self.new_lesson())
        self.quiz = self.add(models.Quiz(lesson_id=self.lesson.id, title="Quiz"))
        self.question = self.add(self.new_question())
        self.enrollment = self.add(self.new_enrollment())
        self.progress = self.add(self.new_progress())
        self.attempt = self.add(self.new_attempt())
        self.change = self.add(models.GradeChange(attempt_id=self.attempt.id, grader_id=self.ada.id))
        self.certificate = self.add(self.new_certificate())
        self.file = self.add(self.new_file())

    def add[T](self, row: T) -> T:
        self.session.add(row)
        self.session.flush()
        return row
