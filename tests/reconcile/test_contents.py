"""A file whose content is not what was stored is found by reading it."""

from pathlib import Path

from studium.modules.files.actions_contents import find_altered
from tests.cli.test_commands import run
from tests.world import World, open_world


async def test_other_bytes_of_the_same_size_are_found(world: World) -> None:
    assert await find_altered(world.runtime) == []
    await world.runtime.storage.put("uploads/f1.txt", b"hallo")
    (altered,) = await find_altered(world.runtime)
    assert str(altered) == f"file {world.ids['F1']}: its content is not what was stored"


async def test_the_command_names_them(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path) as world:
        file_id = world.ids["F1"]
        await world.runtime.storage.put("uploads/f1.txt", b"hallo")
    assert run(database_url, tmp_path, "reconcile")[0] == 0
    code, said, _ = run(database_url, tmp_path, "reconcile", "--contents")
    named = f"file {file_id}: its content is not what was stored"
    assert (code, said) == (1, f"{named}\n0 differences.\n1 file has other content than was stored.\n")
