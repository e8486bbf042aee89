"""A server killed between a completion and its certificate: nothing is lost, and nothing happens twice."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.world import open_world

PATIENCE_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(folder: Path, jobs: str) -> AsyncIterator[tuple[httpx2.AsyncClient, "subprocess.Popen[bytes]"]]:
    """A real `studium serve` on the embedded database, killed at the end."""
    port = free_port()
    environment = {**os.environ, "STUDIUM_DATA_DIR": str(folder), "STUDIUM_JOBS": jobs, "STUDIUM_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "studium", "serve", "--port", str(port)]
    process = await asyncio.to_thread(subprocess.Popen, command, env=environment, cwd=folder)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await is_ready(client, port):
                    await asyncio.sleep(0.05)
            yield client, process
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)


async def is_ready(client: httpx2.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_certificate_and_one_mail_after_kill_9(database_url: str, tmp_path: Path) -> None:
    async with open_world(database_url, tmp_path, public_base_url="http://127.0.0.1:8000") as world:
        ids, mia = world.ids, {"Authorization": f"Bearer {world.tokens['mia']}"}

    # Jobs run elsewhere, so the certificate is still to come when the server is killed.
    async with serving(tmp_path, "external") as (client, process):
        enrolled = await client.post("/enrollments", headers=mia, json={"course_id": str(ids["C2"])})
        path = f"/enrollments/{enrolled.json()['id']}/lessons/{ids['M1']}/complete"
        done = await client.post(path, headers=mia)
        assert done.json()["enrollment"]["status"] == "completed"
        assert (await client.get("/certificates/my-certificates", headers=mia)).json()["items"] == []
        process.send_signal(signal.SIGKILL)

    async with serving(tmp_path, "inline") as (client, _):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := (await client.get("/certificates/my-certificates", headers=mia)).json()["items"]):
                await asyncio.sleep(0.05)
            number = found[0]["certificate_number"]
            while not mails_about(tmp_path, number):
                await asyncio.sleep(0.05)

    # A third start finds nothing left to do.
    async with serving(tmp_path, "inline") as (client, _):
        await asyncio.sleep(1.5)
        found = (await client.get("/certificates/my-certificates", headers=mia)).json()["items"]
        assert [one["certificate_number"] for one in found] == [number]
    assert mails_about(tmp_path, number) == 1
    assert len(list((tmp_path / "files" / "certificates").rglob("*.pdf"))) == 1


def mails_about(folder: Path, number: str) -> int:
    return sum(number in path.read_text(encoding="utf-8") for path in (folder / "mail").glob("*.eml"))
