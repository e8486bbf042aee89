"""The job worker: as many processes as wanted beside the servers."""

import asyncio
import signal

import structlog
import uvloop

from studium.kit.config import Settings
from studium.kit.logs import configure_logs
from studium.kit.runtime import open_runtime
from studium.registry import load_handlers


def run_worker(settings: Settings) -> None:
    """Work jobs off until told to stop (SIGTERM, SIGINT); what runs then is finished first."""
    configure_logs(settings)
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    load_handlers()
    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    async with open_runtime(settings) as runtime:
        await runtime.jobs.start()
        structlog.get_logger().info("worker ready")
        await told.wait()
        await runtime.jobs.stop()
