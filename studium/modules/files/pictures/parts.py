"""Of how many parts a picture consists, counted before a decoder sees it.

Each part costs the decoder work, however small it is: a JPEG of 250 KB can pass over fifty million pixels eight hundred
times, and one of 8 MB consist of two million empty comments.
"""

import re
from mmap import ACCESS_READ, mmap
from pathlib import Path

from studium.modules.files.errors import ImageTooLarge
from studium.modules.files.formats import Format

MAX_SCANS = 100
"""Of a JPEG: each passes over all pixels. Progressive ones have a dozen."""

MAX_PARTS = 1_000
"""Beside the pixels: comments, profiles, tables and the like."""

MAX_PIECES = 20_000
"""That hold pixels; those of a GIF are 255 bytes long, so it has one more for each 64 bytes."""
_GIF_PIECE = 64

_PADDING, _SCAN, _END = 0xFF, 0xDA, 0xD9
_NO_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})
_BEHIND_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_PNG_PIXELS = frozenset({b"IDAT", b"fdAT", b"fcTL"})
_GIF_HEAD, _GIF_TABLE = 13, 0x80
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


def check_parts(path: Path, claimed: Format) -> None:
    """Raise ImageTooLarge for a picture of more parts than any honest one has. What is broken is the decoder's."""
    count = _IS_TOO_MANY.get(claimed.extension)
    if count is None or path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        is_too_many = count(data)
    if is_too_many:
        message = "The picture consists of too many parts; save it anew with another program."
        raise ImageTooLarge(message)


def _is_jpeg_of_too_many(data: mmap) -> bool:
    """Follows the markers as decoders do: to the end of the first picture, over whatever stands between them."""
    at, parts, scans = data.find(b"\xff", 2), 0, 0
    while 0 <= at < len(data) - 3 and parts <= MAX_PARTS and scans <= MAX_SCANS:
        kind = data[at + 1]
        parts += 1
        if kind == _END and scans:
            break
        at += _length_of(data, at)
        if kind == _SCAN:
            scans += 1
            found = _BEHIND_SCAN.search(data, at)
            at = -1 if found is None else found.start()
        else:
            at = data.find(b"\xff", at)
    return parts > MAX_PARTS or scans > MAX_SCANS


def _length_of(data: mmap, at: int) -> int:
    """The bytes of the marker at a place of a JPEG, with what belongs to it."""
    kind = data[at + 1]
    if kind == _PADDING:
        return 1
    return 2 if kind in _NO_LENGTH else 2 + int.from_bytes(data[at + 2 : at + 4])


def _is_png_of_too_many(data: mmap) -> bool:
    at, parts, pieces = 8, 0, 0
    while at + 8 <= len(data) and parts <= MAX_PARTS and pieces <= MAX_PIECES:
        kind = data[at + 4 : at + 8]
        if kind in _PNG_PIXELS:
            pieces += 1
        else:
            parts += 1
        at += 12 + int.from_bytes(data[at : at + 4])
        if kind == b"IEND":
            break
    return parts > MAX_PARTS or pieces > MAX_PIECES


def _is_gif_of_too_many(data: mmap) -> bool:
    most = MAX_PIECES + len(data) // _GIF_PIECE
    at, pieces = _GIF_HEAD + _table(data, 10), 0
    while at < len(data) and pieces <= most:
        pieces += 1
        kind = data[at]
        if kind == _GIF_END:
            break
        if kind == _GIF_EXTENSION:
            at += 2
        elif kind == _GIF_IMAGE:
            at += 11 + _table(data, at + 9)
        else:
            at += 1
            continue
        length = 1
        while length and at < len(data) and pieces <= most:
            length = data[at]
            at += 1 + length
            pieces += 1
    return pieces > most


def _table(data: mmap, at: int) -> int:
    """The bytes of a colour table, by the flags at a place."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & _GIF_TABLE else 0


_IS_TOO_MANY = {"jpg": _is_jpeg_of_too_many, "png": _is_png_of_too_many, "gif": _is_gif_of_too_many}
