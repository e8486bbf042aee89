"""What a row can never become: each constraint refuses its bad row on both databases, whatever code runs above it."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import (
    CheckConstraint,
    Engine,
    Index,
    Table,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import Session, configure_mappers
from sqlalchemy.pool import NullPool

from studium import models
from studium.kit.base import clock
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base

configure_mappers()
Row = TypeVar("Row", bound=Base)
SERVER = os.environ.get("STUDIUM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
THEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
MAPPERS = [mapper for mapper in Base.registry.mappers if mapper.class_.__module__.startswith("studium.models")]
TABLES = [mapper.local_table for mapper in MAPPERS if isinstance(mapper.local_table, Table)]
RELATIONSHIPS = [(mapper.class_, relation) for mapper in MAPPERS for relation in mapper.relationships]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = postgres() if request.param == "postgresql" else sqlite(tmp_path_factory.mktemp("models"))
    for engine in opened:
        Base.metadata.create_all(engine)
        yield engine


def sqlite(folder: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{folder}/studium.db", poolclass=NullPool)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    yield engine


def postgres() -> Iterator[Engine]:
    name = f"studium_models_{new_id().hex}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield create_engine(make_url(SERVER).set(drivername="postgresql+psycopg", database=name), poolclass=NullPool)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class World:
    """Ada teaches a course, Sam has finished it and is at its quiz once more. `new_…` makes a row without adding it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ada = self.add(self.new_user("ada", role=models.Role.INSTRUCTOR))
        self.sam = self.add(
            self.new_user("sam", external_id="S-1", mfa_enabled=True, mfa_method=models.MfaMethod.EMAIL)
        )
        self.mia = self.add(self.new_user("mia"))
        self.log_in = self.add(self.new_browser_session())
        self.course = self.add(self.new_course("algebra"))
        self.add(self.new_imported_course("geometry"))
        self.lesson = self.add(self.new_lesson("sets", 1))
        self.version = self.add(self.new_version())
        self.trash_item = self.add(self.new_trash_item())
        self.child = self.add(self.new_lesson("subsets", 2, parent_lesson_id=self.lesson.id))
        self.quiz = self.add(models.Quiz(lesson_id=self.lesson.id, title="Sets"))
        self.enrollment = self.add(self.new_enrollment())
        self.attempt = self.add(self.new_attempt(1))
        self.regrade = self.add(self.new_regrade())
        for row in (
            self.new_token("first"),
            self.new_mail_token(),
            models.RecoveryCode(user_id=self.sam.id, code_hash="code"),
            self.new_passkey(),
            models.ThrottleHit(scope="login", key="k"),
            models.AuditEvent(action="looked", outcome="ok", actor_id=self.mia.id),
            self.new_idempotency_key(),
            self.new_question(),
            self.new_progress(),
            models.GradeChange(attempt_id=self.attempt.id, grader_id=self.ada.id),
            self.new_accommodation(),
            models.GradingComment(owner_id=self.ada.id, text="Say why."),
            self.new_erasure(),
            self.new_address_change(),
            models.DataExport(user_id=self.sam.id, requested_by=self.mia.id, expires_at=THEN),
            models.RegradeEntry(
                regrade_id=self.regrade.id, attempt_id=self.attempt.id, is_changed=False, before={}, after={}
            ),
            self.new_certificate(self.enrollment, "CERT-20260102-ABCDEF"),
            self.new_file(),
            models.CourseImport(owner_id=self.ada.id, original_filename="algebra.zip", file_size=1),
            models.ImportedItem(
                course_id=self.course.id,
                source="algebra",
                kind="lesson",
                external_id="sets",
                item_id=self.lesson.id,
                checksum="0" * 64,
            ),
            self.new_invitation(),
            self.new_join_code(),
        ):
            self.add(row)
        people = self.add(models.PeopleImport(owner_id=self.ada.id, original_filename="people.csv", file_size=1))
        self.add(models.PeopleImportRow(import_id=people.id, line=2, action=models.PlannedAction.CREATE))

    def add(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row

    def new_user(self, name: str, **fields: object) -> models.User:
        return models.User(email=f"{name}@example.org", password_hash="x", full_name=name.title(), **fields)

    def new_browser_session(self) -> models.UserSession:
        return models.UserSession(user_id=self.sam.id, expires_at=THEN, browser_digest="0" * 64)

    def new_token(self, jti: str, **fields: object) -> models.RefreshToken:
        place = {"user_id": self.sam.id, "session_id": self.log_in.id}
        return models.RefreshToken(**place, token_jti=jti, expires_at=THEN, **fields)

    def new_mail_token(self) -> models.OneTimeToken:
        purpose = models.TokenPurpose.VERIFY_EMAIL
        return models.OneTimeToken(user_id=self.sam.id, purpose=purpose, email="sam@example.org", expires_at=THEN)

    def new_passkey(self) -> models.Passkey:
        return models.Passkey(user_id=self.sam.id, credential_id="c", public_key="k", sign_count=0, name="Phone")

    def new_idempotency_key(self) -> models.IdempotencyKey:
        return models.IdempotencyKey(user_id=self.sam.id, key="once", fingerprint="f", expires_at=THEN)

    def new_invitation(self) -> models.CourseInvitation:
        return models.CourseInvitation(course_id=self.course.id, email="new@example.org", expires_at=THEN)

    def new_join_code(self) -> models.JoinCode:
        return models.JoinCode(course_id=self.course.id, code="ABCDEFGH", max_uses=1)

    def new_course(self, slug: str) -> models.Course:
        return models.Course(title=slug, slug=slug, instructor_id=self.ada.id)

    def new_imported_course(self, slug: str) -> models.Course:
        return models.Course(title=slug, slug=slug, instructor_id=self.ada.id, external_id="elsewhere")

    def new_lesson(self, slug: str, order_index: int, **fields: object) -> models.Lesson:
        kind = models.LessonType.QUIZ
        return models.Lesson(
            course_id=self.course.id, title=slug, slug=slug, lesson_type=kind, order_index=order_index, **fields
        )

    def new_version(self) -> models.LessonVersion:
        text = {"title": "Sets", "written_at": THEN, "by_autosave": False}
        return models.LessonVersion(lesson_id=self.lesson.id, number=1, **text)

    def new_trash_item(self) -> models.TrashItem:
        ids = {"course_id": self.course.id, "lesson_id": self.lesson.id, "item_id": self.lesson.id}
        return models.TrashItem(kind=models.TrashKind.LESSON, title="Sets", place={"before": []}, **ids)

    def new_question(self) -> models.QuizQuestion:
        kind = models.QuestionType.ESSAY
        return models.QuizQuestion(quiz_id=self.quiz.id, question_text="Why?", question_type=kind, order_index=1)

    def new_enrollment(self) -> models.Enrollment:
        return models.Enrollment(
            student_id=self.sam.id,
            course_id=self.course.id,
            status=models.EnrollmentStatus.COMPLETED,
            completed_at=THEN,
            progress_percentage=100,
            completed_lessons_count=2,
            total_lessons_count=2,
            rating=5,
            review="Good.",
        )

    def new_progress(self) -> models.LessonProgress:
        return models.LessonProgress(enrollment_id=self.enrollment.id, lesson_id=self.lesson.id)

    def new_attempt(self, number: int, **fields: object) -> models.QuizAttempt:
        place = {"enrollment_id": self.enrollment.id, "quiz_id": self.quiz.id}
        return models.QuizAttempt(**place, attempt_number=number, paper="{}", key={}, **fields)

    def new_accommodation(self) -> models.QuizAccommodation:
        return models.QuizAccommodation(quiz_id=self.quiz.id, student_id=self.sam.id)

    def new_erasure(self) -> models.Erasure:
        kept = models.ErasedCertificates.KEEP
        return models.Erasure(user_id=self.sam.id, requested_at=THEN, due_at=THEN, certificates=kept)

    def new_address_change(self) -> models.AddressChange:
        return models.AddressChange(
            user_id=self.sam.id, old_email="a@b.example", new_email="c@b.example", expires_at=THEN
        )

    def new_regrade(self) -> models.Regrade:
        fields = {"dry_run": True, "never_lower": False, "key": [], "attempts_total": 1}
        return models.Regrade(quiz_id=self.quiz.id, requested_by=self.ada.id, **fields)

    def new_certificate(self, enrollment: models.Enrollment, number: str) -> models.Certificate:
        return models.Certificate(
            enrollment_id=enrollment.id,
            student_id=enrollment.student_id,
            course_id=enrollment.course_id,
            certificate_number=number,
            pdf_path="x.pdf",
            student_name="Sam",
            course_title="Algebra",
            instructor_name="Ada",
            completion_date=THEN,
        )

    def new_file(self) -> models.UploadedFile:
        return models.UploadedFile(
            uploader_id=self.ada.id,
            course_id=self.course.id,
            filename="random.pdf",
            original_filename="notes.pdf",
            file_url="/files/1",
            storage_path="aa/random.pdf",
            mime_type="application/pdf",
            file_size=1,
            checksum="0" * 64,
        )

    def other_enrollment(self) -> models.Enrollment:
        return self.add(models.Enrollment(student_id=self.mia.id, course_id=self.course.id))


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with Session(engine, autoflush=False) as session:
        yield World(session)
        session.rollback()


GRADED = (
    "UPDATE quiz_attempts SET status = 'graded', submitted_at = started_at, graded_at = started_at,"
    " score = 1, max_score = 2, percentage = 50, is_passed = true"
)
BAD_CHANGES: dict[str, list[str]] = {
    "ck_course_counts": [
        "INSERT INTO course_counts SELECT id, -1, 0, 0 FROM courses",
        "INSERT INTO course_counts SELECT id, 0, -1, 0 FROM courses",
        "INSERT INTO course_counts SELECT id, 0, 0, -1 FROM courses",
    ],
    "ck_users_role": ["UPDATE users SET role = 'wizard'"],
    "ck_users_email_lower": ["UPDATE users SET email = 'Sam@example.org' WHERE full_name = 'Sam'"],
    "ck_users_mfa_method": ["UPDATE users SET mfa_method = 'pigeon'"],
    "ck_users_mfa_complete": [
        "UPDATE users SET mfa_enabled = true, mfa_method = NULL",
        "UPDATE users SET mfa_enabled = true, mfa_method = 'totp', mfa_secret = NULL",
    ],
    "ck_users_version": ["UPDATE users SET version = 0"],
    "ck_passkeys_sign_count": ["UPDATE passkeys SET sign_count = -1"],
    "ck_one_time_tokens_purpose": ["UPDATE one_time_tokens SET purpose = 'open_door'"],
    "ck_courses_difficulty_level": ["UPDATE courses SET difficulty_level = 'brutal'"],
    "ck_courses_estimated_duration": ["UPDATE courses SET estimated_duration_minutes = -1"],
    "ck_courses_version": ["UPDATE courses SET version = 0"],
    "ck_lessons_lesson_type": ["UPDATE lessons SET lesson_type = 'dance'"],
    "ck_lessons_archived_order": ["UPDATE lessons SET archived_at = created_at"],
    "ck_lessons_parent": ["UPDATE lessons SET parent_lesson_id = id"],
    "ck_lessons_duration": ["UPDATE lessons SET duration_minutes = -1"],
    "ck_lessons_version": ["UPDATE lessons SET version = 0"],
    "ck_enrollments_status": ["UPDATE enrollments SET status = 'paused', completed_at = NULL"],
    "ck_enrollments_progress": [
        "UPDATE enrollments SET status = 'active', completed_at = NULL, progress_percentage = -0.01",
        "UPDATE enrollments SET status = 'active', completed_at = NULL, progress_percentage = 100.01",
    ],
    "ck_enrollments_counts": [
        "UPDATE enrollments SET completed_lessons_count = -1",
        "UPDATE enrollments SET completed_lessons_count = 3",
        "UPDATE enrollments SET total_time_spent_seconds = -1",
    ],
    "ck_enrollments_completed": [
        "UPDATE enrollments SET completed_at = NULL",
        "UPDATE enrollments SET progress_percentage = 99.99",
        "UPDATE enrollments SET status = 'active'",
    ],
    "ck_enrollments_rating": ["UPDATE enrollments SET rating = 0", "UPDATE enrollments SET rating = 6"],
    "ck_enrollments_review": ["UPDATE enrollments SET rating = NULL"],
    "ck_enrollments_version": ["UPDATE enrollments SET version = 0"],
    "ck_lesson_progress_status": ["UPDATE lesson_progress SET status = 'asleep'"],
    "ck_lesson_progress_percentage": [
        "UPDATE lesson_progress SET completion_percentage = -1",
        "UPDATE lesson_progress SET completion_percentage = 101",
    ],
    "ck_lesson_progress_counts": [
        "UPDATE lesson_progress SET time_spent_seconds = -1",
        "UPDATE lesson_progress SET last_position_seconds = -1",
        "UPDATE lesson_progress SET attempts_count = -1",
    ],
    "ck_lesson_progress_completed": [
        "UPDATE lesson_progress SET status = 'completed', completion_percentage = 100",
        "UPDATE lesson_progress SET status = 'completed', completed_at = updated_at",
        "UPDATE lesson_progress SET completed_at = updated_at",
    ],
    "ck_quizzes_quiz_type": ["UPDATE quizzes SET quiz_type = 'duel'"],
    "ck_quizzes_passing_score": ["UPDATE quizzes SET passing_score = -1", "UPDATE quizzes SET passing_score = 101"],
    "ck_quizzes_time_limit": [
        "UPDATE quizzes SET time_limit_minutes = 0",
        "UPDATE quizzes SET time_limit_minutes = 1441",
    ],
    "ck_quizzes_max_attempts": ["UPDATE quizzes SET max_attempts = 0", "UPDATE quizzes SET max_attempts = 101"],
    "ck_quizzes_release": ["UPDATE quizzes SET release = 'never'"],
    "ck_quizzes_version": ["UPDATE quizzes SET version = 0"],
    "ck_quiz_questions_type": ["UPDATE quiz_questions SET question_type = 'riddle'"],
    "ck_quiz_questions_points": ["UPDATE quiz_questions SET points = 0"],
    "ck_quiz_questions_version": ["UPDATE quiz_questions SET version = 0"],
    "ck_comment_bank_text": ["UPDATE comment_bank SET text = '" + "x" * 2001 + "'"],
    "ck_lesson_versions_number": ["UPDATE lesson_versions SET number = 0"],
    "ck_trash_items_kind": ["UPDATE trash_items SET kind = 'course'"],
    "ck_comment_bank_uses": ["UPDATE comment_bank SET uses = -1"],
    "ck_comment_bank_version": ["UPDATE comment_bank SET version = 0"],
    "ck_quiz_attempts_status": ["UPDATE quiz_attempts SET status = 'lost', submitted_at = started_at"],
    "ck_quiz_attempts_number": ["UPDATE quiz_attempts SET attempt_number = 0"],
    "ck_quiz_attempts_submitted": [
        "UPDATE quiz_attempts SET status = 'submitted'",
        "UPDATE quiz_attempts SET submitted_at = started_at",
    ],
    "ck_quiz_attempts_graded": [
        GRADED.replace("graded_at = started_at", "graded_at = NULL"),
        GRADED.replace("score = 1", "score = NULL"),
        GRADED.replace("percentage = 50", "percentage = NULL"),
        GRADED.replace("is_passed = true", "is_passed = NULL"),
    ],
    "ck_quiz_attempts_passed": ["UPDATE quiz_attempts SET is_passed = true"],
    "ck_quiz_attempts_score": [
        "UPDATE quiz_attempts SET score = 2.01, max_score = 2",
        "UPDATE quiz_attempts SET score = -1, max_score = 2",
        "UPDATE quiz_attempts SET score = 1",
    ],
    "ck_quiz_attempts_percentage": ["UPDATE quiz_attempts SET percentage = 100.01"],
    "ck_quiz_attempts_time_taken": ["UPDATE quiz_attempts SET time_taken_seconds = -1"],
    "ck_quiz_attempts_version": ["UPDATE quiz_attempts SET version = 0"],
    "ck_quiz_accommodations_time": ["UPDATE quiz_accommodations SET extra_time_percent = 401"],
    "ck_quiz_accommodations_attempts": ["UPDATE quiz_accommodations SET extra_attempts = -1"],
    "ck_quiz_accommodations_version": ["UPDATE quiz_accommodations SET version = 0"],
    "ck_regrades_counts": [
        "UPDATE regrades SET attempts_changed = -1",
        "UPDATE regrades SET attempts_changed = 1",
        "UPDATE regrades SET attempts_done = 2",
    ],
    "ck_certificates_revoked": [
        "UPDATE certificates SET is_revoked = true",
        "UPDATE certificates SET revoked_at = issued_at",
    ],
    "ck_certificates_revocation_reason": ["UPDATE certificates SET revocation_reason = 'why not'"],
    "ck_uploaded_files_size": ["UPDATE uploaded_files SET file_size = -1"],
    "ck_data_exports_done": ["UPDATE data_exports SET storage_path = 'exports/a.zip'"],
    "ck_data_exports_size": ["UPDATE data_exports SET file_size = -1"],
    "ck_erasures_certificates": ["UPDATE erasures SET certificates = 'burn'"],
    "ck_erasures_done": [
        "UPDATE erasures SET done_at = due_at, reason = 'Left.'",
        "UPDATE erasures SET done_at = due_at, cancelled_at = due_at",
    ],
    "ck_course_imports_status": ["UPDATE course_imports SET status = 'lost'"],
    "ck_course_imports_phase": ["UPDATE course_imports SET phase = 'resting'"],
    "ck_course_imports_progress": [
        "UPDATE course_imports SET progress_done = -1",
        "UPDATE course_imports SET progress_total = -1",
    ],
    "ck_course_imports_finished": [
        "UPDATE course_imports SET status = 'done'",
        "UPDATE course_imports SET finished_at = created_at",
    ],
    "ck_course_invitations_email_lower": ["UPDATE course_invitations SET email = 'New@example.org'"],
    "ck_join_codes_uses": ["UPDATE join_codes SET uses_count = -1", "UPDATE join_codes SET uses_count = 2"],
    "ck_people_imports_status": ["UPDATE people_imports SET status = 'lost'"],
    "ck_people_imports_invite": ["UPDATE people_imports SET invite = 'dogs'"],
    "ck_people_imports_progress": [
        "UPDATE people_imports SET progress_done = -1",
        "UPDATE people_imports SET progress_total = -1",
    ],
    "ck_people_imports_finished": [
        "UPDATE people_imports SET status = 'done'",
        "UPDATE people_imports SET finished_at = created_at",
    ],
    "ck_people_import_rows_action": ["UPDATE people_import_rows SET action = 'dance'"],
    "ck_imported_items_kind": ["UPDATE imported_items SET kind = 'dance'"],
}

TWINS: dict[str, Callable[[World], Base]] = {
    "ix_users_email": lambda world: world.new_user("sam"),
    "uq_users_external_id": lambda world: world.new_user("sam.two", external_id="S-1"),
    "uq_course_invitations_course_email": World.new_invitation,
    "uq_join_codes_code": World.new_join_code,
    "ix_refresh_tokens_token_jti": lambda world: world.new_token("first", revoked_at=THEN),
    "uq_sessions_browser_digest": World.new_browser_session,
    "uq_refresh_tokens_live_session": lambda world: world.new_token("second"),
    "uq_recovery_codes_user_code": lambda world: models.RecoveryCode(user_id=world.sam.id, code_hash="code"),
    "uq_passkeys_credential_id": World.new_passkey,
    "uq_idempotency_keys_user_key": World.new_idempotency_key,
    "ix_courses_slug": lambda world: world.new_course("algebra"),
    "uq_courses_instructor_external_id": lambda world: world.new_imported_course("again"),
    "uq_course_words_course_id": lambda world: models.CourseWords(course_id=world.course.id, words=frozenset("a")),
    "uq_user_words_user_id": lambda world: models.UserWords(user_id=world.course.instructor_id, words=frozenset("a")),
    "uq_lessons_course_order": lambda world: world.new_lesson("maps", 1),
    "uq_lessons_course_slug": lambda world: world.new_lesson("sets", 3),
    "uq_lesson_versions_lesson_number": World.new_version,
    "uq_trash_items_lesson_id": World.new_trash_item,
    "uq_enrollments_student_course": World.new_enrollment,
    "uq_lesson_progress_enrollment_lesson": World.new_progress,
    "ix_quizzes_lesson_id": lambda world: models.Quiz(lesson_id=world.lesson.id, title="Again"),
    "uq_quiz_questions_order": World.new_question,
    "uq_quiz_attempt_number": lambda world: world.new_attempt(
        1, status=models.AttemptStatus.SUBMITTED, submitted_at=THEN
    ),
    "uq_quiz_attempts_open": lambda world: world.new_attempt(2),
    "uq_quiz_accommodations_quiz_student": World.new_accommodation,
    "uq_erasures_standing": World.new_erasure,
    "uq_address_changes_open": World.new_address_change,
    "uq_regrades_open": World.new_regrade,
    "ix_certificates_enrollment_id": lambda world: world.new_certificate(world.enrollment, "CERT-20260102-000000"),
    "ix_certificates_certificate_number": lambda world: world.new_certificate(
        world.other_enrollment(), "CERT-20260102-ABCDEF"
    ),
    "uq_uploaded_files_filename": World.new_file,
}


def unique_rules() -> dict[str, list[str]]:
    """The columns of every unique constraint and index, by its name."""
    rules: list[Index | UniqueConstraint] = [index for table in TABLES for index in table.indexes if index.unique]
    for table in TABLES:
        rules += [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    return {str(rule.name): [str(column) for column in rule.columns] for rule in rules}


@pytest.mark.parametrize(("name", "change"), [(name, change) for name, all_ in BAD_CHANGES.items() for change in all_])
def test_a_check_refuses_the_bad_row(world: World, name: str, change: str):
    with pytest.raises(IntegrityError, match=rf"\b{name}\b"):
        world.session.execute(text(change))


@pytest.mark.parametrize("name", TWINS)
def test_there_is_no_second_one(world: World, name: str):
    twin = TWINS[name](world)
    refused = ", ".join(unique_rules()[name]) if world.session.get_bind().dialect.name == "sqlite" else f'"{name}"'
    with pytest.raises(IntegrityError, match=rf"(?i)unique.*{refused}"):
        world.add(twin)


def test_every_check_has_a_bad_row_here():
    checks = {rule.name for table in TABLES for rule in table.constraints if isinstance(rule, CheckConstraint)}
    assert checks == set(BAD_CHANGES)


def test_every_unique_rule_has_a_twin_here():
    assert set(unique_rules()) == set(TWINS)


@pytest.mark.parametrize(
    "change",
    [
        GRADED,
        "UPDATE lesson_progress SET status = 'completed', completed_at = updated_at, completion_percentage = 100",
        "UPDATE enrollments SET status = 'dropped', completed_at = NULL, rating = NULL, review = NULL",
        "UPDATE certificates SET is_revoked = true, revoked_at = issued_at, revocation_reason = 'forged'",
        "UPDATE lessons SET archived_at = created_at, order_index = -order_index",
        "UPDATE courses SET difficulty_level = 'beginner', estimated_duration_minutes = 0",
    ],
)
def test_the_good_row_is_let_through(world: World, change: str):
    world.session.execute(text(change))


def test_a_revoked_token_makes_room_for_the_next(world: World):
    world.session.execute(text("UPDATE refresh_tokens SET revoked_at = created_at"))
    world.add(world.new_token("second"))


def test_a_finished_attempt_makes_room_for_the_next(world: World):
    world.session.execute(text("UPDATE quiz_attempts SET status = 'submitted', submitted_at = started_at"))
    world.add(world.new_attempt(2))


WITHOUT_LEARNERS = ["DELETE FROM certificates", "DELETE FROM enrollments"]


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ([], "DELETE FROM enrollments"),
        (["DELETE FROM certificates"], "DELETE FROM courses"),
        ([], "DELETE FROM users WHERE full_name = 'Sam'"),
        (["DELETE FROM certificates"], "DELETE FROM users WHERE full_name = 'Sam'"),
        (
            [*WITHOUT_LEARNERS, "DELETE FROM grade_changes", "DELETE FROM regrades"],
            "DELETE FROM users WHERE full_name = 'Ada'",
        ),
    ],
    ids=["certificate", "enrollment", "certificate-of", "enrollment-of", "course-of"],
)
def test_what_others_rely_on_cannot_be_deleted(world: World, before: list[str], refused: str):
    for statement in before:
        world.session.execute(text(statement))
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        world.session.execute(text(refused))


def test_the_audit_outlives_an_account(world: World):
    """An account whose address was never proved goes; what was done with it stays on record."""
    count = text("SELECT count(*) FROM audit_events WHERE actor_id IS NOT NULL")
    before = world.session.execute(count).scalar_one()
    world.session.execute(text("DELETE FROM users WHERE full_name = 'Mia'"))
    assert world.session.execute(count).scalar_one() == before > 0


def test_a_file_outlives_its_course(world: World):
    for statement in (*WITHOUT_LEARNERS, "DELETE FROM courses"):
        world.session.execute(text(statement))
    assert world.session.scalars(select(models.UploadedFile.course_id)).all() == [None]


def test_parts_go_with_their_whole(world: World):
    session = world.session
    session.execute(delete(models.Quiz))
    for part in (models.QuizQuestion, models.QuizAttempt, models.GradeChange, models.Regrade, models.RegradeEntry):
        assert session.scalar(select(func.count()).select_from(part)) == 0
    session.execute(delete(models.Lesson).where(models.Lesson.id == world.lesson.id))
    assert session.scalar(select(func.count()).select_from(models.LessonProgress)) == 0
    assert session.scalars(select(models.Lesson.parent_lesson_id)).all() == [None]
    session.execute(delete(models.UserSession))
    assert session.scalar(select(func.count()).select_from(models.RefreshToken)) == 0


def test_deleting_through_the_session_asks_for_no_collection(world: World):
    session = world.session
    session.expunge_all()
    lesson = session.get_one(models.Lesson, world.lesson.id)
    session.delete(lesson)
    session.flush()
    assert session.scalar(select(func.count()).select_from(models.Quiz)) == 0


@pytest.mark.parametrize("missing", ["user_id", "session_id"])
def test_a_reference_must_lead_somewhere(world: World, missing: str):
    world.session.execute(text("UPDATE refresh_tokens SET revoked_at = created_at"))
    token = world.new_token("second")
    setattr(token, missing, new_id())
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        world.add(token)


def test_no_relationship_loads_by_itself(world: World):
    world.session.expunge_all()
    touched = 0
    for kind, relation in RELATIONSHIPS:
        row = world.session.scalars(select(kind)).first()
        assert row is not None, kind
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            getattr(row, relation.key)
        touched += 1
    assert touched == len(RELATIONSHIPS) > 30


def test_a_row_from_elsewhere_gets_the_databases_own_instant(world: World):
    world.session.execute(
        text("INSERT INTO throttle_hits (id, scope, key) VALUES (:id, 'raw', 'k')"), {"id": new_id().hex}
    )
    made = world.session.scalars(select(models.ThrottleHit.occurred_at).where(models.ThrottleHit.scope == "raw")).one()
    assert made.tzinfo is UTC
    assert abs((datetime.now(UTC) - made).total_seconds()) < 60


def test_changing_a_row_moves_updated_at_by_the_clock(world: World):
    with clock.frozen(THEN):
        world.course.title = "Algebra II"
        world.session.flush()
    world.session.refresh(world.course)
    assert world.course.updated_at == THEN
    assert world.course.created_at != THEN


def test_bump_raises_the_version(world: World):
    models.increment_version(world.course)
    world.session.flush()
    world.session.refresh(world.course)
    assert world.course.version == 2


def test_indexes_are_named_after_their_table_and_no_two_are_alike():
    names = [str(index.name) for table in TABLES for index in table.indexes]
    assert len(names) == len(set(names))
    assert not [name for name in names if len(name) > 63]
