"""A person with a word of their own in every column that tells of them, and where that word is found."""

import subprocess
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from sqlalchemy import select, text, update

from studium.entrypoints.operations.backup import back_up
from studium.kit.base.clock import now, shifted
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models import (
    AddressChange,
    AttemptStatus,
    AuditEvent,
    CourseImport,
    CourseInvitation,
    DataExport,
    Enrollment,
    GradeChange,
    GradingComment,
    IdempotencyKey,
    ImportPhase,
    ImportStatus,
    LessonProgress,
    OneTimeToken,
    Passkey,
    PeopleImport,
    PeopleImportRow,
    PeopleImportStatus,
    PlannedAction,
    QuizAccommodation,
    RecoveryCode,
    RefreshToken,
    TokenPurpose,
    UploadedFile,
    User,
    UserSession,
)
from studium.modules.privacy import jobs
from tests.files.helpers import Desk
from tests.world import World, open_attempt

CANARY = "zwitscherling"
DRAFT = {
    "feedback": CANARY,
    "grader_id": "00000000-0000-0000-0000-000000000000",
    "saved_at": "2026-01-01T00:00:00+00:00",
}
LATER = timedelta(days=14, hours=2)


async def plant(world: World) -> None:
    """Let the word stand in everything that is sam's, as if sam had done all that a person can."""
    sam = world.ids["sam"]
    await _change(world, User, sam, full_name=f"{CANARY} Example", email=f"{CANARY}@school.example")
    secrets = {
        "password_hash": CANARY,
        "mfa_secret": CANARY,
        "mfa_last_step": 7,
        "last_login_at": now(),
        "external_id": CANARY,
    }
    await _change(world, User, sam, profile_metadata={"note": CANARY}, **secrets)
    await _plant_learning(world)
    await _plant_arrivals(world)
    async with world.runtime.database.read_session() as session:
        held = select(UserSession.id).where(UserSession.user_id == sam)
        session_id = (await session.execute(held)).scalar_one()
    await _change(world, UserSession, session_id, user_agent=CANARY, address=CANARY, browser_digest=CANARY)
    soon = now() + timedelta(days=1)
    await world.add(
        RefreshToken(id=new_id(), user_id=sam, session_id=session_id, token_jti=CANARY, expires_at=soon),
        OneTimeToken(
            id=new_id(), user_id=sam, purpose=TokenPurpose.RESET_PASSWORD, email=f"{CANARY}@a.example", expires_at=soon
        ),
        AddressChange(
            id=new_id(),
            user_id=sam,
            old_email=f"{CANARY}@school.example",
            new_email=f"new-{CANARY}@school.example",
            expires_at=soon,
        ),
        RecoveryCode(id=new_id(), user_id=sam, code_hash=CANARY),
        IdempotencyKey(
            id=new_id(),
            user_id=sam,
            key=CANARY,
            fingerprint=CANARY,
            headers={"x": CANARY},
            body=CANARY.encode(),
            expires_at=soon,
        ),
        AuditEvent(id=new_id(), action="auth.login", outcome="done", actor_id=sam, address=CANARY),
        AuditEvent(
            id=new_id(), action="auth.login", outcome="refused", target_type="user", target_id=sam, address=CANARY
        ),
    )
    await Desk(world).take("sam", f"{CANARY}.txt", f"{CANARY} writes.".encode())
    await world.runtime.storage.put("exports/sam.zip", CANARY.encode())
    await world.add(
        DataExport(
            id=new_id(),
            user_id=sam,
            requested_by=world.ids["root"],
            reason=CANARY,
            done_at=now(),
            storage_path="exports/sam.zip",
            file_size=len(CANARY),
            expires_at=now() + timedelta(days=7),
        )
    )
    await world.runtime.storage.put("imports/upload.zip", CANARY.encode())
    await world.add(
        CourseImport(
            id=new_id(),
            owner_id=sam,
            original_filename=CANARY,
            file_size=5,
            storage_path="imports/upload.zip",
            status=ImportStatus.DONE,
            phase=ImportPhase.WRITING,
            finished_at=now(),
            report=[{"name": CANARY}],
            fault={"reason": CANARY},
        )
    )


async def _plant_arrivals(world: World) -> None:
    sam, done = world.ids["sam"], PeopleImportStatus.DONE
    own, other = new_id(), new_id()
    await world.add(
        PeopleImport(
            id=own,
            owner_id=sam,
            original_filename=CANARY,
            file_size=1,
            status=done,
            finished_at=now(),
            fault={"reason": CANARY},
            password_hash=CANARY,
        ),
        PeopleImport(
            id=other, owner_id=world.ids["root"], original_filename="a.csv", file_size=1, status=done, finished_at=now()
        ),
        CourseInvitation(
            id=new_id(),
            course_id=world.ids["C2"],
            email=f"{CANARY}@school.example",
            expires_at=now() + timedelta(days=1),
        ),
    )
    about = {"email": f"{CANARY}@school.example", "external_id": CANARY, "detail": CANARY, "wanted": {"a": CANARY}}
    changes = [{"field": "full_name", "before": CANARY, "after": CANARY}]
    row = {"import_id": other, "action": PlannedAction.CHANGE, "changes": changes, **about}
    await world.add(PeopleImportRow(line=2, user_id=sam, **row), PeopleImportRow(line=3, **row))


async def _plant_learning(world: World) -> None:
    await _change(world, Enrollment, world.ids["E3"], rating=5, review=CANARY, external_id=CANARY, reviewed_at=now())
    async with world.runtime.database.write_session() as session:
        mine = update(LessonProgress).where(LessonProgress.enrollment_id == world.ids["E3"])
        await session.execute(mine.values(progress_metadata={"note": CANARY}))
    essay, said = str(world.ids["K3"]), f"{CANARY}, because."
    result = {"question_id": essay, "points": "5", "points_awarded": "4", "feedback": f"Well, {CANARY}."}
    grade = {"status": "graded", "results": [result], "feedback": CANARY, "is_passed": True}
    attempt = await open_attempt(
        world,
        "T2",
        "Q2",
        status=AttemptStatus.GRADED,
        submitted_at=now(),
        graded_at=now(),
        score=Decimal(4),
        percentage=Decimal(80),
        is_passed=True,
        answers=[{"question_id": essay, "answer_text": said, "selected_option_ids": []}],
        results=[result],
        feedback=CANARY,
        draft=DRAFT | {"marks": {essay: {"points": "3", "feedback": CANARY}}},
    )
    await world.add(
        GradingComment(id=new_id(), owner_id=world.ids["sam"], text=CANARY),
        Passkey(
            id=new_id(), user_id=world.ids["sam"], credential_id=CANARY, public_key=CANARY, sign_count=0, name=CANARY
        ),
        GradeChange(id=new_id(), attempt_id=attempt.id, grader_id=world.ids["ada"], before=grade, after=grade),
        QuizAccommodation(quiz_id=world.ids["Q2"], student_id=world.ids["sam"], extra_time_percent=50),
    )
    async with world.runtime.database.write_session() as session:
        await session.execute(text("UPDATE certificates SET student_name = :name"), {"name": f"{CANARY} Example"})
    assert CANARY in await pdf_text(world)


async def _change(world: World, table: type[Base], row_id: object, **values: object) -> None:
    async with world.runtime.database.write_session() as session:
        row = await session.get_one(table, row_id)
        for name, value in values.items():
            setattr(row, name, value)


async def pdf_text(world: World, who: str = "root") -> str:
    """What a reader of the certificate sees."""
    answer = await world.call(who, "GET", "/certificates/{X3}/download")
    assert answer.status_code == 200, answer.text
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)


async def erase_sam(world: World, **wish: str) -> None:
    """Have sam erased by an admin, with all the time that takes."""
    answer = await world.call("root", "POST", "/users/{sam}/anonymize", json={"reason": CANARY, **wish})
    assert answer.status_code == 202, answer.text
    await carry_out(world)


async def carry_out(world: World, after: timedelta = timedelta()) -> None:
    """Let the waiting time pass: the account is closed, then erased."""
    with shifted(after + LATER):
        await jobs.erase_due(world.runtime)
    with shifted(after + LATER + timedelta(hours=1, seconds=1)):
        await jobs.erase_due(world.runtime)
        await world.jobs()


async def rows_with(world: World, word: str = CANARY) -> list[str]:
    """The tables in which the word stands, with those of the jobs."""
    async with world.runtime.database.read_session() as session:
        rows = {table.name: (await session.execute(select(table))).all() for table in Base.metadata.sorted_tables}
        if world.runtime.database.dialect == "postgresql":
            rows["procrastinate_jobs"] = (await session.execute(text("SELECT args FROM procrastinate_jobs"))).all()
    return [name for name, found in rows.items() if any(_says(row, word) for row in found)]


def _says(row: Iterable[Any], word: str) -> bool:
    return any(word.encode() in value if isinstance(value, bytes) else word in str(value) for value in row)


async def blobs_with(world: World, word: str = CANARY) -> list[str]:
    storage = world.runtime.storage
    return [path async for path in storage.list() if word in path or word.encode() in await storage.get(path)]


async def backup_with(world: World, folder: Path, word: str = CANARY) -> list[str]:
    """The files of a fresh backup in which the word stands; a dump of PostgreSQL is unpacked."""
    await back_up(world.runtime.settings, folder, force=True)
    return _files_with(folder, word)


def _files_with(folder: Path, word: str) -> list[str]:
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if word.encode() in _content(path)]


def _content(path: Path) -> bytes:
    if path.suffix == ".dump":
        return subprocess.run(["pg_restore", "-f", "-", str(path)], capture_output=True, check=True).stdout
    return path.read_bytes() if path.is_file() else b""


async def sam_files(world: World) -> int:
    async with world.runtime.database.read_session() as session:
        mine = select(UploadedFile.id).where(UploadedFile.uploader_id == world.ids["sam"])
        return len((await session.execute(mine)).all())
