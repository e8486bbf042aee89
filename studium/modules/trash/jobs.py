"""What was removed thirty days ago goes for good."""

from studium.kit.jobs.registry import periodic
from studium.kit.runtime import Runtime
from studium.modules.trash.actions import due_items, let_go

_AT_ONCE = 200


@periodic("trash.empty", seconds=86_400)
async def empty_trash(runtime: Runtime) -> None:
    """Let go of what nobody has brought back, each in a transaction of its own."""
    while True:
        async with runtime.database.read_session() as session:
            due = await due_items(session, _AT_ONCE)
        for item_id in due:
            async with runtime.database.write_session() as session:
                await let_go(session, item_id)
        if len(due) < _AT_ONCE:
            return
