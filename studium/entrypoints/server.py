"""Serving the application with uvicorn, from one process or several."""

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from studium.app import create_app, problem_pages
from studium.kit.base.config import Settings, load_settings
from studium.kit.base.failures import CommandError
from studium.kit.base.logs import configure_logs
from studium.kit.base.secret_strength import weakness_of
from studium.kit.base.sources import address_of

if TYPE_CHECKING:
    from studium.kit.http.protocol import GuardedProtocol

STOP_SECONDS = 20
"""How long the drain and then requests in flight may take after the signal; jobs have four seconds after them."""

_BACKLOG = 2048
_PR_SET_PDEATHSIG = 1


class ServerError(CommandError):
    """Why the server cannot start; its text is one sentence."""


def serving_app() -> FastAPI:
    """The application of a worker process, which reads the settings for itself."""
    _die_with_supervisor()
    settings = load_settings()
    configure_logs(settings)
    return _draining_app(settings)


def guarded_protocol() -> "type[GuardedProtocol] | None":
    """Our protocol, with its deadlines and limits; None where this release of uvicorn lacks a name that it needs."""
    try:
        from studium.kit.http.protocol import GuardedProtocol  # noqa: PLC0415 -- it may fail.
    except ImportError as error:
        structlog.get_logger().warning("connections have no deadlines", reason=str(error))
        return None
    return GuardedProtocol


def _draining_app(settings: Settings) -> FastAPI:
    """The application, which says that it is unready as soon as a signal comes, and stops a moment later.

    uvicorn makes it when its own handlers are in place. It closes the port at once when it is told to stop: a balancer
    that has not asked `/readyz` since then would send people to a closed door.
    """
    app = create_app(settings)
    # What was loaded stays: the collection at the end of the start need not walk it.
    gc.freeze()
    protocol = guarded_protocol()
    if protocol is not None:
        page_of = problem_pages(settings)
        if page_of is not None:
            protocol.page_of = staticmethod(page_of)
        protocol.is_secure = settings.is_production and settings.public_base_url.startswith("https://")
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
    require_safe(settings, host)
    sockets = [_listen(host, port, "--port (make run PORT=8010) names another")]
    if settings.metrics_port:
        sockets.append(_listen(host, settings.metrics_port, "STUDIUM_METRICS_PORT names another"))
    configure_logs(settings)
    config = uvicorn.Config(
        "studium.entrypoints.server:serving_app" if workers > 1 else partial(_draining_app, settings),
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=guarded_protocol() or "httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(STOP_SECONDS - (settings.drain_seconds or 0)),
    )
    print(f"Studium listens on http://{host}:{port} (docs: /docs)", flush=True)  # noqa: T201 -- for people.
    if workers > 1:
        Multiprocess(config, sockets=sockets).run()
    else:
        # uvicorn stops gracefully, then raises the signal again; being told to stop is no failure.
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: None)
        uvicorn.Server(config).run(sockets=sockets)


def require_safe(settings: Settings, host: str) -> None:
    """Raise ServerError where production would serve in clear, count its proxy as its callers, or trust a weak key."""
    if not settings.is_production:
        return
    weakness = weakness_of(settings.secret_key_previous.get_secret_value()) if settings.secret_key_previous else None
    message = None
    if weakness:
        message = f"STUDIUM_SECRET_KEY_PREVIOUS {weakness}: run `studium rotate-key`, then serve without it."
    elif settings.trusted_proxies is None:
        message = (
            "Production wants STUDIUM_TRUSTED_PROXIES: the networks of your proxies, separated by commas, "
            "or none where people connect without one."
        )
    elif not settings.public_base_url.startswith("https://") and not _is_loopback(host):
        message = (
            "Production wants an address of STUDIUM_PUBLIC_BASE_URL that begins with https:// "
            "unless it listens on loopback alone (--host 127.0.0.1)."
        )
    if message:
        raise ServerError(message)


def _is_loopback(host: str) -> bool:
    address = address_of(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _listen(host: str, port: int, hint: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        message = f"Port {port} on {host} cannot be used: {reason}; {hint}."
        raise ServerError(message) from None
    listening.set_inheritable(True)
    return listening
