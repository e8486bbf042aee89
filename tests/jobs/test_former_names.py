"""What a former release left waiting is worked off: each thing that happens, with its jobs under the names of then."""

from collections.abc import Mapping, Sequence

import pytest

from studium.kit.db.transaction import Transaction
from studium.modules.former_job_names import FORMER_JOB_NAMES
from tests.notifications.test_mails import CASES
from tests.world import World

FORMER = {present: former for former, present in FORMER_JOB_NAMES.items()}
NEW = {
    "address_changed",
    "course_invitation",
    "erasure_cancelled",
    "erasure_requested",
    "export_by_school",
    "export_ready",
    "leave_old_address",
    "passkey_added",
    "prove_new_address",
}
SINCE = {"enrollments.accept_invitations"}
"""Mails and jobs that the former release did not have: it left none of these."""


@pytest.mark.parametrize("name", sorted(CASES.keys() - NEW))
async def test_jobs_of_a_former_release_leave_no_dead_letter(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, stored = world.runtime.jobs.put, set()

    async def put_as_before(transaction: Transaction, names: Sequence[str], payload: Mapping[str, str]) -> None:
        former = [FORMER.get(each, each) for each in names]
        stored.update(former)
        await put(transaction, former, payload)

    monkeypatch.setattr(world.runtime.jobs, "put", put_as_before)
    await CASES[name].act(world, "en")
    await world.runtime.jobs.drain()
    assert stored
    assert stored - SINCE <= FORMER_JOB_NAMES.keys()
    assert await world.runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 0}
