"""Erasing a person: all of it in one transaction, by the inventory; safe to repeat.

Ids, marks and figures stay, so that courses, statistics and counters are what they were.
"""

from uuid import UUID

from sqlalchemy import Table, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.audit import record_audit
from studium.events import FileDeleted
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.jobs.events import publish
from studium.models import (
    AuditEvent,
    CourseImport,
    DataExport,
    Enrollment,
    ErasedCertificates,
    Erasure,
    IdempotencyKey,
    User,
    UserWords,
)
from studium.models.inventory import Held
from studium.models.inventory.people import FORMER
from studium.models.user_words import words_of_person
from studium.modules.certificates.actions_erasure import erase_names
from studium.modules.files.actions_erasure import erase_files
from studium.modules.privacy.rows import personal_tables, rows_of, still_holds
from studium.modules.quizzes.actions_erasure import erase_answers
from studium.modules.users.credentials import forget_addresses

BY_HAND = frozenset({"users", "user_words", "certificates", "uploaded_files", "erasures"})
"""Tables that functions of their own erase; all others go by the inventory alone."""

_PLAIN = {"synchronize_session": False}


def erased_address(user_id: UUID) -> str:
    """The address of an erased person: nobody can write to it, register with it or log in with it."""
    return f"erased-{user_id}@invalid"


async def erase(session: AsyncSession, user: User, certificates: ErasedCertificates) -> list[str]:
    """Forget a person whose row is locked. The caller has made sure that nothing stands against it.

    Returns the paths of the blobs that jobs delete after this.
    """
    held = select(Enrollment.id).where(Enrollment.student_id == user.id).order_by(Enrollment.id).with_for_update()
    await session.execute(held)
    await _forget_traces(session, user)
    await erase_answers(session, user.id)
    paths = await erase_files(session, user.id)
    await erase_names(session, user.id, None if certificates is ErasedCertificates.KEEP else FORMER)
    paths += await _drop_uploads(session, user.id)
    paths += await _drop_exports(session, user.id)
    for table, entry in personal_tables():
        if table.name not in BY_HAND:
            await _erase_rows(session, table, entry, user.id)
    await _erase_account(session, user)
    await _mark_done(session, user.id, certificates)
    return paths


async def _erase_rows(session: AsyncSession, table: Table, entry: Held, user_id: UUID) -> None:
    mine = rows_of(table, user_id)
    if entry.is_deleted:
        await session.execute(delete(table).where(mine))
        return
    values: dict[str, object] = dict(entry.emptied)
    if values:
        holds = or_(*(still_holds(table, name) for name in values))
        values |= {"version": table.c.version + 1} if "version" in table.c else {}
        values |= {"updated_at": table.c.updated_at} if "updated_at" in table.c else {}
        await session.execute(update(table).where(mine, holds).values(values))


async def _forget_traces(session: AsyncSession, user: User) -> None:
    """What is not in rows of the person: sources of unknown callers, kept answers that are over, mails that failed."""
    unknown = and_(AuditEvent.actor_id.is_(None), AuditEvent.target_type == "user", AuditEvent.target_id == user.id)
    await session.execute(update(AuditEvent).where(unknown).values(address=None), execution_options=_PLAIN)
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= now()), execution_options=_PLAIN)
    await forget_addresses(session, {user.id: user.email})


async def _drop_uploads(session: AsyncSession, user_id: UUID) -> list[str]:
    """Have what waits to be imported deleted; an import that runs finds nothing and says so."""
    waits = CourseImport.owner_id == user_id, CourseImport.storage_path.is_not(None)
    paths = [str(path) for path in (await session.execute(select(CourseImport.storage_path).where(*waits))).scalars()]
    for path in paths:
        await publish(session, FileDeleted(storage_path=path))
    await session.execute(update(CourseImport).where(*waits).values(storage_path=None), execution_options=_PLAIN)
    return paths


async def _drop_exports(session: AsyncSession, user_id: UUID) -> list[str]:
    """Have exports of the person deleted, with their rows; one that is being made finds no row and is dropped."""
    gone = delete(DataExport).where(DataExport.user_id == user_id).returning(DataExport.storage_path)
    found = (await session.execute(gone, execution_options=_PLAIN)).scalars().all()
    paths = [path for path in found if path is not None]
    for path in paths:
        await publish(session, FileDeleted(storage_path=path))
    return paths


async def _erase_account(session: AsyncSession, user: User) -> None:
    user.email, user.full_name, user.password_hash = erased_address(user.id), FORMER, "erased"
    user.profile_metadata, user.last_login_at, user.external_id = None, None, None
    user.mfa_enabled, user.mfa_method, user.mfa_secret, user.mfa_last_step = False, None, None, None
    user.is_active, user.legal_hold, user.erased_at = False, False, user.erased_at or now()
    user.version += 1
    await session.flush()
    # The flush writes them only where the name or address changes, which a restore may have done before.
    words = words_of_person(user.full_name, user.email)
    write = update(UserWords).where(UserWords.user_id == user.id).values(words=words)
    await session.execute(write, execution_options=_PLAIN)


async def _mark_done(session: AsyncSession, user_id: UUID, certificates: ErasedCertificates) -> None:
    """Note it, also of a person who is erased anew after a restore, which may know of no erasure."""
    standing = Erasure.user_id == user_id, Erasure.cancelled_at.is_(None)
    row = (await session.execute(select(Erasure).where(*standing))).scalar_one_or_none()
    if row is None:
        at = now()
        row = Erasure(id=new_id(), user_id=user_id, requested_at=at, due_at=at, certificates=certificates)
        session.add(row)
    is_first = row.done_at is None
    row.reason, row.done_at, row.certificates = None, row.done_at or now(), certificates
    await session.flush()
    if is_first:
        await record_audit(session, "users.erased", actor_id=None, target=("user", user_id))
