"""What a whole file is, once it is there: heavy work, done in threads of its own."""

from pathlib import Path

from studium.kit.lanes import Lane
from studium.kit.storage import CHUNK
from studium.modules.files.archives import check_archive, ends_as_archive
from studium.modules.files.formats import Format, content_differs, is_plain

_pictures = Lane("pictures", threads=1, queue=64)
"""One large one at a time: decoded, a picture may take some hundred megabytes. Small ones go with everything else."""

_checks = Lane("files", threads=2, queue=256)


async def inspect(path: Path, claimed: Format) -> None:
    """Judge the file by its content; a picture is written anew in its place.

    Raises FileTypeNotAllowed, UnsafeArchive, ImageTooLarge, StorageFull, Overloaded.
    """
    is_large = claimed.is_image and not await _checks.run(_is_small, path, claimed)
    await (_pictures if is_large else _checks).run(_inspect, path, claimed)


def _is_small(path: Path, claimed: Format) -> bool:
    from studium.modules.files.images import is_small  # noqa: PLC0415 -- see `_rewrite`.

    return is_small(path, claimed)


def _inspect(path: Path, claimed: Format) -> None:
    if claimed.is_image:
        _rewrite(path, claimed)
    elif claimed.is_zip:
        check_archive(path, claimed)
    elif ends_as_archive(path) or (claimed.is_text and not _is_all_text(path)):
        raise content_differs(claimed)


def _rewrite(path: Path, claimed: Format) -> None:
    # Pillow is large, and an idle process may never need it.
    from studium.modules.files.images import reencode  # noqa: PLC0415 -- as above.

    anew = path.with_suffix(".new")
    try:
        reencode(path, anew, claimed)
        anew.replace(path)
    finally:
        anew.unlink(missing_ok=True)


def _is_all_text(path: Path) -> bool:
    with path.open("rb") as file:
        return all(is_plain(part) for part in iter(lambda: file.read(CHUNK), b""))
