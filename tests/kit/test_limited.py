"""Processes with limits: each limit ends the work and is named, and nothing outlives whoever waits for it."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from time import monotonic

import pytest

from studium.kit.base.limited import Helper, Limit, LimitBroken, Limits, WorkFailed

MODULE = "tests.kit.limited_work"
LIMITS = Limits(memory_bytes=256 << 20, cpu_seconds=1, seconds=30, file_bytes=1 << 20)
helper = Helper(MODULE)


async def do(how: str, folder: Path, limits: Limits = LIMITS) -> str:
    result = folder / "result"
    await helper.run({"how": how, "result": str(result)}, limits)
    return result.read_text()


async def test_work_knows_nothing_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIUM_SECRET_KEY", "x" * 40)
    assert await do("well", tmp_path) == ""


@pytest.mark.parametrize(
    ("how", "limit"), [("greedy", Limit.MEMORY), ("busy", Limit.CPU), ("idle", Limit.TIME), ("crash", Limit.CRASH)]
)
async def test_each_limit_is_named(how: str, limit: Limit, tmp_path: Path) -> None:
    seconds, cpu = 1 if limit is Limit.TIME else 30, 1 if limit is Limit.CPU else 30
    with pytest.raises(LimitBroken) as broken:
        await do(how, tmp_path, Limits(LIMITS.memory_bytes, cpu, seconds, LIMITS.file_bytes))
    assert broken.value.limit is limit


@pytest.mark.parametrize("how", ["broken", "large"])
async def test_any_other_failure_is_ours(how: str, tmp_path: Path) -> None:
    with pytest.raises(WorkFailed):
        await do(how, tmp_path)
    assert not (tmp_path / "result").exists() or (tmp_path / "result").stat().st_size <= LIMITS.file_bytes


@pytest.mark.alone
async def test_a_start_is_cheap_once_the_helper_runs(tmp_path: Path) -> None:
    await do("well", tmp_path)
    began = monotonic()
    await do("well", tmp_path)
    assert monotonic() - began < 0.5


async def test_work_that_nobody_waits_for_ends(tmp_path: Path) -> None:
    waiting = asyncio.create_task(do("idle", tmp_path))
    pid = await begun(tmp_path)
    waiting.cancel()
    await gone(pid)


async def test_a_helper_that_was_killed_is_started_anew(tmp_path: Path) -> None:
    await do("well", tmp_path)
    assert helper._process is not None
    helper._process.send_signal(signal.SIGKILL)
    helper._process.wait()
    assert await do("well", tmp_path) == ""


async def test_nothing_outlives_a_killed_process(tmp_path: Path) -> None:
    program = (
        "import asyncio; from studium.kit.base.limited import Helper, Limits;"
        f"asyncio.run(Helper({MODULE!r}).run({{'how': 'idle', 'result': {str(tmp_path / 'result')!r}}},"
        " Limits(1 << 28, 9, 60, 1 << 20)))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    pid = await begun(tmp_path)
    process.kill()
    await process.wait()
    await gone(pid)


async def begun(folder: Path) -> int:
    """The process that works, once it does."""
    async with asyncio.timeout(30):
        while not (folder / "result").exists() or not (folder / "result").read_text():
            await asyncio.sleep(0.02)
    return int((folder / "result").read_text())


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while is_there(pid):
            await asyncio.sleep(0.02)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
