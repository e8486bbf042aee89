"""What a whole file is, once it is there: heavy work, done in threads of its own."""

from pathlib import Path

from studium.kit.base.executors import BoundedExecutor
from studium.kit.storage import CHUNK
from studium.modules.files.archives import check_archive, ends_as_archive
from studium.modules.files.caption_files import check_captions
from studium.modules.files.formats import CONTROLS, FORMATS, Format, Other, content_differs
from studium.modules.files.pictures.parts import check_parts
from studium.modules.files.signatures import begins_as_zip, is_plain_text

_pictures = BoundedExecutor("pictures", threads=1, queue=64)
"""One large one at a time: decoded, a picture may take some hundred megabytes. Small ones go with everything else."""

_TWO_IN_ONE = Other("a file with a ZIP archive at its end", "send the two apart", begins_as_zip)

_checks = BoundedExecutor("files", threads=2, queue=256)


async def inspect(path: Path, claimed: Format) -> Format:
    """Judge the file by its content, and return what it is now: a picture is written anew, SubRip becomes WebVTT.

    Raises FileTypeNotAllowed, UnsafeArchive, ImageTooLarge, StorageFull, Overloaded.
    """
    is_large = claimed.is_image and not await _checks.run(_is_small, path, claimed)
    await (_pictures if is_large else _checks).run(_inspect, path, claimed)
    return FORMATS["vtt"] if claimed.is_captions else claimed


def _is_small(path: Path, claimed: Format) -> bool:
    from studium.modules.files.pictures.images import is_small  # noqa: PLC0415 -- see `_rewrite`.

    check_parts(path, claimed)
    return is_small(path, claimed)


def _inspect(path: Path, claimed: Format) -> None:
    if claimed.is_image:
        _rewrite(path, claimed)
    elif claimed.is_zip:
        check_archive(path, claimed)
    elif ends_as_archive(path):
        raise content_differs(claimed, _TWO_IN_ONE)
    elif claimed.is_text and not _is_all_text(path):
        raise content_differs(claimed, CONTROLS)
    elif claimed.is_captions:
        check_captions(path, claimed)


def _rewrite(path: Path, claimed: Format) -> None:
    # Pillow is large, and an idle process may never need it.
    from studium.modules.files.pictures.images import reencode  # noqa: PLC0415 -- as above.

    anew = path.with_suffix(".new")
    try:
        reencode(path, anew, claimed)
        anew.replace(path)
    finally:
        anew.unlink(missing_ok=True)


def _is_all_text(path: Path) -> bool:
    with path.open("rb") as file:
        return is_plain_text(iter(lambda: file.read(CHUNK), b""))
