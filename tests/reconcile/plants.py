"""One way to break each invariant, planted past everything that the database itself forbids."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import (
    AttemptStatus,
    Certificate,
    CourseCounts,
    CourseWords,
    Enrollment,
    ErasedCertificates,
    Erasure,
    ImportedItem,
    Lesson,
    LessonProgress,
    ProgressStatus,
    Quiz,
    QuizAttempt,
    RefreshToken,
    TrashItem,
    TrashKind,
    User,
    UserSession,
    UserWords,
)

Ids = dict[str, UUID]
Plant = Callable[[AsyncSession, Ids], Awaitable[None]]

# Triggers and foreign keys sleep in this role; the rest goes with its constraint, and comes back with the rollback.
_FREE_POSTGRES = """
SET LOCAL session_replication_role = replica;
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT conrelid::regclass AS owner, conname AS name FROM pg_constraint
    WHERE contype IN ('c', 'u') AND connamespace = 'public'::regnamespace AND conname ~ '^(ck|uq)_' LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.owner, found.name);
  END LOOP;
  FOR found IN SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND NOT indisprimary AND relname ~ '^(ix|uq)_' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('DROP INDEX %s', found.name);
  END LOOP;
END $$
"""
_TABLES = ("certificates", "enrollments", "lesson_progress", "lessons", "quiz_attempts", "quizzes", "refresh_tokens")


async def free(session: AsyncSession) -> None:
    """Take the database's own guards away, for the rest of this transaction."""
    if session.get_bind().dialect.name == "postgresql":
        # The driver's own connection begins no transaction by itself: SQLAlchemy does, with the first statement.
        await session.execute(text("SELECT 1"))
        connection = await (await session.connection()).get_raw_connection()
        await connection.driver_connection.execute(_FREE_POSTGRES)  # type: ignore[union-attr]  # asyncpg's own.
        return
    # The caller has turned foreign keys off: dropping a table would cascade.
    for table in _TABLES:
        await session.execute(text(f"CREATE TABLE plain AS SELECT * FROM {table}"))  # noqa: S608 -- our own names.
        await session.execute(text(f"DROP TABLE {table}"))
        await session.execute(text(f"ALTER TABLE plain RENAME TO {table}"))


@dataclass(frozen=True)
class Case:
    """A breach: what to do, and what is to be said of it. `{…}` in the sentence stands for ids."""

    number: int
    plant: Plant
    sentence: str


CASES: list[Case] = []


def breaks(number: int, sentence: str) -> Callable[[Plant], Plant]:
    def add(plant: Plant) -> Plant:
        CASES.append(Case(number, plant, sentence))
        return plant

    return add


async def change(session: AsyncSession, table: type[Any], row_id: UUID, **values: object) -> None:
    write = update(table).where(table.id == row_id).values(**values)
    await session.execute(write, execution_options={"synchronize_session": False})


async def copy(session: AsyncSession, table: type[Any], row_id: UUID, **changes: object) -> None:
    """A second row like this one, but for what changes."""
    columns = {attribute.key: attribute for attribute in table.__mapper__.column_attrs}
    row = (await session.execute(select(*(getattr(table, key) for key in columns)).where(table.id == row_id))).one()
    await session.execute(insert(table).values({**dict(zip(columns, row, strict=True)), "id": new_id(), **changes}))


@breaks(1, "enrollment {E1} is at 50.00 %, but has done 0 of 4 lessons")
async def wrong_percentage(session: AsyncSession, ids: Ids) -> None:
    await change(session, Enrollment, ids["E1"], progress_percentage=Decimal(50))


@breaks(1, "enrollment {E3} is completed at 99.00 %, completed at ")
async def completed_at_99(session: AsyncSession, ids: Ids) -> None:
    await change(session, Enrollment, ids["E3"], progress_percentage=Decimal(99))


@breaks(1, "enrollment {E3} is completed at 100.00 %, completed at None: not all of it can be true")
async def completed_never(session: AsyncSession, ids: Ids) -> None:
    await change(session, Enrollment, ids["E3"], completed_at=None)


@breaks(1, "enrollment {E1} is active at 0.00 %, completed at ")
async def completed_but_active(session: AsyncSession, ids: Ids) -> None:
    await change(session, Enrollment, ids["E1"], completed_at=now())


@breaks(2, "session {S1} has 2 live refresh tokens instead of one")
async def two_tokens(session: AsyncSession, ids: Ids) -> None:
    await copy(session, RefreshToken, ids["R1"])


@breaks(2, "refresh token {R1} is live, but its session {S1} is revoked")
async def token_of_a_revoked_session(session: AsyncSession, ids: Ids) -> None:
    await change(session, UserSession, ids["S1"], revoked_at=now())


@breaks(3, "enrollment {E3} has 2 certificates instead of one")
async def two_certificates(session: AsyncSession, ids: Ids) -> None:
    await copy(session, Certificate, ids["X3"], certificate_number="CERT-20260105-B1B2B3")


@breaks(3, "was issued for enrollment {E1}, which is active")
async def certificate_of_a_beginner(session: AsyncSession, ids: Ids) -> None:
    new = {"enrollment_id": ids["E1"], "course_id": ids["C1"], "certificate_number": "CERT-20260105-B1B2B3"}
    await copy(session, Certificate, ids["X3"], **new)


@breaks(3, "certificate {X3} names another student or course than its enrollment {E3}")
async def certificate_of_another_student(session: AsyncSession, ids: Ids) -> None:
    await change(session, Certificate, ids["X3"], student_id=ids["mia"])


@breaks(3, "certificate {X3} names another student or course than its enrollment {E3}")
async def certificate_of_another_course(session: AsyncSession, ids: Ids) -> None:
    await change(session, Certificate, ids["X3"], course_id=ids["C1"])


@breaks(3, "enrollment {E3} is completed and has neither a certificate nor a waiting job for one")
async def no_certificate(session: AsyncSession, ids: Ids) -> None:
    await session.execute(delete(Certificate).where(Certificate.id == ids["X3"]))


@breaks(4, "attempt {T1} is number 1 of enrollment {E1}; quiz {Q1} allows 0")
async def more_attempts_than_allowed(session: AsyncSession, ids: Ids) -> None:
    changed = {"max_attempts": 0, "updated_at": now() - timedelta(hours=2)}
    await change(session, Quiz, ids["Q1"], **changed)


@breaks(4, "enrollment {E1} has 1 attempts at quiz {Q1}, numbered 2 to 2")
async def a_first_attempt_with_number_2(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], attempt_number=2)


@breaks(4, "enrollment {E1} has 2 open attempts at quiz {Q1} instead of one")
async def two_open_attempts(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], status=AttemptStatus.IN_PROGRESS)
    await copy(session, QuizAttempt, ids["T1"], attempt_number=2)
    await count_attempts(session, ids, 2)


@breaks(4, "attempt {T1} is graded with 3.00 of 2.00 points and 100.00 %: these do not fit")
async def more_points_than_there_are(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], score=Decimal(3))


@breaks(4, "attempt {T1} is graded with 2.00 of 2.00 points and 99.99 %: these do not fit")
async def wrong_percentage_of_an_attempt(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], percentage=Decimal("99.99"))


@breaks(4, "attempt {T1} is in_progress, but has marks that wait for their release")
async def marks_of_an_open_attempt(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], status=AttemptStatus.IN_PROGRESS, score=None, percentage=None)
    await change(session, QuizAttempt, ids["T1"], marked_at=now())


@breaks(4, "attempt {T1} is submitted, but shows a score")
async def a_score_before_the_release(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], status=AttemptStatus.SUBMITTED)


@breaks(5, "enrollment {E1} has completed quiz lesson {L3} without passing it or submitting practice")
async def quiz_lesson_without_a_pass(session: AsyncSession, ids: Ids) -> None:
    await change(session, QuizAttempt, ids["T1"], is_passed=False)


@breaks(6, "course {C1} has 4 live lessons, in places 1 to 5")
async def a_gap_in_the_outline(session: AsyncSession, ids: Ids) -> None:
    await change(session, Lesson, ids["L4"], order_index=5)


@breaks(6, "course {C1} has 4 live lessons, in places 1 to 4")
async def two_lessons_in_one_place(session: AsyncSession, ids: Ids) -> None:
    await change(session, Lesson, ids["L2"], order_index=3)


@breaks(6, "lesson {N1} is archived, but stands in place 1 of its course")
async def an_archived_lesson_in_the_outline(session: AsyncSession, ids: Ids) -> None:
    await change(session, Lesson, ids["N1"], archived_at=now())


@breaks(6, "trash item {N1} hangs on lesson {L2}, which is not archived or of another course")
async def a_live_lesson_in_the_trash(session: AsyncSession, ids: Ids) -> None:
    hangs = {"course_id": ids["C1"], "lesson_id": ids["L2"], "item_id": ids["L2"], "kind": TrashKind.LESSON}
    await session.execute(insert(TrashItem).values(id=ids["N1"], title="Gone", place={"before": []}, **hangs))


@breaks(6, "lesson {L2} stands below lesson {M1}, which is archived or of another course")
async def a_parent_of_another_course(session: AsyncSession, ids: Ids) -> None:
    await change(session, Lesson, ids["L2"], parent_lesson_id=ids["M1"])


@breaks(6, "lesson {L1} stands below lesson {L2} in a circle, or deeper than three levels")
async def a_circle(session: AsyncSession, ids: Ids) -> None:
    await change(session, Lesson, ids["L1"], parent_lesson_id=ids["L2"])
    await change(session, Lesson, ids["L2"], parent_lesson_id=ids["L1"])


@breaks(7, "file {F1} of course {C1} is not what was taken in; import the course again")
async def bytes_of_another_file(session: AsyncSession, ids: Ids) -> None:
    came = {"source": "olx:a+b+c", "kind": "file", "external_id": "a", "checksum": "0" * 64}
    await session.execute(insert(ImportedItem).values(course_id=ids["C1"], item_id=ids["F1"], **came))


@breaks(8, "there are 6 people and no active admin: make one with `studium create-admin`")
async def no_admin(session: AsyncSession, ids: Ids) -> None:
    await change(session, User, ids["root"], is_active=False)


@breaks(9, "enrollment {E1} has begun 1 attempts in lesson {L3}, but its progress says 3")
async def attempts_that_nobody_made(session: AsyncSession, ids: Ids) -> None:
    await count_attempts(session, ids, 3)


@breaks(9, "course {C2} has no words to be found by, or no counts")
async def a_course_that_nobody_finds(session: AsyncSession, ids: Ids) -> None:
    await session.execute(delete(CourseWords).where(CourseWords.course_id == ids["C2"]))


@breaks(9, "course {C2} has no words to be found by, or no counts")
async def a_course_that_nobody_counts(session: AsyncSession, ids: Ids) -> None:
    await session.execute(delete(CourseCounts).where(CourseCounts.course_id == ids["C2"]))


@breaks(9, "person {mia} has no words to be found by")
async def a_person_whom_nobody_finds(session: AsyncSession, ids: Ids) -> None:
    await session.execute(delete(UserWords).where(UserWords.user_id == ids["mia"]))


async def erased(session: AsyncSession, ids: Ids, person: str) -> None:
    await change(session, User, ids[person], erased_at=now())


@breaks(14, "users {mia}: the person was erased, and the row holds full_name")
async def a_name_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "mia")


@breaks(14, "users {mia}: the person was erased, and the row holds email")
async def an_address_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "mia")


@breaks(14, "sessions {S1}: the person was erased, and the row is there")
async def a_session_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "mia")


@breaks(14, "uploaded_files {F1}: the person was erased, and the row holds original_filename")
async def a_label_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "sam")


@breaks(14, "quiz_attempts {T1}: the person was erased, and the row holds answers in words")
async def an_answer_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "sam")
    answers = [{"question_id": str(ids["K1"]), "selected_option_ids": [], "answer_text": "Because."}]
    await change(session, QuizAttempt, ids["T1"], answers=answers)


@breaks(14, "quiz_attempts {T1}: the person was erased, and the row holds feedback in results")
async def feedback_that_stayed(session: AsyncSession, ids: Ids) -> None:
    await erased(session, ids, "sam")
    results = [{"question_id": str(ids["K1"]), "points": "1", "points_awarded": "1", "feedback": "Well done."}]
    await change(session, QuizAttempt, ids["T1"], results=results)


@breaks(14, "certificates {X3}: the student was erased, and the row holds a name that was to be withheld")
async def a_name_on_a_certificate(session: AsyncSession, ids: Ids) -> None:
    done = {"due_at": now(), "done_at": now(), "certificates": ErasedCertificates.WITHHOLD_NAME}
    await session.execute(insert(Erasure).values(id=new_id(), user_id=ids["sam"], **done))


async def count_attempts(session: AsyncSession, ids: Ids, count: int) -> None:
    await change(session, LessonProgress, ids["P3"], attempts_count=count)


def soil(ids: Ids) -> list[list[Any]]:
    """What the school of the tests has not yet: a session with its token, and a passed quiz with its progress."""
    at = now() - timedelta(minutes=30)
    ids |= {name: new_id() for name in ("S1", "R1", "T1", "P3")}
    session = UserSession(id=ids["S1"], user_id=ids["mia"], created_at=at, last_seen_at=at, expires_at=now())
    token = RefreshToken(id=ids["R1"], user_id=ids["mia"], session_id=ids["S1"], token_jti="j", expires_at=now())
    attempt = QuizAttempt(
        id=ids["T1"],
        enrollment_id=ids["E1"],
        quiz_id=ids["Q1"],
        attempt_number=1,
        status=AttemptStatus.GRADED,
        started_at=at,
        submitted_at=at,
        graded_at=at,
        score=Decimal(2),
        max_score=Decimal(2),
        percentage=Decimal(100),
        is_passed=True,
        paper="{}",
        key={},
    )
    progress = LessonProgress(
        id=ids["P3"],
        enrollment_id=ids["E1"],
        lesson_id=ids["L3"],
        status=ProgressStatus.COMPLETED,
        completed_at=at,
        completion_percentage=Decimal(100),
        attempts_count=1,
    )
    return [[session], [token, attempt, progress]]
