"""Reading a material within limits: in a process of its own, which can be stopped and takes nothing along."""

import asyncio
from pathlib import Path

from studium.kit.base.limited import Helper, Limit, LimitBroken, Limits
from studium.kit.base.problems import StorageFull
from studium.kit.runtime import Runtime
from studium.modules.exchange.model.items import ImportReportEntry
from studium.modules.exchange.model.material import MAX_CONTENT
from studium.modules.exchange.reading.reader import Found
from studium.modules.exchange.reading.worker import RESULT_MAX, read_result
from studium.modules.files.actions_upload import MIB

_helper = Helper("studium.modules.exchange.reading.worker")


class ReadingFailed(Exception):
    """The material is to blame: where, why, and what the report says of it."""

    def __init__(self, place: str, reason: str, report: tuple[ImportReportEntry, ...] = ()) -> None:
        super().__init__(reason)
        self.place, self.reason, self.report = place, reason, report


async def read_limited(runtime: Runtime, path: Path, filename: str, spool: Path) -> Found:
    """See `read_material`; raise ReadingFailed also where a limit is broken, StorageFull, WorkFailed."""
    result = spool.with_suffix(".json")
    request: dict[str, str | int] = {
        "path": str(Path.cwd() / path),
        "filename": filename,
        "spool": str(spool),
        "result": str(result),
        "file_max": runtime.settings.upload_video_max_mib * MIB,
    }
    try:
        await _helper.run(request, _limits(runtime))
        reading, report = await asyncio.to_thread(read_result, result)
    except LimitBroken as broken:
        place = f"{filename}:1"
        raise ReadingFailed(place, _sentence(runtime, broken.limit)) from None
    finally:
        await asyncio.to_thread(result.unlink, missing_ok=True)
    if reading.is_full:
        message = "The disk is full; nothing was stored."
        raise StorageFull(message)
    if reading.fault is not None:
        raise ReadingFailed(*reading.fault, report)
    assert reading.found is not None  # noqa: S101 -- what has no fault was found.
    return reading.found


def _limits(runtime: Runtime) -> Limits:
    settings = runtime.settings
    return Limits(
        memory_bytes=settings.import_memory_mib * MIB,
        cpu_seconds=settings.import_cpu_seconds,
        seconds=settings.import_seconds,
        file_bytes=MAX_CONTENT + RESULT_MAX,
    )


def _sentence(runtime: Runtime, limit: Limit) -> str:
    """What a teacher hears."""
    settings = runtime.settings
    more = {
        Limit.MEMORY: f"reading it takes more than {settings.import_memory_mib} MiB of memory",
        Limit.CPU: f"reading it takes more than {settings.import_cpu_seconds} s of processor time",
        Limit.TIME: f"reading it takes longer than {settings.import_seconds} s",
        Limit.CRASH: "its parts are too many, or nested too deep, to be read",
    }
    return f"{more[limit]}, which is not allowed; import it in smaller parts"
