"""What follows when a large regrade was asked for."""

from studium.events import RegradeRequested
from studium.kit.events import on
from studium.kit.runtime import Runtime
from studium.modules.quizzes.actions_regrade import regrade_batch


@on(RegradeRequested, outside=True)
async def work_off_regrade(runtime: Runtime, event: RegradeRequested) -> None:
    """Batch by batch, each in a transaction of its own, so that learners wait for no more than one of them."""
    is_done = False
    while not is_done:
        async with runtime.database.writing() as session:
            is_done = await regrade_batch(session, event.regrade_id)
