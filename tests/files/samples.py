"""Files of every kind that is taken, made by the programs that usually make them where that is possible."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image, PngImagePlugin

SECRET = b"51.5007N 0.1246W <script>alert(1)</script>"
NAMES = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP"}
MAIN_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def picture(extension: str, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:  # noqa: ANN401 -- whatever Pillow takes.
    out = BytesIO()
    with Image.effect_noise(size, 50) as noise:
        noise.convert("RGB").save(out, NAMES[extension], **options)
    return out.getvalue()


def telling_picture(extension: str) -> bytes:
    """A picture that carries SECRET wherever its format lets it, and behind its end."""
    camera = Image.Exif()
    camera[0x010E] = SECRET.decode()
    camera[0x0112] = 6  # Held upright: turned by a quarter.
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_itxt("Place", SECRET.decode())
    options: dict[str, dict[str, Any]] = {
        "png": {"exif": camera, "pnginfo": texts},
        "jpg": {"exif": camera, "comment": SECRET},
        "gif": {"comment": SECRET},
        "webp": {"exif": camera, "xmp": SECRET},
    }
    return picture(extension, **options[extension]) + SECRET


def film(extension: str, frames: int = 4) -> bytes:
    """A moving picture."""
    out = BytesIO()
    shots = [Image.effect_noise((30, 20), 50) for _ in range(frames)]
    shots[0].save(out, NAMES[extension], save_all=True, append_images=shots[1:], duration=80, loop=0)
    return out.getvalue()


def archive(entries: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as writing:
        for name, content in entries.items():
            writing.writestr(name, content)
    return out.getvalue()


def office(extension: str, **more: bytes) -> bytes:
    parts = {"[Content_Types].xml": b"<Types/>", MAIN_PARTS[extension]: b"<document/>"}
    return archive({**parts, **{name.replace("__", "/"): content for name, content in more.items()}})


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + b"\x00\x00\x00\x08free"
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(32)
MP3 = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(400)

GOOD: dict[str, bytes] = {
    "slides.pdf": PDF,
    "photo.png": picture("png"),
    "photo.jpg": picture("jpg"),
    "photo.jpeg": picture("jpg"),
    "photo.gif": picture("gif"),
    "photo.webp": picture("webp"),
    "talk.mp4": MP4,
    "talk.webm": WEBM,
    "song.mp3": MP3,
    "essay.docx": office("docx"),
    "marks.xlsx": office("xlsx"),
    "slides.pptx": office("pptx"),
    "notes.txt": "Łódź, 你好\n".encode(),
    "notes.md": b"# Notes\n\nUse `<script>` with care.\n",
    "marks.csv": b"name,mark\r\nSam,\xe9\r\n",
    "talk.vtt": b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n",
    "talk.srt": b"1\r\n00:00:00,000 --> 00:00:02,000\r\nHello.\r\n",
    "all.zip": archive({"a.txt": b"a", "folder/b.txt": b"b"}),
}
