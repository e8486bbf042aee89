"""A school in which one person is everywhere."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backup.test_backup import make_whole
from tests.privacy.canary import plant
from tests.world import World, open_world


@pytest.fixture
async def planted(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(database_url, tmp_path / "school") as world:
        await make_whole(world)
        await plant(world)
        yield world
