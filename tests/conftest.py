"""What every test can ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import anyio_backend, database_url, migrated_file, migrated_postgres  # noqa: F401 -- fixtures.
from tests.world import World, open_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:  # noqa: F811 -- the fixture of that name.
    """The school of named people, fresh for each test."""
    async with open_world(database_url, tmp_path) as opened:
        yield opened
