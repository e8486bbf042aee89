"""Serving the application with uvicorn, from one process or several."""

import ctypes
import os
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from studium.app import create_app
from studium.kit.config import Settings, load_settings
from studium.kit.failures import Failure
from studium.kit.logs import configure_logs
from studium.kit.protocol import GuardedProtocol

STOP_SECONDS = 20
"""How long requests in flight may go on after the server was told to stop; jobs have four seconds after them."""

_BACKLOG = 2048
_PR_SET_PDEATHSIG = 1


class ServerError(Failure):
    """Why the server cannot start; its text is one sentence."""


def serving_app() -> FastAPI:
    """The application of a worker process, which reads the settings for itself."""
    _die_with_supervisor()
    settings = load_settings()
    configure_logs(settings)
    return create_app(settings)


def _die_with_supervisor() -> None:
    """Let a supervisor that is killed take this process along: it would keep the port, and no new one could start."""
    if sys.platform == "linux":
        supervisor = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os.kill(os.getpid(), signal.SIGKILL)


def run_server(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until told to stop; raise ServerError where the port is taken or the set-up cannot have more processes."""
    if workers > 1 and settings.is_sqlite:
        message = "More than one process needs PostgreSQL: set STUDIUM_DATABASE_URL, or serve with --workers 1."
        raise ServerError(message)
    listening = _listen(host, port)
    configure_logs(settings)
    config = uvicorn.Config(
        "studium.server:serving_app" if workers > 1 else create_app(settings),
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    print(f"Studium listens on http://{host}:{port} (docs: /docs)", flush=True)  # noqa: T201 -- for people.
    if workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        # uvicorn stops gracefully, then raises the signal again; being told to stop is no failure.
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        message = f"Port {port} on {host} cannot be used: {reason}; --port (make run PORT=8010) names another."
        raise ServerError(message) from None
    listening.set_inheritable(True)
    return listening
