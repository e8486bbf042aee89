"""PNG by its chunks: a plain picture loses what is not pixels without being compressed anew, which takes seconds."""

import zlib
from collections.abc import Iterator
from math import ceil

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CHANGES_PIXELS = {b"iCCP", b"acTL", b"fcTL", b"fdAT"}
"""A profile of colours to convert from, and the frames of an animation."""
_IHDR_BYTES, _PIECE = 13, 1 << 20
_GREY, _TRUE_COLOUR, _INDEXED = 0, 2, 3


def pixels_alone(data: bytes) -> bytes | None:
    """The picture with the chunks that make its pixels and no others; None where that is not enough.

    So it is with animations, interlaced pictures, colour profiles, chunks that a decoder must know, damage, and bytes
    that no decoder would show: behind the last chunk or in it, behind the pixels in their stream, in a palette that
    is longer than its colours, or is not used.
    """
    chunks = list(_chunks(data))
    names = [name for name, _ in chunks]
    is_whole = bool(chunks) and names[0] == b"IHDR" and names[-1] == b"IEND" and _length(chunks) == len(data)
    if not is_whole or _CHANGES_PIXELS.intersection(names) or not all(map(_may_be_left_out, names)):
        return None
    header = chunks[0][1][8:-4]
    if len(header) != _IHDR_BYTES or not all(_is_used(header, names, name, len(chunk) - 12) for name, chunk in chunks):
        return None
    if not _fills_the_picture(header, [chunk[8:-4] for name, chunk in chunks if name == b"IDAT"]):
        return None
    return _SIGNATURE + b"".join(chunk for name, chunk in chunks if name in _KEPT)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and bytes of each chunk up to IEND, as far as they are whole."""
    at = len(_SIGNATURE)
    while data.startswith(_SIGNATURE) and at + 12 <= len(data):
        name, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        yield name, data[at:end]
        if name == b"IEND":
            return
        at = end


def _length(chunks: list[tuple[bytes, bytes]]) -> int:
    return len(_SIGNATURE) + sum(len(chunk) for _, chunk in chunks)


def _may_be_left_out(name: bytes) -> bool:
    """Whether the chunk is one that we keep, or one that a decoder may pass over: those begin with a small letter."""
    return name in _KEPT or name[:1].islower()


def _is_used(header: bytes, names: list[bytes], name: bytes, size: int) -> bool:
    """Whether a chunk that is kept is there once, as long as the kind of the picture wants it."""
    depth, kind = header[8], header[9]
    if name not in _KEPT or name == b"IDAT":
        return True
    most = {
        b"IHDR": _IHDR_BYTES,
        b"PLTE": 3 * 2**depth if kind == _INDEXED else 0,
        b"tRNS": {_GREY: 2, _TRUE_COLOUR: 6, _INDEXED: 2**depth}.get(kind, 0),
        b"IEND": 0,
    }
    return names.count(name) == 1 and size <= most[name]


def _fills_the_picture(header: bytes, parts: list[bytes]) -> bool:
    """Whether the stream of pixels, which is not interlaced, is as long as the size says, and nothing is behind it."""
    if header[9] not in _CHANNELS or header[12] != 0:
        return False
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    expected = height * (1 + ceil(width * _CHANNELS[header[9]] * header[8] / 8))
    stream, found = zlib.decompressobj(), 0
    try:
        for part in parts:
            left = part
            while left and found <= expected:
                if stream.eof:
                    return False
                found += len(stream.decompress(left, _PIECE))
                left = stream.unconsumed_tail or stream.unused_data
    except zlib.error:
        return False
    return stream.eof and found == expected
