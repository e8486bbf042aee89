"""A picture of more parts than any honest one has is refused before a decoder works on it."""

import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from struct import pack
from zlib import crc32

import pytest
from PIL import Image

from studium.modules.files.errors import ImageTooLarge
from studium.modules.files.formats import FORMATS
from studium.modules.files.pictures.parts import check_parts
from tests.files.helpers import Desk
from tests.files.samples import film, picture

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The database has no part in what a file's content is."""

MANY = 1 << 18


def jpeg_of_scans(more: int) -> bytes:
    """A progressive picture, one of whose passes comes so many times more."""
    out = BytesIO()
    Image.new("L", (2000, 2000), 128).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    begin = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    end = data.index(b"\xff\xc4", begin)
    return data[:end] + data[begin:end] * more + data[end:]


def behind(data: bytes, at: int, part: bytes) -> bytes:
    return data[:at] + part * (MANY // len(part)) + data[at:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))


def gif(*parts: bytes) -> bytes:
    head = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    return head + b"".join(parts) + b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


TOO_MANY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "scans": ("jpg", lambda: jpeg_of_scans(2_000)),
    "comments of a JPEG": ("jpg", lambda: behind(picture("jpg"), 2, b"\xff\xfe\x00\x02")),
    "profiles of a JPEG": ("jpg", lambda: behind(picture("jpg"), 2, b"\xff\xe1\x00\x02")),
    "beginnings of a JPEG": ("jpg", lambda: behind(picture("jpg"), 2, b"\xff\xd8")),
    "ends of a JPEG before its pixels": ("jpg", lambda: behind(picture("jpg"), 2, b"\xff\xd9")),
    "padding of a JPEG": ("jpg", lambda: behind(picture("jpg"), 2, b"\xff")),
    "texts of a PNG": ("png", lambda: behind(picture("png"), 33, chunk(b"tEXt", b"a\0"))),
    "unknown chunks of a PNG": ("png", lambda: behind(picture("png"), 33, chunk(b"prVt", b""))),
    "pieces of a PNG": ("png", lambda: behind(picture("png"), 33, chunk(b"IDAT", b"") * 2)),
    "comments of a GIF": ("gif", lambda: gif(b"\x21\xfe\x01a\x00" * (MANY // 5))),
    "pieces of one comment of a GIF": ("gif", lambda: gif(b"\x21\xfe", b"\x01a" * (MANY // 2), b"\x00")),
    "what is no block of a GIF": ("gif", lambda: gif(b"\x01" * MANY)),
}


@ON_ONE
@pytest.mark.parametrize("what", TOO_MANY)
async def test_too_many_parts_are_422(folder_desk: Desk, what: str) -> None:
    extension, made = TOO_MANY[what]
    began = time.perf_counter()
    answer = await folder_desk.upload("ada", f"a.{extension}", made())
    assert (answer.status_code, answer.json()["code"]) == (422, "image_too_large"), answer.text
    assert time.perf_counter() - began < 2
    assert await folder_desk.is_clean()


def large_gif() -> bytes:
    out = BytesIO()
    noise = Image.effect_noise((1500, 1000), 90).convert("P")
    noise.save(out, "GIF", save_all=True, append_images=[noise.rotate(90), noise.rotate(180)])
    return out.getvalue()


def jpeg_of_noise(**options: bool) -> bytes:
    out = BytesIO()
    Image.effect_noise((1500, 1000), 90).convert("RGB").save(out, "JPEG", quality=95, **options)
    return out.getvalue()


HONEST: dict[str, tuple[str, Callable[[], bytes]]] = {
    "progressive": ("jpg", lambda: jpeg_of_noise(progressive=True)),
    "a baseline JPEG": ("jpg", jpeg_of_noise),
    "a few more scans": ("jpg", lambda: jpeg_of_scans(20)),
    "a large GIF": ("gif", large_gif),
    "a film": ("gif", lambda: film("gif", 400)),
    "a film in PNG": ("png", lambda: film("png", 40)),
    "padding behind the end": ("jpg", lambda: picture("jpg") + b"\xff" * MANY),
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_pictures_have_room(tmp_path: Path, what: str) -> None:
    extension, made = HONEST[what]
    path = tmp_path / "a"
    path.write_bytes(made())
    check_parts(path, FORMATS[extension])


@pytest.mark.parametrize("extension", ["jpg", "png", "gif"])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 33, 40])
def test_what_is_cut_short_is_left_to_the_decoder(tmp_path: Path, extension: str, length: int) -> None:
    path = tmp_path / "a"
    path.write_bytes((b"\xff" * 64 if extension == "jpg" else picture(extension))[:length])
    check_parts(path, FORMATS[extension])


def test_the_bound_is_that_of_scans(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(jpeg_of_scans(200))
    with pytest.raises(ImageTooLarge):
        check_parts(path, FORMATS["jpg"])
