"""The job worker: as many processes as wanted beside the servers."""

import asyncio
import signal

import structlog
import uvloop
from prometheus_client import start_http_server

from studium.kit.base.config import Settings
from studium.kit.base.logs import configure_logs
from studium.kit.base.memory import freeze, trimmed_memory
from studium.kit.base.metrics import REGISTRY
from studium.kit.runtime import BACKGROUND_SECONDS, clear_leftovers, open_runtime
from studium.modules.registry import load_handlers


class WorkerError(Exception):
    """Why the worker cannot start; its text is one sentence."""


def run_worker(settings: Settings, *, metrics_host: str = "127.0.0.1", metrics_port: int = 0) -> None:
    """Work jobs off until told to stop (SIGTERM, SIGINT); what runs then is finished first.

    With a port, what this process counts can be read there; raise WorkerError where it is taken.
    """
    configure_logs(settings)
    if metrics_port:
        _serve_metrics(metrics_host, metrics_port)
    uvloop.run(_work(settings))


def _serve_metrics(host: str, port: int) -> None:
    try:
        start_http_server(port, host, REGISTRY)
    except OSError as error:
        message = f"Port {port} on {host} cannot be used: {error.strerror}."
        raise WorkerError(message) from None


async def _work(settings: Settings) -> None:
    load_handlers()
    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    async with open_runtime(settings, statement_seconds=BACKGROUND_SECONDS) as runtime, trimmed_memory():
        await clear_leftovers(runtime)
        await runtime.jobs.start()
        freeze()
        structlog.get_logger().info("worker ready")
        await told.wait()
        await runtime.jobs.stop()
