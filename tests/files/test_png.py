"""A plain PNG is stored as it was compressed, with nothing but its pixels; everything else is written anew."""

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from studium.modules.files.errors import FileTypeNotAllowed
from studium.modules.files.formats import FORMATS
from studium.modules.files.pictures.images import reencode
from studium.modules.files.pictures.png import pixels_alone

SECRET = b"a secret place"


def png(mode: str = "RGB", **options: Any) -> bytes:  # noqa: ANN401 -- as Pillow takes them.
    image = Image.effect_noise((40, 30), 60).convert(mode)
    written = BytesIO()
    image.save(written, "PNG", **options)
    return written.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def before_end(data: bytes, *chunks: bytes) -> bytes:
    return data[:-12] + b"".join(chunks) + data[-12:]


def pixels(data: bytes) -> tuple[str, bytes]:
    image = Image.open(BytesIO(data))
    return image.mode, image.convert("RGBA").tobytes()


def stored(data: bytes, folder: Path) -> bytes:
    source, target = folder / "source.png", folder / "target.png"
    source.write_bytes(data)
    reencode(source, target, FORMATS["png"])
    return target.read_bytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("level", [0, 9])
def test_what_is_not_pixels_goes_and_the_pixels_stay_as_they_were_compressed(
    mode: str, level: int, tmp_path: Path
) -> None:
    plain = png(mode, compress_level=level)
    told = before_end(plain, chunk(b"tEXt", b"Comment\0" + SECRET), chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    kept = stored(told, tmp_path)
    assert kept == pixels_alone(plain) == pixels_alone(told)
    assert SECRET not in kept
    assert pixels(kept) == pixels(plain)


def spoiled() -> dict[str, bytes]:
    plain, indexed, facts = png(), png("P"), PngImagePlugin.PngInfo()
    facts.add_text("Comment", SECRET.decode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    at = plain.index(b"IDAT") - 4
    size = int.from_bytes(plain[at : at + 4], "big")
    stream = plain[at + 8 : at + 8 + size]
    longer = zlib.compress(zlib.decompress(stream) + SECRET)
    return {
        "behind the end": plain + SECRET,
        "in the last chunk": plain[:-12] + chunk(b"IEND", SECRET),
        "in a palette that is not used": plain[:33] + chunk(b"PLTE", SECRET + b"x") + plain[33:],
        "in a palette twice": indexed[:33] + chunk(b"PLTE", SECRET + b"x") + indexed[33:],
        "in what is transparent": plain[:33] + chunk(b"tRNS", SECRET) + plain[33:],
        "behind the stream": plain[:at] + chunk(b"IDAT", stream + SECRET) + plain[-12:],
        "in a chunk behind the stream": plain[:at] + chunk(b"IDAT", stream) + chunk(b"IDAT", SECRET) + plain[-12:],
        "behind the pixels in the stream": plain[:at] + chunk(b"IDAT", longer) + plain[-12:],
        "a profile": png(icc_profile=profile),
        "an animation": png(save_all=True, append_images=[Image.new("RGB", (40, 30))]),
        "a chunk that nobody knows": before_end(plain, chunk(b"SeCr", SECRET)),
    }


@pytest.mark.parametrize("kind", spoiled())
def test_what_is_more_than_a_plain_picture_is_written_anew_or_refused(kind: str, tmp_path: Path) -> None:
    data = spoiled()[kind]
    assert pixels_alone(data) is None
    try:
        anew = stored(data, tmp_path)
    except FileTypeNotAllowed:
        return
    assert SECRET not in anew
    assert pixels(anew)[1] == pixels(data)[1]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_damaged_one_is_not_taken_as_it_is(cut: int) -> None:
    plain = png()
    assert pixels_alone(plain[:-cut]) is None
    assert pixels_alone(b"") is None
