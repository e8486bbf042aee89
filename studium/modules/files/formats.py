"""The formats that are taken, and how their bytes begin. What the client says about a file is no evidence."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from studium.models import FileType
from studium.modules.files.errors import FileTypeNotAllowed

HEAD = 4096
"""So many bytes of a file are enough to see what it is not."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_NOT_CONTROLS = bytes(set(range(256)) - set(_CONTROLS))
# What a browser would read as a page or a picture (the list of the WHATWG, with SVG and XML), and scripts.
_MARKUP = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<(!doctype|!--|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|svg|math)[\s>/]"
    rb"|<(!--|\?xml|\?php|\?=|%|!\[cdata)|#!|%!ps|%pdf|\{\\rtf)",
    re.IGNORECASE,
)
_MP4_BRANDS = re.compile(rb"isom|iso[2-9]|mp4[12]|avc1|M4V |MSNV|f4v |dash|3gp[4-7]")
_MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_MP3_TAG = re.compile(rb"ID3[\x02-\x04].{2}[\x00-\x7f]{4}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its extension, its media type, and whether a file's first bytes (up to HEAD) can be of it."""

    extension: str
    mime_type: str
    file_type: FileType
    begins: Callable[[bytes], bool]
    is_inline: bool = False

    @property
    def is_zip(self) -> bool:
        """Whether it is a ZIP archive inside."""
        return self.begins is _begins_as_zip

    @property
    def is_text(self) -> bool:
        """Whether it is plain text."""
        return self.begins is begins_as_text

    @property
    def is_image(self) -> bool:
        """Whether it is a picture."""
        return self.file_type is FileType.IMAGE


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


def _begins_as_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def _begins_as_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _begins_as_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and _MP4_BRANDS.fullmatch(head[8:12]) is not None


def _begins_as_webm(head: bytes) -> bool:
    return head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]


def _begins_as_mp3(head: bytes) -> bool:
    return _MP3_TAG.match(head) is not None or _MP3_FRAME.match(head) is not None


def begins_as_text(head: bytes) -> bool:
    """Whether there are no control characters, and no markup or script at the beginning; in any 8-bit encoding."""
    return is_plain(head) and _MARKUP.match(head) is None


def is_plain(part: bytes) -> bool:
    """Whether there are no control characters but those that break and indent lines."""
    return not part.translate(None, _NOT_CONTROLS)


_OFFICE = "application/vnd.openxmlformats-officedocument"
_FORMATS = (
    Format("pdf", "application/pdf", FileType.DOCUMENT, _begins(b"%PDF-"), is_inline=True),
    Format("png", "image/png", FileType.IMAGE, _begins(b"\x89PNG\r\n\x1a\n"), is_inline=True),
    Format("jpg", "image/jpeg", FileType.IMAGE, _begins(b"\xff\xd8\xff"), is_inline=True),
    Format("gif", "image/gif", FileType.IMAGE, _begins(b"GIF87a", b"GIF89a"), is_inline=True),
    Format("webp", "image/webp", FileType.IMAGE, _begins_as_webp, is_inline=True),
    Format("mp4", "video/mp4", FileType.VIDEO, _begins_as_mp4, is_inline=True),
    Format("webm", "video/webm", FileType.VIDEO, _begins_as_webm, is_inline=True),
    Format("mp3", "audio/mpeg", FileType.AUDIO, _begins_as_mp3),
    Format("docx", f"{_OFFICE}.wordprocessingml.document", FileType.DOCUMENT, _begins_as_zip),
    Format("xlsx", f"{_OFFICE}.spreadsheetml.sheet", FileType.DOCUMENT, _begins_as_zip),
    Format("pptx", f"{_OFFICE}.presentationml.presentation", FileType.DOCUMENT, _begins_as_zip),
    Format("txt", "text/plain", FileType.DOCUMENT, begins_as_text),
    Format("md", "text/markdown", FileType.DOCUMENT, begins_as_text),
    Format("csv", "text/csv", FileType.DOCUMENT, begins_as_text),
    Format("zip", "application/zip", FileType.ARCHIVE, _begins_as_zip),
)
FORMATS = {one.extension: one for one in _FORMATS}
_ALIASES = {"jpeg": "jpg"}


def format_of(name: str) -> Format:
    """The format that a file's name claims; raise FileTypeNotAllowed where it is none that is taken."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    found = FORMATS.get(_ALIASES.get(extension, extension))
    if found is None:
        message = f"Files of this kind are not taken; these are: {', '.join(FORMATS)}."
        raise FileTypeNotAllowed(message)
    return found


def check_head(claimed: Format, head: bytes) -> None:
    """Raise FileTypeNotAllowed unless the first bytes (HEAD, or all there are) can be of the format."""
    if not claimed.begins(head):
        raise content_differs(claimed)


def content_differs(claimed: Format) -> FileTypeNotAllowed:
    """The problem of a file that is not what its name says."""
    return FileTypeNotAllowed(f"The content of the file is not that of a .{claimed.extension} file.")
