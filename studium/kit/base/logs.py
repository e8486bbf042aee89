"""Logs: one line for each event on standard error, as JSON in production, with everything secret taken out."""

import asyncio
import json
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Protocol

import structlog

from studium.kit.base.clock import now
from studium.kit.base.config import Settings

REDACTED = "[redacted]"
_TOGETHER_SECONDS = 0.2
_TOGETHER_LINES = 500
request_id_var: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; every line logged meanwhile carries it."""

_SECRET_PARTS = re.compile(r"passw|token|secret|authorization|cookie|api_?key|credential", re.IGNORECASE)
_SECRET_KEYS = frozenset({"code", "codes", "recovery_codes", "otp", "otpauth_uri", "qr_svg"})
_SECRET_TEXTS = (
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*)+"), REDACTED),
    (re.compile(r"\b(\w*(?:token|code|passw\w*|secret))=[\"']?[^&\s\"']+", re.IGNORECASE), rf"\1={REDACTED}"),
    (re.compile(r"(://[^/\s:@]*):[^@/\s]+@"), rf"\1:{REDACTED}@"),
    (re.compile(r"\[parameters: .*?\]\n", re.DOTALL), f"[parameters: {REDACTED}]\n"),
)
_QUIET = {
    "uvicorn.access": logging.CRITICAL,  # The middleware writes a line for each request, without the query.
    "sqlalchemy": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "asyncio": logging.WARNING,
    "procrastinate": logging.WARNING,
    "PIL": logging.WARNING,
}
Event = MutableMapping[str, Any]
Refused = tuple[str | None, str]
"""Who was refused, if that is known, and the source."""


class AccessLog(Protocol):
    """Writes the line of one request."""

    def __call__(self, method: str, route: str, status: int, ms: float, refused: Refused | None = None, /) -> None:
        """Write it."""


def configure_logs(settings: Settings) -> None:
    """Send what structlog and the standard library log through one chain, from `settings.log_level` upwards."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[_stamp, structlog.processors.format_exc_info, redact, _renderer(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines,
        cache_logger_on_first_use=settings.is_production,
    )
    _route_standard_library(level)


def access_log(settings: Settings) -> AccessLog:
    """What writes the line of one request: method, path template, status, milliseconds, and who was refused.

    In production it goes past the chain, which would cost five times as much and has nothing to take out here.
    """
    if logging.getLevelNamesMapping()[settings.log_level] > logging.INFO:
        return _write_nothing
    return _write_request if settings.is_production else _log_request


def _write_request(method: str, route: str, status: int, ms: float, refused: Refused | None = None) -> None:
    # Method and source may be texts of the caller's; the others are templates and ids that need no escaping.
    who = "" if refused is None else f'"actor": {json.dumps(refused[0])}, "source": {json.dumps(refused[1])}, '
    _requests.add(
        f'{{"method": {json.dumps(method)}, "route": "{route}", "status": {status}, "ms": {ms}, {who}'
        f'"event": "request", "request_id": "{request_id_var.get()}", "level": "info", '
        f'"timestamp": "{now().isoformat()}"}}\n'
    )


def _log_request(method: str, route: str, status: int, ms: float, refused: Refused | None = None) -> None:
    who = {} if refused is None else {"actor": refused[0], "source": refused[1]}
    structlog.get_logger().info("request", method=method, route=route, status=status, ms=ms, **who)


def _write_nothing(method: str, route: str, status: int, ms: float, refused: Refused | None = None) -> None:
    del method, route, status, ms, refused


def _write(line: str) -> None:
    """Write to standard error, after the requests that were answered before."""
    _requests.flush()
    _put(line + "\n")


def _put(text: str) -> None:
    """Write to standard error. A full disk or a closed pipe loses the text, never the request."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


class _Requests:
    """Lines of requests, written together: a call of the system for each would cost as much as its statement.

    They wait for a fifth of a second at most; a process that is killed takes so many with it.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, line: str) -> None:
        """Take a line, and see to it that it will be written."""
        self._lines.append(line)
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(_TOGETHER_SECONDS, self.flush)
        elif len(self._lines) >= _TOGETHER_LINES:
            self._put_all()

    def flush(self) -> None:
        """Write what waits."""
        self._loop = None
        self._put_all()

    def _put_all(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            _put("".join(lines))


_requests = _Requests()


def flush_requests() -> None:
    """Write the lines of requests that still wait: at the end of a process."""
    _requests.flush()


class _Lines:
    """The logger at the end of structlog's chain."""

    def __init__(self, *names: object) -> None:
        del names

    def msg(self, message: str) -> None:
        _write(message)

    debug = info = warning = warn = error = exception = critical = fatal = log = msg


class _Forward(logging.Handler):
    """Hands the records of the standard library on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger = structlog.get_logger()
            logger.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001 -- a library's broken log call must not break what it was doing.
            self.handleError(record)


def redact(logger: object, method: str, event: Event) -> Event:
    """Take secrets out of an event: by the name of the key, and by what the text looks like. For structlog."""
    del logger, method
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: object) -> object:
    if key in _SECRET_KEYS or _SECRET_PARTS.search(key):
        return REDACTED
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {str(name): _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float) else clean_text(str(value))


def clean_text(text: str) -> str:
    """`text` without what looks like a bearer token, a JWT, a secret in a query, or a password in an address."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _stamp(logger: object, method: str, event: Event) -> Event:
    del logger
    request_id = request_id_var.get()
    if request_id:
        event.setdefault("request_id", request_id)
    event["level"] = "error" if method == "exception" else method
    event["timestamp"] = now().isoformat()
    return event


def _renderer(settings: Settings) -> structlog.typing.Processor:
    if settings.is_production:
        return structlog.processors.JSONRenderer(ensure_ascii=True)
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=sys.stderr.isatty())


def _route_standard_library(level: int) -> None:
    root = logging.getLogger()
    # Only what basicConfig or we ourselves put there is replaced: a test runner's own handlers stay.
    root.handlers = [handler for handler in root.handlers if type(handler) not in {logging.StreamHandler, _Forward}]
    root.addHandler(_Forward())
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, floor))
