"""`studium` with a sampling profiler: SIGUSR1 begins, SIGUSR2 ends and writes what was counted to BENCH_SAMPLES.

Each time that the process has used a few milliseconds of processor time, the innermost function that belongs to a known
part is noted; what a part calls in C counts for it.
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from studium.entrypoints.cli.app import main

PARTS = (
    ("server (sockets, parser, loop)", ("/uvicorn/", "/uvloop/", "/asyncio/", "/kit/http/protocol.py")),
    ("database driver", ("/asyncpg/", "/kit/db/", "/sqlalchemy/")),
    ("who is asking", ("/access/actor.py", "/kit/security/", "/joserfc/")),
    ("log", ("/kit/base/logs.py", "/structlog/", "/logging/")),
    ("metrics", ("/kit/base/metrics.py", "/prometheus_client/", "/kit/http/watch.py")),
    ("plan and route", ("/kit/http/plans.py", "/kit/http/dispatch.py", "/kit/http/routing.py", "/fastapi/")),
    ("answer", ("/kit/http/schemas.py", "/kit/http/pagination.py", "/pydantic/", "/kit/http/after.py")),
    ("edge (id, source, limits, headers)", ("/kit/http/", "/kit/base/", "/starlette/")),
    ("the work itself", ("/studium/modules/", "/studium/access/", "/studium/models/")),
)
OTHER = "other"
_INTERVAL = 0.001
_counts: Counter[str] = Counter()
_known: dict[str, str | None] = {}
"""The part of a file; the first that fits."""


def _part_of(filename: str) -> str | None:
    if filename not in _known:
        fits = (name for name, marks in PARTS if any(mark in filename for mark in marks))
        _known[filename] = next(fits, None)
    return _known[filename]


def _note(number: int, frame: FrameType | None) -> None:
    del number
    while frame is not None:
        part = _part_of(frame.f_code.co_filename)
        if part is not None:
            _counts[part] += 1
            return
        frame = frame.f_back
    _counts[OTHER] += 1


def _begin(number: int, frame: FrameType | None) -> None:
    del number, frame
    _counts.clear()
    signal.setitimer(signal.ITIMER_PROF, _INTERVAL, _INTERVAL)


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    signal.setitimer(signal.ITIMER_PROF, 0)
    path = Path(os.environ["BENCH_SAMPLES"])
    path.with_suffix(".part").write_text(json.dumps(_counts), encoding="utf-8")
    path.with_suffix(".part").rename(path)


if __name__ == "__main__":
    for name, handler in ((signal.SIGPROF, _note), (signal.SIGUSR1, _begin), (signal.SIGUSR2, _end)):
        signal.signal(name, handler)
    sys.exit(main())
