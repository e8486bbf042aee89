"""What is judged by content: types, pictures, archives. What is refused leaves nothing behind."""

from io import BytesIO
from struct import pack
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zlib import compress, crc32

import pytest
from PIL import Image

from tests.files.helpers import MIB, Desk
from tests.files.samples import GOOD, MP3, MP4, PDF, SECRET, WEBM, archive, film, office, picture, telling_picture

# The database has no part in what a file's content is.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(200)
ELF = b"\x7fELF\x02\x01\x01" + bytes(200)
SCRIPT = b"#!/bin/sh\nrm -rf /\n"

REFUSED: dict[str, tuple[str, bytes]] = {
    "SVG": ("a.svg", SVG),
    "HTML": ("a.html", HTML),
    "XML": ("a.xml", b"<?xml version='1.0'?><a/>"),
    "an executable": ("a.exe", EXE),
    "a script": ("a.sh", SCRIPT),
    "no extension": ("README", b"hello"),
    "an extension alone": (".png", picture("png")),
    "two extensions": ("a.pdf.exe", PDF),
    "PNG called JPEG": ("a.jpg", picture("png")),
    "JPEG called PNG": ("a.png", picture("jpg")),
    "PDF called text": ("a.txt", PDF),
    "text called PDF": ("a.pdf", b"hello"),
    "an executable called text": ("a.txt", EXE),
    "an executable called PDF": ("a.pdf", ELF),
    "an executable called ZIP": ("a.zip", EXE),
    "SVG called PNG": ("a.png", SVG),
    "SVG called text": ("a.txt", b"\n  " + SVG),
    "HTML called text": ("a.txt", HTML),
    "HTML with a mark called CSV": ("a.csv", b"\xef\xbb\xbf<html><body>"),
    "XML called Markdown": ("a.md", b"<?xml version='1.0'?><a/>"),
    "PHP called text": ("a.txt", b"<?php system($_GET['x']);"),
    "a script called text": ("a.txt", SCRIPT),
    "rich text called text": ("a.txt", b"{\\rtf1 hello}"),
    "text with a control character at its end": ("a.txt", b"a" * 100_000 + b"\x1b[2J"),
    "text in UTF-16 without its mark": ("a.txt", "hello".encode("utf-16-le")),
    "an empty archive": ("a.zip", archive({})),
    "an archive cut short": ("a.zip", GOOD["all.zip"][:-5]),
    "a ZIP called Word": ("a.docx", archive({"a.txt": b"a"})),
    "Word called Excel": ("a.xlsx", office("docx")),
    "Word with macros": (
        "a.docx",
        office("docx", word__vbaProject__bin=b"x").replace(b"vbaProject/bin", b"vbaProject.bin"),
    ),
    "Matroska called WebM": ("a.webm", WEBM.replace(b"webm", b"mkva")),
    "QuickTime called MP4": ("a.mp4", b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  " + bytes(8)),
    "HEIC called MP4": ("a.mp4", MP4.replace(b"ftypisom", b"ftypheic")),
    "PDF and ZIP at once": ("a.pdf", PDF + GOOD["all.zip"]),
    "PDF and ZIP at once, called ZIP": ("a.zip", PDF + GOOD["all.zip"]),
    "a film and a ZIP at once": ("a.mp4", MP4 + GOOD["all.zip"]),
    "a song and a ZIP at once": ("a.mp3", MP3 + GOOD["all.zip"]),
    "a GIF and a ZIP at once, called ZIP": ("a.zip", picture("gif") + GOOD["all.zip"]),
    "an archive with something behind it": ("a.zip", GOOD["all.zip"] + b"<script>"),
    "half a picture": ("a.png", picture("png", (200, 200))[:2000]),
    "a picture's beginning": ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(5000)),
    "a GIF with nothing in it": ("a.gif", b"GIF89a"),
    "a WebP with nothing in it": ("a.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_not_taken_is_415(folder_desk: Desk, what: str) -> None:
    name, content = REFUSED[what]
    answer = await folder_desk.upload("ada", name, content)
    assert (answer.status_code, answer.json()["code"]) == (415, "file_type_not_allowed"), answer.text
    assert await folder_desk.rows() == []
    assert await folder_desk.is_clean()


async def test_the_browsers_word_counts_for_nothing(folder_desk: Desk) -> None:
    files = {"file": ("a.png", HTML, "image/png")}
    assert (await folder_desk.world.call("ada", "POST", "/files/upload", files=files)).status_code == 415
    files = {"file": ("a.pdf", PDF, "text/html")}
    answer = await folder_desk.world.call("ada", "POST", "/files/upload", files=files)
    assert answer.json()["mime_type"] == "application/pdf"


@pytest.mark.parametrize("extension", ["png", "jpg", "gif", "webp"])
async def test_a_picture_is_nothing_but_its_pixels(desk: Desk, extension: str) -> None:
    content = telling_picture(extension) + GOOD["all.zip"]
    assert SECRET in content
    file = await desk.take("sam", f"a.{extension}", content)
    got = (await desk.download("sam", file["id"])).content
    assert SECRET not in got
    assert b"PK\x05\x06" not in got
    with Image.open(BytesIO(got)) as image:
        assert not image.getexif()
        # Turned as the camera was held; GIF knows nothing of cameras.
        assert image.size == ((60, 40) if extension == "gif" else (40, 60))


@pytest.mark.parametrize("extension", ["gif", "webp"])
async def test_a_moving_picture_keeps_moving(folder_desk: Desk, extension: str) -> None:
    file = await folder_desk.take("sam", f"a.{extension}", film(extension))
    with Image.open(BytesIO((await folder_desk.download("sam", file["id"])).content)) as image:
        assert image.n_frames == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
async def test_every_kind_of_png_stays_what_it_was(folder_desk: Desk, mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (9, 7)).save(out, "PNG")
    file = await folder_desk.take("sam", "a.png", out.getvalue())
    with Image.open(BytesIO((await folder_desk.download("sam", file["id"])).content)) as image:
        assert (image.mode, image.size) == (mode, (9, 7))


async def test_a_picture_for_print_becomes_one_for_screens(folder_desk: Desk) -> None:
    out = BytesIO()
    Image.new("CMYK", (9, 7)).save(out, "JPEG")
    file = await folder_desk.take("sam", "a.jpg", out.getvalue())
    with Image.open(BytesIO((await folder_desk.download("sam", file["id"])).content)) as image:
        assert image.mode == "RGB"


def png_flood(width: int, height: int) -> bytes:
    """A small file that says it is a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))

    header = chunk(b"IHDR", pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    rows = compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_flood() -> bytes:
    """A small first frame, then one of 65,000 by 65,000 pixels."""
    small = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00"
    huge = b"\x2c\x00\x00\x00\x00" + pack("<HH", 65_000, 65_000) + b"\x00\x02\x02D\x01\x00"
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + small + huge + b";"


def gif_of_many_frames() -> bytes:
    frame = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00"
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + frame * 20_000 + b";"


FLOODS = {
    "wide": ("a.png", png_flood(60_000, 60_000)),
    "just too many": ("a.png", png_flood(10_000, 5_001)),
    "larger than any": ("a.png", png_flood(0x7FFFFFFF, 0x7FFFFFFF)),
    "a later frame": ("a.gif", gif_flood()),
    "frames": ("a.gif", gif_of_many_frames()),
}


@pytest.mark.parametrize("what", FLOODS)
async def test_a_flood_of_pixels_is_422(folder_desk: Desk, what: str) -> None:
    name, content = FLOODS[what]
    answer = await folder_desk.upload("ada", name, content)
    assert (answer.status_code, answer.json()["code"]) == (422, "image_too_large"), answer.text
    assert await folder_desk.is_clean()


def shared_bomb() -> bytes:
    """Many entries that all unpack the same bytes: each is harmless, all together are not."""
    body = compress(bytes(900_000))[2:-4]
    local = (
        pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc32(bytes(900_000)), len(body), 900_000, 1, 0) + b"a" + body
    )
    names = [f"{number:04}".encode() for number in range(2000)]
    directory = b"".join(
        pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(body), 900_000, 4, 0, 0, 0, 0, 0, 0) + name
        for name in names
    )
    end = pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(local), 0)
    return local + directory + end


def link() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as writing:
        entry = ZipInfo("passwords")
        entry.external_attr = 0o120777 << 16
        writing.writestr(entry, "/etc/passwd")
    return out.getvalue()


def twice() -> bytes:
    return archive({"a.txt": b"a", "b.txt": b"b"}).replace(b"b.txt", b"a.txt")


def crowd() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as writing:
        for number in range(10_001):
            writing.writestr(str(number), b"")
    return out.getvalue()


UNSAFE = {
    "a bomb": archive({"a": bytes(20 * MIB)}),
    "a bomb beside noise": archive({"a": bytes(3 * MIB), "b": picture("png", (700, 600))}),
    "entries that share their bytes": shared_bomb(),
    "too many entries": crowd(),
    "the same name twice": twice(),
    "a link": link(),
    **{
        f"the name {name}": archive({"x" * len(name): b"a"}).replace(b"x" * len(name), name.encode())
        for name in ("../up", "/root", "a/../../b", "C:\\x", "a\\b", "a\x00b", "a\nb", "..")
    },
}


@pytest.mark.parametrize("what", UNSAFE)
async def test_a_dangerous_archive_is_422(folder_desk: Desk, what: str) -> None:
    answer = await folder_desk.upload("ada", "a.zip", UNSAFE[what])
    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe_archive"), answer.text
    assert await folder_desk.is_clean()


async def test_a_bomb_in_an_office_document_is_found_too(folder_desk: Desk) -> None:
    answer = await folder_desk.upload("ada", "a.docx", office("docx", word__media=bytes(20 * MIB)))
    assert answer.json()["code"] == "unsafe_archive"


async def test_a_directory_that_hides_another_is_refused(folder_desk: Desk) -> None:
    """Where a ZIP64 locator stands, readers look elsewhere for the directory."""
    locator = pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as writing:
        entry = ZipInfo("a")
        entry.comment = locator
        writing.writestr(entry, b"a")
    answer = await folder_desk.upload("ada", "a.zip", out.getvalue())
    assert answer.status_code == 415
