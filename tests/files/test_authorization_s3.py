"""Who may do what with files that lie in S3: the same rows of the table, where a download leads on to the bucket."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.policy.test_authorization import CALLERS, digest, rows, send
from tests.servers import Server
from tests.world import World, open_world

ROWS = [row for row in rows() if row["path"].startswith("/files/")]


@pytest.fixture
async def world(database_url: str, tmp_path: Path, s3: Server) -> AsyncIterator[World]:
    keys = "access_key_id=test&secret_access_key=test"
    url = f"s3://school/{tmp_path.name}?endpoint=http://127.0.0.1:{s3.port}&{keys}"
    async with open_world(database_url, tmp_path, storage_url=url) as opened:
        yield opened


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['row']}-{row['method']}-{row['path']}")
async def test_each_caller_gets_what_the_table_says(world: World, row: dict[str, str]) -> None:
    callers = sorted(
        CALLERS, key=lambda who: -int(row[who])
    )  # Those who change something come last, and one is enough.
    done = False
    for who in callers:
        expected = int(row[who])
        if done and row["method"] == "DELETE" and expected < 300:
            continue
        before = digest(world)
        answer = await send(world, row, who)
        if answer.status_code == 307:
            async with httpx2.AsyncClient() as has_external_effects:
                answer = await has_external_effects.get(answer.headers["location"])
            assert answer.content == b"hello"
        assert answer.status_code == expected, f"{who}: {answer.text}"
        done = done or expected < 300
        if expected >= 400:
            assert digest(world) == before
