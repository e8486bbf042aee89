"""What should agree and may not, for operators: counters and rows, files and blobs, and the invariants."""

from collections.abc import Sequence

from studium.kit.config import Settings
from studium.kit.invariants import Breach, Invariant, find_breaches
from studium.kit.runtime import BACKGROUND_SECONDS, Runtime, open_runtime
from studium.modules.analytics.actions_reconcile import TallyDrift, find_tally_drift, repair_tallies
from studium.modules.auth import actions_reconcile as auth
from studium.modules.certificates import actions_reconcile as certificates
from studium.modules.courses import actions_reconcile as courses
from studium.modules.courses.actions_reconcile import CountDrift, find_count_drift, repair_counts
from studium.modules.enrollments import actions_reconcile as enrollments
from studium.modules.enrollments.actions_reconcile import Drift, find_drift, repair
from studium.modules.files.actions_reconcile import LostBlob, find_lost, find_unswept
from studium.modules.quizzes import actions_reconcile as quizzes
from studium.modules.users import actions_reconcile as users
from studium.registry import load_handlers


async def reconcile(
    settings: Settings, *, fix: bool
) -> tuple[Sequence[Drift | CountDrift | TallyDrift], Sequence[LostBlob]]:
    """Return every counter that differs from its rows, and every file that has lost its content.

    With `fix`, counters are recomputed, one enrollment or course at a time, and then the tallies that they are part
    of; nothing brings content back.
    """
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        async with runtime.database.snapshot() as session:
            drifted, miscounted = await find_drift(session), await find_count_drift(session)
            tallied = await find_tally_drift(session)
        if fix:
            for enrollment_id in dict.fromkeys(drift.enrollment_id for drift in drifted):
                async with runtime.database.writing() as session:
                    await repair(session, enrollment_id)
            for course_id in dict.fromkeys(drift.course_id for drift in miscounted):
                async with runtime.database.writing() as session:
                    await repair_counts(session, course_id)
            if tallied or drifted:
                async with runtime.database.writing() as session:
                    await repair_tallies(session)
        return [*drifted, *miscounted, *tallied], await find_lost(runtime)


async def broken_invariants(settings: Settings) -> Sequence[Breach]:
    """Return everything that breaks one of the rules that hold after any crash, race or restart, by the rule's number.

    Counters and lost content are not among it: `reconcile` has them.
    """
    load_handlers()
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime:
        async with runtime.database.snapshot() as session:
            found = await find_breaches(session, all_invariants(runtime))
        return sorted([*found, *await find_unswept(runtime)], key=lambda breach: breach.number)


def all_invariants(runtime: Runtime) -> list[Invariant]:
    """The rules of every module, as queries for what breaks them."""
    fixed = (auth, courses, enrollments, quizzes, users)
    return [*certificates.invariants(runtime.jobs), *(rule for module in fixed for rule in module.INVARIANTS)]
