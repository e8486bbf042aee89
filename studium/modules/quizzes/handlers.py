"""What follows when a large regrade, or the release of many marks, was asked for."""

from datetime import datetime

from studium.events import RegradeRequested, ReleaseRequested
from studium.kit.jobs.events import on
from studium.kit.runtime import Runtime
from studium.modules.quizzes.grading.actions_regrade import regrade_batch
from studium.modules.quizzes.grading.actions_release import release_batch


@on(RegradeRequested, "quizzes.work_off_regrade", has_external_effects=True, seconds=3600)
async def work_off_regrade(runtime: Runtime, event: RegradeRequested) -> None:
    """Batch by batch, each in a transaction of its own, so that learners wait for no more than one of them."""
    is_done = False
    while not is_done:
        async with runtime.database.transaction() as tx:
            regrade = await regrade_batch(tx, event.regrade_id)
        is_done = regrade["finished_at"] is not None


@on(ReleaseRequested, "quizzes.work_off_release", has_external_effects=True, seconds=3600)
async def work_off_release(runtime: Runtime, event: ReleaseRequested) -> None:
    """Likewise, until nothing is left that was complete when it was asked for; what is shown is not shown twice."""
    until, released = datetime.fromisoformat(event.until), 1
    while released:
        async with runtime.database.transaction() as tx:
            released = await release_batch(tx, event.quiz_id, until, event.requested_by)
