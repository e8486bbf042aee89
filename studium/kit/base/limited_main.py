"""The helper process behind `limited.py`: it imports a module once, and is forked for each piece of work.

`python -m studium.kit.base.limited_main MODULE DESCRIPTOR`: requests come in over that socket, each with the channel
that gets the exit code of its work. A channel that is closed at the other end kills the work, a closed socket all
of it.
"""

import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from mmap import PAGESIZE
from pathlib import Path
from typing import Any, NoReturn

from studium.kit.base.limited import OUT_OF_MEMORY, Limits

Work = Callable[[Mapping[str, Any]], None]
IDLE_SECONDS = 300
_MESSAGE_MAX = 1 << 16
_MOST_DESCRIPTORS = 1024
_PR_SET_PDEATHSIG = 1
_NICE = 10


def main() -> None:
    """Work until there was nothing to do for five minutes, or whoever started us is gone."""
    module, number = sys.argv[1:]
    # A terminal, or whoever stops a service, tells every process of the group; ours ends with the one it works for.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    work: Work = import_module(module).work
    gc.freeze()
    with socket.socket(fileno=int(number)) as requests:
        _Helper(requests, work).serve()


class _Helper:
    def __init__(self, requests: socket.socket, work: Work) -> None:
        self._requests, self._work = requests, work
        self._running: dict[int, socket.socket] = {}
        self._ended, wakes = socket.socketpair()
        wakes.setblocking(False)  # noqa: FBT003 -- the socket's own signature.
        self._wakes = wakes
        signal.set_wakeup_fd(wakes.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ, self._begin)
        self._selector.register(self._ended, selectors.EVENT_READ, self._reap)

    def serve(self) -> None:
        while found := self._selector.select(None if self._running else IDLE_SECONDS):
            for key, _ in found:
                if key.data() is False:
                    self._kill_all()
                    return

    def _begin(self) -> bool:
        """Fork for a request; False where nobody sends any more."""
        message, descriptors, _, _ = socket.recv_fds(self._requests, _MESSAGE_MAX, 1)
        if not message:
            return False
        channel = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if not pid:
            _work_and_exit(self._work, json.loads(message))
        self._running[pid] = channel
        self._selector.register(channel, selectors.EVENT_READ, lambda: self._kill(pid))
        return True

    def _kill(self, pid: int) -> bool:
        """End work that nobody waits for; it is not reaped yet, so the number is still its own."""
        self._selector.unregister(self._running[pid])
        os.kill(pid, signal.SIGKILL)
        return True

    def _kill_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> bool:
        """Tell the exit codes of what has ended."""
        self._ended.recv(_MESSAGE_MAX)
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                with self._running.pop(pid) as channel:
                    with suppress(KeyError):
                        self._selector.unregister(channel)
                    with suppress(OSError):
                        channel.send(str(os.waitstatus_to_exitcode(status)).encode())
        return True


def _work_and_exit(work: Work, message: Mapping[str, Any]) -> NoReturn:
    code = 1
    try:
        os.closerange(3, _MOST_DESCRIPTORS)
        signal.set_wakeup_fd(-1)
        _die_with_parent()
        _bound(Limits(**message["limits"]))
        work(message["request"])
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException:  # noqa: BLE001 -- the log says what it was; this process ends in any case.
        traceback.print_exc()
    finally:
        os._exit(code)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _bound(limits: Limits) -> None:
    """Set the limits of this process. Servers go first where processors are short."""
    os.nice(_NICE)
    memory = _address_space() + limits.memory_bytes
    for name, most in (
        (resource.RLIMIT_CORE, (0, 0)),
        (resource.RLIMIT_AS, (memory, memory)),
        (resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes)),
        (resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1)),
    ):
        resource.setrlimit(name, most)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)


def _address_space() -> int:
    """Bytes of addresses that this process has now: the code's own, which do not count."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * PAGESIZE
    except OSError:
        return 1 << 30


if __name__ == "__main__":
    main()
