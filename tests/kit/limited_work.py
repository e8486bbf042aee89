"""Work of every temper for the tests of limited processes."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def work(request: Mapping[str, Any]) -> None:
    """Do what the request's `how` says; what was done is in its `result`."""
    result = Path(request["result"])
    match request["how"]:
        case "well":
            result.write_text(" ".join(sorted(name for name in os.environ if "STUDIUM" in name)))
        case "greedy":
            result.write_text(str(len([bytearray(1 << 20) for _ in range(4096)])))
        case "busy":
            while True:
                pass
        case "idle":
            result.write_text(str(os.getpid()))
            time.sleep(60)
        case "large":
            result.write_bytes(bytes(2 << 20))
        case "broken":
            raise ZeroDivisionError
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
