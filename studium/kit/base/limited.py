"""Work on what strangers sent, in processes of its own with limits of memory, processor time and wall clock.

A thread cannot be stopped, and what it allocates is the whole process's. So a helper process, started at first need,
imports the code that does the work (`limited_main.py`), and is forked for each piece of it: a start takes some
milliseconds. It has none of our connections, no settings and no secrets, and ends when we do, however that happens.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum

OUT_OF_MEMORY = 3
"""The exit code of a process that reached its limit of memory and could still say so."""
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV")
_START = [sys.executable, "-m", "studium.kit.base.limited_main"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may take: memory beyond the code's own, and seconds. `file_bytes` is its largest file."""

    memory_bytes: int
    cpu_seconds: int
    seconds: float
    file_bytes: int


class Limit(StrEnum):
    """Which limit was broken; a crash is a reader that broke off, as native code does that cannot get memory."""

    MEMORY = "memory"
    CPU = "cpu"
    TIME = "time"
    CRASH = "crash"


class LimitBroken(Exception):
    """The work broke a limit and was ended."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit.value)
        self.limit = limit


class WorkFailed(Exception):
    """The work failed by a defect of ours; the log has its traceback."""


_BROKEN = {
    OUT_OF_MEMORY: Limit.MEMORY,
    -signal.SIGKILL: Limit.MEMORY,
    -signal.SIGXCPU: Limit.CPU,
    -signal.SIGALRM: Limit.TIME,
}


class Helper:
    """Runs `module.work(request)` in limited processes; one for each module and process of ours, in any event loop."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        atexit.register(self.close)

    async def run(self, request: Mapping[str, str | int], limits: Limits) -> None:
        """Do one piece of work, and wait for its end; raise LimitBroken, WorkFailed. Being cancelled ends the work."""
        message = json.dumps({"request": dict(request), "limits": asdict(limits)}).encode()
        # A helper without work goes after a while, perhaps in the very moment in which it gets some.
        code = await self._run(message) or await self._run(message)
        if code is None:
            raise WorkFailed
        exit_code = int(code)
        if exit_code in _BROKEN or exit_code < 0:
            raise LimitBroken(_BROKEN.get(exit_code, Limit.CRASH))
        if exit_code:
            raise WorkFailed

    async def _run(self, message: bytes) -> bytes | None:
        """The exit code of the work; None where the helper is gone. Closing the channel kills the work."""
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)  # noqa: FBT003 -- the socket's own signature.
            with theirs:
                self._send(message, theirs.fileno())
            with suppress(ConnectionError):
                return await asyncio.get_running_loop().sock_recv(ours, 16) or None
        return None

    def _send(self, message: bytes, channel: int) -> None:
        try:
            socket.send_fds(self._opened(), [message], [channel])
        except OSError:
            self.close()
            socket.send_fds(self._opened(), [message], [channel])

    def _opened(self) -> socket.socket:
        if self._socket is None:
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            with theirs:
                number = theirs.fileno()
                command = [*_START, self._module, str(number)]
                self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module.
                    command, stdin=subprocess.DEVNULL, env=environment, pass_fds=(number,)
                )
        return self._socket

    def close(self) -> None:
        """End the helper, and whatever it works at."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.wait()
        self._socket = self._process = None
