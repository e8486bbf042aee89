"""The formats that are taken, and those that people try: what the client says about a file is no evidence."""

import re
from dataclasses import dataclass

from studium.models import FileType
from studium.models.file import WEBVTT
from studium.modules.files import signatures
from studium.modules.files.errors import FileTypeNotAllowed
from studium.modules.files.signatures import Begins, begins, begins_as_markup, riff

HEAD = 4096
"""So many bytes of a file are enough to see what it is not."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its extension, its media type, and whether a file's first bytes (up to HEAD) can be of it.

    `words` is what people call such a file.
    """

    extension: str
    mime_type: str
    file_type: FileType
    begins: Begins
    words: str
    is_inline: bool = False

    @property
    def is_captions(self) -> bool:
        """Whether it is what is said in a video, with its times."""
        return self.begins in {signatures.begins_as_webvtt, signatures.begins_as_subrip}

    @property
    def is_rewritten(self) -> bool:
        """Whether another file is kept than the one that came: pictures are drawn anew, SubRip becomes WebVTT."""
        return self.is_image or self.begins is signatures.begins_as_subrip

    @property
    def is_zip(self) -> bool:
        """Whether it is a ZIP archive inside."""
        return self.begins is signatures.begins_as_zip

    @property
    def is_text(self) -> bool:
        """Whether it is plain text."""
        return self.is_captions or self.begins in {signatures.begins_as_text, signatures.begins_as_markdown}

    @property
    def is_image(self) -> bool:
        """Whether it is a picture."""
        return self.file_type is FileType.IMAGE

    @property
    def advice(self) -> str:
        """What to do with such a file that has another name."""
        return f"It is {self.words}; call it .{self.extension}."


@dataclass(frozen=True, slots=True)
class Other:
    """A kind of file that is not taken: what people call it, what to do instead, and its usual extensions."""

    words: str
    remedy: str
    begins: Begins
    extensions: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """What it is, and what to do."""
        return f"It is {self.words}; {self.remedy}."


_OFFICE = "application/vnd.openxmlformats-officedocument"
_PNG, _JPEG = begins(b"\x89PNG\r\n\x1a\n"), begins(b"\xff\xd8\xff")
_GIF, _WEBP = begins(b"GIF87a", b"GIF89a"), riff(b"WEBP")
_ZIP, _TEXT, _MARKDOWN = signatures.begins_as_zip, signatures.begins_as_text, signatures.begins_as_markdown
_IMAGE, _DOCUMENT, _VIDEO = FileType.IMAGE, FileType.DOCUMENT, FileType.VIDEO
_FORMATS = (
    Format("pdf", "application/pdf", _DOCUMENT, signatures.begins_as_pdf, "a PDF", is_inline=True),
    Format("png", "image/png", _IMAGE, _PNG, "a PNG", is_inline=True),
    Format("jpg", "image/jpeg", _IMAGE, _JPEG, "a JPEG", is_inline=True),
    Format("gif", "image/gif", _IMAGE, _GIF, "a GIF", is_inline=True),
    Format("webp", "image/webp", _IMAGE, _WEBP, "a WebP", is_inline=True),
    Format("mp4", "video/mp4", _VIDEO, signatures.begins_as_mp4, "an MP4", is_inline=True),
    Format("webm", "video/webm", _VIDEO, signatures.begins_as_webm, "a WebM", is_inline=True),
    Format("mp3", "audio/mpeg", FileType.AUDIO, signatures.begins_as_mp3, "an MP3"),
    Format("docx", f"{_OFFICE}.wordprocessingml.document", _DOCUMENT, _ZIP, "a Word document"),
    Format("xlsx", f"{_OFFICE}.spreadsheetml.sheet", _DOCUMENT, _ZIP, "an Excel workbook"),
    Format("pptx", f"{_OFFICE}.presentationml.presentation", _DOCUMENT, _ZIP, "a PowerPoint presentation"),
    Format("vtt", WEBVTT, _DOCUMENT, signatures.begins_as_webvtt, "captions in WebVTT"),
    Format("srt", "application/x-subrip", _DOCUMENT, signatures.begins_as_subrip, "captions in SubRip"),
    Format("txt", "text/plain", _DOCUMENT, _TEXT, "a plain text"),
    Format("md", "text/markdown", _DOCUMENT, _MARKDOWN, "a Markdown text"),
    Format("csv", "text/csv", _DOCUMENT, _TEXT, "a table as text"),
    Format("zip", "application/zip", FileType.ARCHIVE, _ZIP, "a ZIP archive"),
)
FORMATS = {one.extension: one for one in _FORMATS}
_ALIASES = {"jpeg": "jpg"}

_AS_JPEG, _AS_PNG, _AS_MP4, _AS_MP3 = (f"export it as {kind}" for kind in ("JPEG", "PNG or JPEG", "MP4", "MP3"))
_AS_ZIP = "pack its files as ZIP"
_UTF8 = "save it as UTF-8"
_NO_PROGRAM = "programs are not taken"
_OLD_OFFICE = "save it as .docx, .xlsx or .pptx, without a password"
_OTHERS = (
    Other("a HEIC picture, as iPhones take them", _AS_JPEG, signatures.begins_as_heic, ("heic", "heif")),
    Other("an AVIF picture", _AS_PNG, signatures.begins_as_avif, ("avif",)),
    Other("a TIFF picture", _AS_PNG, begins(b"II*\x00", b"MM\x00*"), ("tif", "tiff")),
    Other("a Photoshop picture", _AS_PNG, begins(b"8BPS"), ("psd",)),
    Other("a JPEG 2000 or JPEG XL picture", _AS_JPEG, begins(b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")),
    Other("an audio file of MPEG-4", _AS_MP3, signatures.begins_as_m4a, ("m4a", "m4b")),
    Other("a QuickTime film", _AS_MP4, signatures.begins_as_quicktime, ("mov", "qt")),
    Other("a film of another kind than MP4", _AS_MP4, lambda head: head[4:8] == b"ftyp", ("m4v", "3gp")),
    Other("a Matroska film", "export it as WebM or MP4", signatures.begins_as_matroska, ("mkv", "mka")),
    Other("an AVI film", _AS_MP4, riff(b"AVI "), ("avi",)),
    Other("a Windows Media film", _AS_MP4, begins(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), ("wmv", "wma", "asf")),
    Other("a Flash film", _AS_MP4, begins(b"FLV\x01", b"FWS", b"CWS", b"ZWS"), ("flv", "swf")),
    Other("a WAV recording", _AS_MP3, riff(b"WAVE"), ("wav",)),
    Other("a FLAC recording", _AS_MP3, begins(b"fLaC"), ("flac",)),
    Other("an Ogg file", "export it as MP3 or WebM", begins(b"OggS"), ("ogg", "oga", "ogv", "opus")),
    Other("an AAC recording", _AS_MP3, begins(b"\xff\xf1", b"\xff\xf9"), ("aac",)),
    Other(
        "a file of an Office from before 2007, or one that is protected by a password",
        _OLD_OFFICE,
        begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("doc", "xls", "ppt"),
    ),
    Other("rich text", "save it as .docx or PDF", begins_as_markup(b"{\\rtf"), ("rtf",)),
    Other("an SVG drawing, which may hold scripts", _AS_PNG, begins_as_markup(b"<svg"), ("svg", "svgz")),
    Other(
        "a page of HTML",
        "save it as PDF or Markdown",
        begins_as_markup(b"<!doctype html", b"<html", b"<head", b"<body"),
        ("html", "htm", "xhtml"),
    ),
    Other("XML", "pack it as ZIP", begins_as_markup(b"<?xml", b"<![cdata"), ("xml",)),
    Other("PostScript", "save it as PDF", begins_as_markup(b"%!ps"), ("ps", "eps")),
    Other("a script", _NO_PROGRAM, begins_as_markup(b"#!", b"<?", b"<%", b"<script"), ("sh", "php", "js", "bat")),
    Other("text that begins as a page of HTML does", "call it .md", signatures.is_markup),
    Other("a program", _NO_PROGRAM, begins(b"\x7fELF", b"MZ"), ("exe", "com", "dll", "msi", "apk", "jar")),
    Other("a 7-Zip archive", _AS_ZIP, begins(b"7z\xbc\xaf\x27\x1c"), ("7z",)),
    Other("a RAR archive", _AS_ZIP, begins(b"Rar!\x1a\x07"), ("rar",)),
    Other("a packed file", _AS_ZIP, begins(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"), ("gz", "tgz", "bz2", "xz")),
    Other("a tar archive", _AS_ZIP, lambda head: head[257:262] == b"ustar", ("tar",)),
    Other("an empty or split ZIP archive", "pack it anew", begins(b"PK\x05\x06", b"PK\x07\x08")),
    Other("a BMP picture", _AS_PNG, begins(b"BM"), ("bmp",)),
    Other("text in UTF-32", _UTF8, begins(*signatures.UTF32_MARKS)),
    Other("text in UTF-16 without its mark", _UTF8, signatures.begins_as_bare_utf16),
)
CONTROLS = Other("no plain text: it holds control characters", "save it as text in UTF-8", signatures.is_plain)
_BY_EXTENSION = {extension: other for other in _OTHERS for extension in other.extensions}


def format_by_name(name: str) -> Format | None:
    """The format that a file's name claims, None where it is none that is taken."""
    extension = extension_of(name)
    return FORMATS.get(_ALIASES.get(extension, extension))


def extension_of(name: str) -> str:
    """What follows the last point of a name, in small letters."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def recognised(head: bytes) -> Format | Other | None:
    """What a file with these first bytes (HEAD, or all there are) is; None for what nobody here knows.

    An archive is an office document where its first entries look like one; only its directory would tell for sure.
    """
    if _ZIP(head):
        folder = _OFFICE_FOLDER.search(head)
        return FORMATS[_BY_FOLDER[folder[1]]] if folder else _PACKAGE if _CONTENT_TYPES in head else FORMATS["zip"]
    is_text = signatures.begins_as_text(head)
    kinds: tuple[Format | Other, ...] = (
        (*_BINARY, *_OTHERS) if not is_text else (FORMATS["vtt"], FORMATS["srt"], FORMATS["txt"])
    )
    return next((kind for kind in kinds if kind.begins(head)), None)


_BINARY = tuple(one for one in _FORMATS if not one.is_text and not one.is_zip)
_CONTENT_TYPES = b"[Content_Types].xml"
_OFFICE_FOLDER = re.compile(rb"PK\x03\x04.{26}(word|xl|ppt)/", re.DOTALL)
_BY_FOLDER = {b"word": "docx", b"xl": "xlsx", b"ppt": "pptx"}
_PACKAGE = Other("an Office document", "call it .docx, .xlsx or .pptx", _ZIP)


def judged(name: str, head: bytes) -> Format:
    """The format of a file by its name, which its first bytes (HEAD, or all there are) must bear out.

    Raises FileTypeNotAllowed, which says what the file is and what to do.
    """
    claimed = format_by_name(name)
    if claimed is None or not claimed.begins(head):
        raise not_taken(name, recognised(head))
    return claimed


def not_taken(name: str, found: Format | Other | None) -> FileTypeNotAllowed:
    """The problem of a file that is not what its name says, or nothing that is taken; `found` is what it is."""
    claimed, extension = format_by_name(name), extension_of(name)
    if found is None and claimed is None:
        found = _BY_EXTENSION.get(extension)
    if found is None and claimed is not None and claimed.is_text:
        found = CONTROLS
    if claimed is not None:
        first = f"The content of the file is not that of a .{claimed.extension} file."
    elif isinstance(found, Format):
        first = f"The name does not end as one of those that are taken: {', '.join(FORMATS)}."
    else:
        first = f"Files of this kind are not taken; these are: {', '.join(FORMATS)}."
    return FileTypeNotAllowed(first if found is None else f"{first} {found.advice}")


def content_differs(claimed: Format, found: Format | Other | None = None) -> FileTypeNotAllowed:
    """The problem of a file whose content is not what its name says, but `found` if that is known."""
    return not_taken(f".{claimed.extension}", found)


def broken_captions(claimed: Format, why: str) -> FileTypeNotAllowed:
    """The problem of captions that cannot be followed; `why` names the line."""
    name = claimed.words.removeprefix("captions in ")
    return FileTypeNotAllowed(f"These are no {name} captions that can be shown: {why}.")


def damaged(claimed: Format) -> FileTypeNotAllowed:
    """The problem of a file that begins as its name says and cannot be read to its end."""
    message = f"The file begins as {claimed.words} does, but cannot be read as one: save or export it anew."
    return FileTypeNotAllowed(message)
