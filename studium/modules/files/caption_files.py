"""Caption files: judged and written as they come, read when a lesson is shown."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from studium.access import rules
from studium.access.actor import Actor
from studium.kit.base.executors import in_thread
from studium.kit.base.problems import DependencyDown
from studium.kit.runtime import Runtime
from studium.kit.storage import BlobMissing
from studium.kit.text.captions import CaptionsError, Cue, read_subrip, read_webvtt, webvtt
from studium.models import UploadedFile
from studium.models.file import WEBVTT
from studium.modules.files.formats import FORMATS, Format, broken_captions

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def check_captions(path: Path, claimed: Format) -> None:
    """See that captions can be followed to their end; those in SubRip are written anew as WebVTT, in their place.

    Raises FileTypeNotAllowed, which names the line.
    """
    text = _decoded(path.read_bytes(), claimed)
    is_webvtt = claimed is FORMATS["vtt"]
    try:
        cues = read_webvtt(text) if is_webvtt else read_subrip(text)
    except CaptionsError as fault:
        raise broken_captions(claimed, str(fault)) from None
    if not cues:
        raise broken_captions(claimed, "there is nothing said in them")
    if not is_webvtt:
        path.write_text(webvtt(cues), encoding="utf-8", newline="\n")


def _decoded(data: bytes, claimed: Format) -> str:
    """WebVTT is UTF-8 by its own rules; SubRip may also be UTF-16 with its mark."""
    encoding = "utf-16" if claimed is not FORMATS["vtt"] and data.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise broken_captions(claimed, f"line {line}: not UTF-8; save the file in that encoding") from None


async def visible_captions(runtime: Runtime, actor: Actor | None, file_ids: Collection[UUID]) -> dict[UUID, str]:
    """Which of these are caption files that the caller may read, each with the path of its blob. One statement."""
    async with runtime.database.read_session() as session:
        wanted = UploadedFile.id.in_(file_ids), UploadedFile.mime_type == WEBVTT, rules.may_see_file(actor)
        rows = await session.execute(select(UploadedFile.id, UploadedFile.storage_path).where(*wanted))
        return {row.id: row.storage_path for row in rows}


async def cues_of(runtime: Runtime, path: str) -> list[Cue] | None:
    """What a caption file says; None where its store cannot give it out now."""
    try:
        data = await runtime.storage.get(path)
    except (BlobMissing, DependencyDown):
        return None
    return await in_thread(_read, data)


def _read(data: bytes) -> list[Cue] | None:
    try:
        return read_webvtt(data.decode("utf-8-sig"))
    except (CaptionsError, UnicodeDecodeError):
        return None
