"""The plan is carried out: 500 rows in a transaction, with the cursor that says how far it is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access import audit
from studium.events import EmailVerificationRequested, UserInvited
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.database import dialect_insert
from studium.kit.db.statistics import analyze_grown
from studium.kit.jobs.events import publish_all
from studium.models import (
    AuditEvent,
    Course,
    Enrollment,
    OneTimeToken,
    PeopleImport,
    PeopleImportRow,
    PeopleImportStatus,
    PlannedAction,
    Role,
    Source,
    TokenPurpose,
    User,
    UserWords,
)
from studium.models.user_words import words_of_person
from studium.modules.enrollments.arrivals.admission import Admission, admit
from studium.modules.users.actions import owners_among
from studium.modules.users.credentials import LIFETIMES, leave_addresses, open_links, shut_out_all

AT_ONCE = 500
DONE = ("create", "change", "skipped", "enrollments", "invitations")
"""What is counted of what was carried out."""

CHANGED_MEANWHILE = "changed_meanwhile"


async def apply_batch(session: AsyncSession, import_id: UUID) -> bool:
    """Carry out the next 500 rows of a plan, and say whether there may be more. A finished import is left alone.

    The lock on the import's row makes two runs take turns; the cursor moves with the work.
    """
    row = await session.get(PeopleImport, import_id, with_for_update=True, populate_existing=True)
    if row is None or row.status is not PeopleImportStatus.APPLYING:
        return False
    done = {name: int(str((row.applied or {}).get(name, 0))) for name in DONE}
    await analyze_grown(session, {User: done["create"], Enrollment: done["enrollments"]})
    planned = PeopleImportRow.import_id == import_id, PeopleImportRow.action != PlannedAction.ERROR
    following = select(PeopleImportRow).where(*planned, PeopleImportRow.line > row.cursor_line)
    batch = (await session.execute(following.order_by(PeopleImportRow.line).limit(AT_ONCE))).scalars().all()
    counts = await _apply(session, row, batch) if batch else Counter()
    row.applied = {name: done[name] + counts[name] for name in DONE}
    if batch:
        row.cursor_line = batch[-1].line
        row.progress_done += len(batch)
    if len(batch) < AT_ONCE:
        row.status, row.finished_at = PeopleImportStatus.DONE, now()
        await _record(session, row, "people_imports.finished", [(row.id, "people_import")])
    await session.flush()
    return row.status is PeopleImportStatus.APPLYING


async def _apply(session: AsyncSession, row: PeopleImport, batch: Sequence[PeopleImportRow]) -> Counter[str]:
    taken = await _taken(session, batch)
    rows = {each.user_id: each for each in batch if each.user_id is not None}
    made = await _create(session, row, [each for each in batch if each.action is PlannedAction.CREATE], taken)
    changed = await _change(session, row, [each for each in batch if each.action is PlannedAction.CHANGE], taken)
    present = made | changed
    for user_id, each in rows.items():
        if user_id not in present:
            each.skipped = CHANGED_MEANWHILE
    enrollments = await _enroll(session, [rows[user_id] for user_id in sorted(present)])
    invited = [user_id for user_id in sorted(present) if (rows[user_id].wanted or {}).get("invite")]
    await _mail_links(session, TokenPurpose.INVITATION, invited)
    return Counter(
        create=len(made),
        change=len(changed),
        skipped=len(batch) - len(present),
        enrollments=enrollments,
        invitations=len(invited),
    )


async def _taken(session: AsyncSession, batch: Sequence[PeopleImportRow]) -> dict[tuple[str, str], UUID]:
    """Who has the addresses and external ids that the batch gives away."""
    addresses = [each.email for each in batch if each.email]
    external_ids = [each.external_id for each in batch if each.external_id]
    named = or_(User.email.in_(addresses), User.external_id.in_(external_ids))
    taken: dict[tuple[str, str], UUID] = {}
    for user_id, email, external_id in await session.execute(
        select(User.id, User.email, User.external_id).where(named)
    ):
        taken["email", email] = user_id
        if external_id:
            taken["external_id", external_id] = user_id
    return taken


def _is_free(each: PeopleImportRow, taken: dict[tuple[str, str], UUID]) -> bool:
    owners = taken.get(("email", each.email or "")), taken.get(("external_id", each.external_id or ""))
    return all(owner is None or owner == each.user_id for owner in owners)


async def _create(
    session: AsyncSession, row: PeopleImport, batch: Sequence[PeopleImportRow], taken: dict[tuple[str, str], UUID]
) -> set[UUID]:
    """Make the accounts; the database decides where somebody else makes one at the same moment."""
    users = [_user(row, each) for each in batch if _is_free(each, taken)]
    if not users:
        return set()
    making = dialect_insert(session)(User.__table__).on_conflict_do_nothing().returning(User.__table__.c.id)
    made = set((await session.execute(making, users)).scalars())
    words = [
        {"user_id": user["id"], "words": words_of_person(user["full_name"], user["email"])}
        for user in users
        if user["id"] in made
    ]
    if words:
        await session.execute(insert(UserWords), words)
    await _record(session, row, "users.created", [(user_id, "user") for user_id in sorted(made)])
    return made


def _user(row: PeopleImport, each: PeopleImportRow) -> dict[str, Any]:
    wanted, at = each.wanted or {}, now()
    language = wanted.get("language")
    return {
        "id": each.user_id,
        "email": wanted["email"],
        "password_hash": row.password_hash,
        "full_name": wanted["full_name"],
        "role": Role(str(wanted["role"])),
        "is_active": wanted["is_active"],
        "deactivated_at": None if wanted["is_active"] else at,
        "mfa_enabled": False,
        "metadata": {"language": language} if language else None,
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "source": Source.CSV,
        "external_id": wanted.get("external_id"),
        "invited_at": at if wanted.get("invite") else None,
    }


async def _change(
    session: AsyncSession, row: PeopleImport, batch: Sequence[PeopleImportRow], taken: dict[tuple[str, str], UUID]
) -> set[UUID]:
    """Change those who are still as the plan saw them."""
    rows = {each.user_id: each for each in batch if each.user_id is not None and _is_free(each, taken)}
    if not rows:
        return set()
    locked = select(User).where(User.id.in_(rows)).order_by(User.id).with_for_update(key_share=True)
    users = (await session.execute(locked, execution_options={"populate_existing": True})).scalars().all()
    owners = await owners_among(session, [user.id for user in users])
    changed, ended = set(), []
    left: dict[UUID, str] = {}
    for user in users:
        each = rows[user.id]
        wanted = each.wanted or {}
        becomes_student = wanted.get("role") == Role.STUDENT and user.id in owners
        if user.version != each.version or user.role is Role.ADMIN or becomes_student:
            continue
        if "email" in wanted:
            left[user.id] = user.email
        _write(user, wanted)
        changed.add(user.id)
        if not user.is_active:
            ended.append(user.id)
    await session.flush()
    await _leave(session, left, [user_id for user_id in left if not (rows[user_id].wanted or {}).get("invite")])
    await shut_out_all(session, ended)
    await _record(session, row, "users.changed", [(user_id, "user") for user_id in sorted(changed)])
    return changed


async def _leave(session: AsyncSession, left: Mapping[UUID, str], uninvited: Collection[UUID]) -> None:
    """Do what follows from another address; whoever had an unused link at the one they left gets another at the new."""
    purposes = (TokenPurpose.INVITATION, TokenPurpose.VERIFY_EMAIL) if uninvited else ()
    waiting = {purpose: await open_links(session, uninvited, purpose) for purpose in purposes}
    await leave_addresses(session, left)
    for purpose, user_ids in waiting.items():
        await _mail_links(session, purpose, sorted(user_ids))


def _write(user: User, wanted: dict[str, Any]) -> None:
    for name in ("email", "full_name", "is_active", "external_id"):
        if name in wanted:
            setattr(user, name, wanted[name])
    if "email" in wanted:
        user.email_verified_at = None
    if "role" in wanted:
        user.role = Role(wanted["role"])
    if "language" in wanted:
        user.profile_metadata = {**(user.profile_metadata or {}), "language": wanted["language"]}
    if wanted.get("invite"):
        user.invited_at = now()
    user.version += 1


async def _enroll(session: AsyncSession, rows: Sequence[PeopleImportRow]) -> int:
    """Enrol the people of these rows, course by course, in the order of the courses' ids."""
    by_course: dict[UUID, list[UUID]] = defaultdict(list)
    for each in rows:
        for course_id in (each.wanted or {}).get("courses", ()):  # type: ignore[attr-defined]  # a list in JSON.
            assert each.user_id is not None  # noqa: S101 -- rows that are carried out have somebody.
            by_course[UUID(course_id)].append(each.user_id)
    there = select(Course.id).where(Course.id.in_(by_course)).order_by(Course.id)
    many = 0
    how = Admission(Source.CSV, is_told=False, restores_expired=True)
    for course_id in (await session.execute(there)).scalars().all():
        many += len(await admit(session, course_id, by_course[course_id], how))
    return many


async def _mail_links(session: AsyncSession, purpose: TokenPurpose, user_ids: Sequence[UUID]) -> None:
    """Mail links to choose a first password, which the accounts remember already, or to prove the address."""
    if not user_ids:
        return
    at = now()
    asks = UserInvited if purpose is TokenPurpose.INVITATION else EmailVerificationRequested
    addresses = await session.execute(select(User.id, User.email).where(User.id.in_(user_ids), User.is_active))
    tokens: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "user_id": user_id,
            "purpose": purpose,
            "email": email,
            "created_at": at,
            "expires_at": at + LIFETIMES[purpose],
        }
        for user_id, email in addresses
    ]
    if tokens:
        await session.execute(insert(OneTimeToken), tokens)
        await publish_all(session, [asks(token_id=token["id"]) for token in tokens])


async def _record(session: AsyncSession, row: PeopleImport, action: str, targets: Sequence[tuple[UUID, str]]) -> None:
    """Put it on the record, as `record_audit` does, for many at once."""
    if targets:
        common = {
            "occurred_at": now(),
            "action": action,
            "outcome": audit.DONE,
            "actor_id": row.owner_id,
            "address": None,
        }
        entries = [
            {"id": new_id(), "target_type": kind, "target_id": target, "details": {"import_id": str(row.id)}, **common}
            for target, kind in targets
        ]
        await session.execute(insert(AuditEvent), entries)
