"""Serving the application with uvicorn, from one process or several."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from studium.app import create_app
from studium.kit.config import Settings, load_settings
from studium.kit.failures import Failure
from studium.kit.logs import configure_logs
from studium.kit.protocol import GuardedProtocol

STOP_SECONDS = 20
"""How long the drain and then requests in flight may take after the signal; jobs have four seconds after them."""

_BACKLOG = 2048
_PR_SET_PDEATHSIG = 1


class ServerError(Failure):
    """Why the server cannot start; its text is one sentence."""


def serving_app() -> FastAPI:
    """The application of a worker process, which reads the settings for itself."""
    _die_with_supervisor()
    settings = load_settings()
    configure_logs(settings)
    return _draining_app(settings)


def _draining_app(settings: Settings) -> FastAPI:
    """The application, which says that it is unready as soon as a signal comes, and stops a moment later.

    uvicorn makes it when its own handlers are in place. It closes the port at once when it is told to stop: a balancer
    that has not asked `/readyz` since then would send people to a closed door.
    """
    app = create_app(settings)
    loop, own = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        assert callable(own)  # noqa: S101 -- uvicorn's.
        if app.state.stopping or not settings.drain_seconds:
            own(number, frame)
        else:
            loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, own, number, None)
        app.state.stopping = True

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, drain)
    return app


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
        "studium.server:serving_app" if workers > 1 else partial(_draining_app, settings),
        factory=True,
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
        timeout_graceful_shutdown=int(STOP_SECONDS - (settings.drain_seconds or 0)),
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
