"""Attempts from before papers and keys were stored apart: nothing of them is lost on the way there, or back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, inspect, literal, select, text
from sqlalchemy.orm import Session

from studium.kit.base.ids import new_id
from studium.kit.db import migrations as migrate
from studium.kit.db.tables import Base, Json, UtcDateTime, record_of
from studium.models import LessonType, QuestionType, Quiz, QuizAttempt, QuizQuestion, User
from studium.modules.quizzes.attempts.schemas import AttemptPaper
from studium.modules.quizzes.snapshot import AnswerKey, take_snapshot
from tests.test_migrations import add_person, engine_of, postgres_url, sqlite_url, url  # noqa: F401 -- fixtures.

MANY = 1_003
RULES = {"time_limit_minutes": 30, "extra_time_percent": 25, "max_attempts": 3, "extra_attempts": 1}
CHOICE: dict[str, Any] = {
    "question_text": "Größer als 1?",
    "question_type": "multiple_choice",
    "points": "2.50",
    "options": [
        {"id": "b", "text": "2", "is_correct": True},
        {"id": "a", "text": "1", "is_correct": False},
        {"id": "c", "text": "3", "is_correct": True},
    ],
    "correct_answer": None,
    "explanation": "Count.",
    "metadata": {"scoring": "partial"},
}
ESSAY: dict[str, Any] = {
    "question_text": "Why?",
    "question_type": "essay",
    "points": "5.00",
    "options": [],
    "correct_answer": None,
    "explanation": None,
    "metadata": {},
}


def questions() -> list[dict[str, Any]]:
    return [{"question_id": str(new_id()), **CHOICE}, {"question_id": str(new_id()), **ESSAY}]


def snapshot(asked: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "quiz_type": "graded",
        "passing_score": "66.67",
        "show_correct_answers": True,
        "rules": RULES,
        "questions": asked,
    }


def add(session: Session, table: Table, **values: object) -> None:
    """A row of a table that may lack the columns of later releases."""
    present = {column["name"] for column in inspect(session.connection()).get_columns(table.name)}
    row: dict[str, object] = {}
    for column in table.c:
        default: Any = column.default
        if column.name in present and default is not None:
            row[column.name] = default.arg(None) if default.is_callable else default.arg
    row |= values
    bound = select(*(literal(value, table.c[name].type) for name, value in row.items()))
    session.execute(insert(table).from_select(list(row), bound, include_defaults=False))


def school(address: str) -> tuple[UUID, UUID]:
    """An enrollment and a quiz."""
    course, lesson, quiz, enrollment = new_id(), new_id(), new_id(), new_id()
    tables = Base.metadata.tables
    with Session(engine_of(address)) as session:
        person = session.scalars(select(User.id)).one()
        add(session, tables["courses"], id=course, title="A", slug="a", instructor_id=person)
        of_quiz = {"lesson_type": LessonType.QUIZ, "order_index": 1}
        add(session, tables["lessons"], id=lesson, course_id=course, title="A", slug="a", **of_quiz)
        add(session, tables["quizzes"], id=quiz, lesson_id=lesson, title="A")
        add(session, tables["enrollments"], id=enrollment, student_id=person, course_id=course)
        session.commit()
        return enrollment, quiz


def add_attempts(address: str, enrollment_id: UUID, quiz_id: UUID, snapshots: list[dict[str, Any]]) -> None:
    statement = text(
        "INSERT INTO quiz_attempts"
        " (id, enrollment_id, quiz_id, attempt_number, status, started_at, submitted_at, snapshot)"
        " VALUES (:id, :enrollment, :quiz, :number, 'submitted', :at, :at, :snapshot)"
    ).bindparams(bindparam("snapshot", type_=Json), bindparam("at", type_=UtcDateTime()))
    place = {"enrollment": enrollment_id.hex, "quiz": quiz_id.hex, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    rows = [{"id": new_id().hex, "number": i, "snapshot": each, **place} for i, each in enumerate(snapshots, 1)]
    with engine_of(address).begin() as connection:
        connection.execute(statement, rows)


def snapshots_of(address: str) -> list[dict[str, Any]]:
    statement = text("SELECT snapshot FROM quiz_attempts ORDER BY attempt_number").columns(snapshot=Json)
    with engine_of(address).connect() as connection:
        return list(connection.scalars(statement))


def assert_counted(address: str) -> None:
    """The triggers that keep the tallies are there still: they go with a table that SQLite rebuilds."""
    with engine_of(address).begin() as connection:
        before = connection.scalar(text("SELECT count(*) FROM tally_deltas"))
        for number, wanted in ((1, MANY + 1), (MANY + 1, 1)):
            connection.execute(
                text("UPDATE quiz_attempts SET attempt_number = :wanted WHERE attempt_number = :number"),
                {"number": number, "wanted": wanted},
            )
        assert connection.scalar(text("SELECT count(*) FROM tally_deltas")) != before


def test_attempts_from_before_are_shown_and_marked_as_they_were(url: str) -> None:  # noqa: F811 -- the fixture.
    migrate.upgrade(url, "0013")
    add_person(url)
    place = school(url)
    given = [snapshot(questions()) for _ in range(MANY)]
    add_attempts(url, *place, given)
    migrate.upgrade(url)
    with Session(engine_of(url)) as session:
        attempts = session.scalars(select(QuizAttempt).order_by(QuizAttempt.attempt_number)).all()
    assert len(attempts) == MANY
    for attempt, before in zip(attempts, given, strict=True):
        choice, essay = before["questions"]
        paper, key = AttemptPaper.model_validate_json(attempt.paper), AnswerKey.from_json(attempt.key)
        assert paper.rules.model_dump() == RULES
        assert [str(question.id) for question in paper.questions] == [choice["question_id"], essay["question_id"]]
        assert (key.passing_score, key.max_score, key.show_correct_answers) == (Decimal("66.67"), Decimal("7.5"), True)
        assert [question.explanation for question in key.questions] == ["Count.", None]
        assert key.questions[0].correct_in_order() == ["b", "c"]
        assert "is_correct" not in attempt.paper
    assert_counted(url)
    migrate.downgrade(url, "0013")
    assert snapshots_of(url) == given
    migrate.upgrade(url)


def test_a_migrated_attempt_equals_one_of_today(url: str) -> None:  # noqa: F811 -- the fixture.
    """What the migration makes of the same quiz is what starting an attempt stores."""
    quiz = Quiz(quiz_type="graded", passing_score=Decimal("66.67"), show_correct_answers=True, title="A")
    quiz.shuffle_questions = quiz.shuffle_options = False
    quiz.time_limit_minutes, quiz.max_attempts = 30, 3
    asked = questions()
    rows = [
        QuizQuestion(
            id=UUID(one["question_id"]),
            question_type=QuestionType(one["question_type"]),
            points=Decimal(one["points"]),
            options=one["options"] or None,
            question_metadata=one["metadata"] or None,
            **{name: one[name] for name in ("question_text", "correct_answer", "explanation")},
        )
        for one in asked
    ]
    today = take_snapshot(record_of(quiz), [record_of(row) for row in rows])
    migrate.upgrade(url, "0013")
    add_person(url)
    rules = RULES | {"extra_time_percent": 0, "extra_attempts": 0}
    add_attempts(url, *school(url), [snapshot(asked) | {"rules": rules}])
    migrate.upgrade(url)
    with Session(engine_of(url)) as session:
        attempt = session.scalars(select(QuizAttempt)).one()
    assert json.loads(attempt.paper) == json.loads(today.paper)
    assert attempt.key == today.key.to_json()
