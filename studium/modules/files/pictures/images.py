"""Pictures: decoded, and written anew with their pixels alone, so that nothing else can hide in them."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from warnings import simplefilter

from PIL import ExifTags, Image, ImageCms, ImageOps, ImageSequence

from studium.kit.storage import translate_storage_errors
from studium.modules.files.errors import ImageTooLarge
from studium.modules.files.formats import Format, damaged
from studium.modules.files.pictures.png import pixels_alone

MAX_PIXELS = {"png": 50_000_000, "jpg": 50_000_000, "gif": 50_000_000, "webp": 12_000_000}
"""In all frames together: what 200 MB of memory hold, and with lossless WebP, the thirstiest, 500."""

MAX_FRAMES = 500
SMALL_PIXELS = 2_000_000
"""What takes a few dozen megabytes at most to be written anew."""
_NAMES = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP"}
_LOSSLESS_WEBP = b"VP8L"
_JPEG_MODES = ("L", "RGB")
_MARK, _SCAN, _END, _MARKER = 0xFF, 0xDA, b"\xff\xd9", re.compile(rb"\xff[^\x00]")
_ALIKE = 1.1
"""So much larger may be what a lossy format loses when it is written once more."""
_RIFF, _FRAME, _HEADS = 12, b"ANMF", {b"VP8X", b"ANIM"}
_MOVING: dict[str, dict[str, Any]] = {
    "gif": {"save_all": True},
    "webp": {"save_all": True},
    # Frames are read as they are seen, so each replaces the one before.
    "png": {"save_all": True, "blend": 0, "disposal": 0},
}
_NOTHING: dict[str, Any] = {"exif": b"", "icc_profile": None, "comment": b"", "xmp": b""}

# Pillow refuses twice this many, also where a later frame turns out larger than the first; below, it only warns.
Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values()) // 2
simplefilter("ignore", Image.DecompressionBombWarning)


def is_small(source: Path, claimed: Format) -> bool:
    """Whether the picture is a single one of few pixels, by its header; what cannot be read is not."""
    try:
        with Image.open(source, formats=[_NAMES[claimed.extension]]) as image:
            return image.width * image.height <= SMALL_PIXELS and not getattr(image, "is_animated", False)
    except Exception:  # noqa: BLE001 -- decoders raise whatever comes to them; `reencode` says what is wrong.
        return False


def reencode(source: Path, target: Path, claimed: Format) -> None:
    """Write the picture in `source` anew to `target`, upright, in sRGB, without metadata, in the same format.

    Raises FileTypeNotAllowed where it cannot be decoded, ImageTooLarge, StorageFull. Takes seconds.
    """
    with source.open("rb") as file:
        with _decoding(claimed):
            image: Image.Image = Image.open(file, formats=[_NAMES[claimed.extension]])
            is_moving = _check_size(image, claimed) > 1
            options = _options(source, claimed)
            is_plain = False
            if not is_moving:
                image.load()
                is_plain = claimed.extension == "png" and image.getexif().get(ExifTags.Base.Orientation, 1) == 1
                image = _upright(image, claimed)
            else:
                image, more = _moving_upright(image)
                options |= _MOVING[claimed.extension] | more
        with translate_storage_errors():
            plain = pixels_alone(source.read_bytes()) if is_plain else None
            if plain is not None:
                target.write_bytes(plain)
                return
            image.save(target, _NAMES[claimed.extension], **options)
            alike = _ALIKE_BY_FORMAT.get(claimed.extension)
            if alike is not None and alike(source.read_bytes(), target.read_bytes()):
                # Again would lose a little more each time, and what is in it is what we would write.
                shutil.copyfile(source, target)


def _is_written_alike(source: bytes, anew: bytes) -> bool:
    """Whether a JPEG is as we write it: the same header to the byte, one scan of about the same size, then the end.

    Such a file holds pixels, no metadata, and at most a tenth of it can be bytes that a decoder passes over.
    """
    start = _scan_of(anew)
    is_headed = start > 0 and source[:start] == anew[:start] and source.endswith(_END)
    return is_headed and len(source) <= _ALIKE * len(anew) and _MARKER.search(source[start : -len(_END)]) is None


def _scan_of(data: bytes) -> int:
    """Where the pixels of a JPEG begin, behind the header of its first scan; 0 where it has none."""
    at = 2
    while at + 4 <= len(data) and data[at] == _MARK:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        at += 2 + length
        if kind == _SCAN:
            return at
    return 0


def _is_webp_alike(source: bytes, anew: bytes) -> bool:
    """Whether a WebP is as we write it: the same chunks and no others, of about the same size."""
    chunks = _chunks_of(source[_RIFF:])
    is_whole = int.from_bytes(source[4:8], "little") + 8 == len(source)
    is_same = chunks is not None and chunks == _chunks_of(anew[_RIFF:])
    return is_whole and is_same and len(source) <= _ALIKE * len(anew)


def _chunks_of(data: bytes) -> list[bytes] | None:
    """The names of a WebP's chunks, those within its frames too, and the content of those that say what it is.

    None where they do not fill it.
    """
    found: list[bytes] = []
    at = 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        content = data[at + 8 : at + 8 + size]
        inside = _chunks_of(content[16:]) if name == _FRAME else []
        if inside is None or any(data[at + 8 + size : at + 8 + size + size % 2]):
            return None
        found += [name, content if name in _HEADS else b"", *inside]
        at += 8 + size + size % 2
    return found if at == len(data) else None


_ALIKE_BY_FORMAT = {"jpg": _is_written_alike, "webp": _is_webp_alike}


@contextmanager
def _decoding(claimed: Format) -> Iterator[None]:
    """Decoders raise whatever comes to them on what is no picture."""
    try:
        yield
    except (ImageTooLarge, Image.DecompressionBombError):
        most = MAX_PIXELS[claimed.extension] // 1_000_000
        message = f"A picture of this format may have {most} million pixels, and {MAX_FRAMES} frames."
        raise ImageTooLarge(message) from None
    except Exception as error:
        raise damaged(claimed) from error


def _check_size(image: Image.Image, claimed: Format) -> int:
    """How many frames will be decoded; raise ImageTooLarge before there are more pixels in them than allowed.

    Of a JPEG only the first counts: phones put others behind it, for depth and for two eyes (MPO).
    """
    most = min(MAX_FRAMES, MAX_PIXELS[claimed.extension] // max(1, image.width * image.height))
    if claimed.extension == "jpg" and most > 0:
        return 1
    for count in range(most + 1):
        try:
            image.seek(count)
        except EOFError:
            image.seek(0)
            return count
    raise ImageTooLarge


def _moving_upright(image: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """The first frame, and how to write it with the others, each turned as its camera was held."""
    if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
        return image, {}
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        durations.append(frame.info.get("duration", 0))
        frames.append(ImageOps.exif_transpose(frame))
    return frames[0], {"append_images": frames[1:], "duration": durations, "loop": image.info.get("loop", 0)}


def _upright(image: Image.Image, claimed: Format) -> Image.Image:
    """The decoded picture, turned as its camera was held, in sRGB."""
    ImageOps.exif_transpose(image, in_place=True)
    turned = _in_srgb(image)
    if claimed.extension == "jpg" and turned.mode not in _JPEG_MODES:
        return turned.convert("RGB")
    return turned


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as every screen takes them; a profile that cannot be understood is ignored."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        found = ImageCms.ImageCmsProfile(BytesIO(profile))
        turned = ImageCms.profileToProfile(image, found, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return turned or image


def _options(source: Path, claimed: Format) -> dict[str, Any]:
    """How to write it: nothing but pixels, and as good as it was to the eye."""
    if claimed.extension == "webp":
        with source.open("rb") as file:
            is_lossless = _LOSSLESS_WEBP in file.read(64)
        return {**_NOTHING, "lossless": is_lossless, "quality": 90, "method": 2}
    return {**_NOTHING, "quality": 90} if claimed.extension == "jpg" else dict(_NOTHING)
