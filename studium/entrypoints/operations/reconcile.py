"""What should agree and may not, for operators: counters and rows, files and blobs, and the invariants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.config import Settings
from studium.kit.base.findings import Findings
from studium.kit.db.database import Database
from studium.kit.db.invariants import Breach, Invariant, find_breaches
from studium.kit.runtime import BACKGROUND_SECONDS, Runtime, open_runtime
from studium.modules.analytics.actions_reconcile import TallyDrift, repair_tallies, tally_drifts
from studium.modules.auth import actions_reconcile as auth
from studium.modules.certificates import actions_reconcile as certificates
from studium.modules.courses import actions_reconcile as courses
from studium.modules.courses.actions_reconcile import CountDrift, count_drifts, repair_counts
from studium.modules.enrollments import actions_reconcile as enrollments
from studium.modules.enrollments.actions_reconcile import Drift, drifts, repair
from studium.modules.files.actions_contents import AlteredBlob, find_altered
from studium.modules.files.actions_reconcile import LostBlob, find_lost, find_unswept
from studium.modules.files.actions_references import ReferenceDrift, reference_drifts, repair_references
from studium.modules.privacy import actions_reconcile as privacy
from studium.modules.quizzes import actions_reconcile as quizzes
from studium.modules.quizzes.statistics.actions_reconcile import SumDrift, repair_sums, sum_drifts
from studium.modules.registry import load_handlers
from studium.modules.users import actions_reconcile as users

Difference = Drift | CountDrift | TallyDrift | SumDrift | ReferenceDrift
D = TypeVar("D")
_KINDS: tuple[Callable[[AsyncSession], AsyncIterator[Difference]], ...] = (
    drifts,
    count_drifts,
    tally_drifts,
    sum_drifts,
    reference_drifts,
)


async def reconcile(settings: Settings, *, fix: bool) -> tuple[Findings[Difference], Findings[LostBlob]]:
    """Return the counters and references that differ from their rows, and the files that have lost their content.

    With `fix`, counters are recomputed, one enrollment or course at a time, then the tallies that they are part of and
    the sums of quizzes, and references are written anew; nothing brings content back.
    """
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        found = Findings[Difference]()
        async with runtime.database.snapshot() as session:
            for each in _KINDS:
                await found.take(each(session))
        if fix and found:
            await _put_right(runtime.database)
        return found, await find_lost(runtime)


async def _put_right(database: Database) -> None:
    """Look for the differences once more, and put each right as it is found."""
    await _repair(database, drifts, lambda session, drift: repair(session, drift.enrollment_id))
    await _repair(database, count_drifts, lambda session, drift: repair_counts(session, drift.course_id))
    async with database.write_session() as session:
        await repair_tallies(session)
    await _repair(database, sum_drifts, lambda session, drift: repair_sums(session, [drift]))
    await _repair(database, reference_drifts, repair_references)


async def _repair(
    database: Database,
    find: Callable[[AsyncSession], AsyncIterator[D]],
    mend: Callable[[AsyncSession, D], Awaitable[object]],
) -> None:
    async with database.snapshot() as session:
        async for drift in find(session):
            async with database.write_session() as writing:
                await mend(writing, drift)


async def broken_invariants(settings: Settings) -> Findings[Breach]:
    """Return what breaks one of the rules that hold after any crash, race or restart, by the rule's number.

    Counters and lost content are not among it: `reconcile` has them.
    """
    load_handlers()
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        async with runtime.database.snapshot() as session:
            found = await find_breaches(session, all_invariants(runtime))
        unswept = await find_unswept(runtime)
        kept = sorted([*found, *unswept], key=lambda breach: breach.number)
        return Findings(kept, found.total + unswept.total)


async def altered_files(settings: Settings) -> Findings[AlteredBlob]:
    """Return the files whose content is not what was stored; reads all of them."""
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        return await find_altered(runtime)


def all_invariants(runtime: Runtime) -> list[Invariant]:
    """The rules of every module, as queries for what breaks them."""
    fixed = (auth, courses, enrollments, quizzes, users, privacy)
    return [*certificates.invariants(runtime.jobs), *(rule for module in fixed for rule in module.INVARIANTS)]
