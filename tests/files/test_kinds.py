"""Files are what the rules of their own formats say: kinds with legal variants, their siblings, every wrong name."""

from collections.abc import Mapping
from io import BytesIO
from itertools import permutations
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from PIL import Image

from studium.modules.files.formats import FORMATS
from tests.files.helpers import Desk
from tests.files.samples import GOOD, PDF, archive, film, office, picture

# The database has no part in what a file's content is.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "docx": f"{OFFICE}.wordprocessingml.document.main+xml",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet.main+xml",
    "pptx": f"{OFFICE}.presentationml.presentation.main+xml",
    "docm": "application/vnd.ms-word.document.macroEnabled.main+xml",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
    "dotx": f"{OFFICE}.wordprocessingml.template.main+xml",
    "ppsx": f"{OFFICE}.presentationml.slideshow.main+xml",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
}
NAMESPACE = "http://schemas.openxmlformats.org/package/2006/content-types"


def package(
    kind: str, main: str, more: Mapping[str, bytes] | None = None, *, last: bool = False, encoding: str = "utf-8"
) -> bytes:
    """A package whose main part has any name: its content type says what it is."""
    types = f'<Types xmlns="{NAMESPACE}"><Override PartName="/{main}" ContentType="{TYPES[kind]}"/></Types>'
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{types}'.encode(encoding)
    parts = {"_rels/.rels": b"<Relationships/>", main: b"<x/>", **(more or {})}
    first = {"[Content_Types].xml": declared}
    return archive({**parts, **first} if last else {**first, **parts})


def bare(main: str) -> bytes:
    """What the online editions write: a package that gives no type to its numbered main part."""
    types = f'<Types xmlns="{NAMESPACE}"/>'.encode()
    return archive({"[Content_Types].xml": types, "_rels/.rels": b"<Relationships/>", main: b"<x/>"})


def streamed() -> bytes:
    """A package by a program that does not know the size of a part when it begins to write it."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    out = Pipe()
    with ZipFile(out, "w", ZIP_DEFLATED) as writing:
        writing.writestr("word/document.xml", b"<x/>")
        writing.writestr("[Content_Types].xml", b"<Types/>")
    return out.getvalue()


def media(major: bytes, *compatible: bytes, large: bool = False) -> bytes:
    """The beginning of an ISO base media file."""
    content = major + bytes(4) + b"".join(compatible)
    if large:
        return b"\x00\x00\x00\x01ftyp" + (16 + len(content)).to_bytes(8) + content + b"\x00\x00\x00\x08mdat"
    return (8 + len(content)).to_bytes(4) + b"ftyp" + content + b"\x00\x00\x00\x08mdat"


def ebml(*elements: bytes) -> bytes:
    inside = b"".join(elements)
    return b"\x1aE\xdf\xa3" + bytes([0x80 | len(inside)]) + inside + bytes(32)


DOCTYPE_WEBM, VOID = b"B\x82\x84webm", b"\xec\x82\x00\x00"
FRAME = b"\xff\xfb\x90\x00" + bytes(400)


def still(extension: str, mode: str, **options: object) -> bytes:
    out = BytesIO()
    Image.new(mode, (60, 30)).save(out, {"jpg": "JPEG"}.get(extension, extension.upper()), **options)
    return out.getvalue()


ALLOWED: dict[str, tuple[str, bytes]] = {
    "PDF behind a line break": ("a.pdf", b"\r\n" + PDF),
    "PDF behind a mark": ("a.pdf", b"\xef\xbb\xbf" + PDF),
    "PDF behind a printer's words": ("a.pdf", b"\x1b%-12345X@PJL\r\n" + PDF),
    "PDF within 1,024 bytes": ("a.pdf", b" " * 1023 + PDF),
    "XAVC, which is MP4 too": ("a.mp4", media(b"XAVC", b"mp42", b"iso2")),
    "QuickTime, which is MP4 too": ("a.mp4", media(b"qt  ", b"mp42", b"iso2")),
    "MP4 with a long size": ("a.mp4", media(b"mp42", large=True)),
    "MP4 without compatible brands": ("a.mp4", media(b"isom")),
    "MP4 of AV1": ("a.mp4", media(b"iso6", b"av01", b"mp41")),
    "MP4 of iTunes": ("a.mp4", media(b"M4VH", b"M4V ")),
    "MP4 in fragments": ("a.mp4", media(b"dash", b"iso9", b"cmfc")),
    "MP4 by a telephone": ("a.mp4", media(b"3gp4", b"isom")),
    "WebM with its type first": ("a.webm", ebml(DOCTYPE_WEBM, b"B\x86\x81\x01")),
    "WebM with its type behind a void": ("a.webm", ebml(b"\xec\xb2" + bytes(50), VOID, DOCTYPE_WEBM)),
    "MP3 without a tag": ("a.mp3", FRAME),
    "MP3 with a tag of version 2": ("a.mp3", b"ID3\x02\x00\x00\x00\x00\x00\x0a" + bytes(10) + FRAME),
    "MP3 with a tag of version 4": ("a.mp3", b"ID3\x04\x00\x00\x00\x00\x40\x00" + bytes(8192) + FRAME),
    "MP3 of MPEG 2": ("a.mp3", b"\xff\xf3\x84\x00" + bytes(400)),
    "MP3 of MPEG 2.5": ("a.mp3", b"\xff\xe3\x44\x00" + bytes(400)),
    "Word online": ("a.docx", bare("word/document2.xml")),
    "Excel online": ("a.xlsx", bare("xl/workbook2.xml")),
    "PowerPoint online": ("a.pptx", bare("ppt/presentation2.xml")),
    "Word with a main part of any name": ("a.docx", package("docx", "word/main.xml")),
    "Excel with its types last": ("a.xlsx", package("xlsx", "xl/workbook.xml", last=True)),
    "PowerPoint with types in UTF-16": ("a.pptx", package("pptx", "ppt/p.xml", encoding="utf-16")),
    "Word with a picture called macro": ("a.docx", package("docx", "word/document.xml", {"word/macro.png": b"x"})),
    "Word with a workbook in it": (
        "a.docx",
        package("docx", "word/document.xml", {"word/embeddings/a.xlsx": office("xlsx")}),
    ),
    "Word, written in a stream": ("a.docx", streamed()),
    "Word called ZIP": ("a.zip", office("docx")),
    "text with a mark": ("a.txt", b"\xef\xbb\xbfhello"),
    "text in Latin-1": ("a.txt", "Jörg".encode("latin-1")),
    "text about PDF": ("a.txt", b"Its header is %PDF-1.7."),
    "Markdown that begins with a comment": ("a.md", b"<!-- lint off -->\n# Lesson\n"),
    "Markdown that begins centred": ("a.md", b'<p align="center">Hello</p>\n\n# Lesson\n'),
    "Markdown that begins with a picture": ("a.md", b"\n<div><img src='a.png'></div>\n"),
    "Markdown that begins with a heading": ("a.md", b"\xef\xbb\xbf<h1>Lesson</h1>\n"),
    "Markdown that begins with a film": ("a.md", b"<iframe src='https://film.example/1'></iframe>\n"),
    **{
        f"{extension} in {encoding}, {order}": (f"a.{extension}", mark + "Name;Punkte\nJörg;5\n".encode(encoding))
        for extension in ("txt", "md", "csv")
        for encoding, mark, order in (
            ("utf-16-le", b"\xff\xfe", "little end first"),
            ("utf-16-be", b"\xfe\xff", "big end first"),
        )
    },
    "captions with a mark and notes": (
        "a.vtt",
        (
            b"\xef\xbb\xbfWEBVTT - Talk\r\nKind: captions\r\n\r\nNOTE x\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
            b"first\r\n00:01.000 --> 01:00:02.500 align:start\r\n<v Mia>Hello.</v>\r\n"
        ),
    ),
    "JPEG that is progressive": ("a.jpg", still("jpg", "RGB", progressive=True)),
    "JPEG in greys": ("a.jpg", still("jpg", "L")),
    "JPEG for print": ("a.jpeg", still("jpg", "CMYK")),
    "PNG of 16 bits": ("a.png", still("png", "I;16")),
    "PNG that moves": ("a.png", film("png")),
    "WebP without loss": ("a.webp", still("webp", "RGBA", lossless=True)),
    "GIF that moves": ("a.gif", film("gif")),
    "a capital ending": ("A.PNG", picture("png")),
}


@pytest.mark.parametrize("what", ALLOWED)
async def test_a_legal_variant_is_taken(folder_desk: Desk, what: str) -> None:
    name, content = ALLOWED[what]
    file = await folder_desk.take("ada", name, content)
    if file["file_type"] != "image":
        assert (await folder_desk.download("ada", file["id"])).content == content


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
HTML = b"<!DOCTYPE html><p>Hello</p>"

TOLD: dict[str, tuple[str, bytes, str]] = {
    "HEIC": ("a.heic", media(b"heic", b"mif1", b"heic"), "HEIC picture, as iPhones take them; export it as JPEG"),
    "HEIC called JPEG": ("a.jpg", media(b"heic", b"mif1"), "HEIC picture"),
    "HEIC that says it is MP4 too": ("a.mp4", media(b"heic", b"mp42"), "HEIC picture"),
    "AVIF": ("a.avif", media(b"avif", b"mif1"), "AVIF picture; export it as PNG or JPEG"),
    "AVIF called PNG": ("a.png", media(b"mif1", b"avif"), "AVIF picture"),
    "TIFF": ("a.tif", b"II*\x00" + bytes(20), "TIFF picture; export it as PNG or JPEG"),
    "BMP": ("a.bmp", b"BM\x36\x00\x00\x00" + bytes(50), "BMP picture; export it as PNG or JPEG"),
    "SVG": ("a.svg", SVG, "SVG drawing, which may hold scripts; export it as PNG"),
    "SVG called PNG": ("a.png", b"<!-- mine -->" + SVG, "SVG drawing, which may hold scripts; export it as PNG"),
    "SVG called Markdown": ("a.md", SVG, "SVG drawing"),
    "QuickTime": ("a.mov", media(b"qt  ", b"qt  "), "QuickTime film; export it as MP4"),
    "QuickTime called MP4": ("a.mp4", media(b"qt  "), "QuickTime film; export it as MP4"),
    "QuickTime from before brands": ("a.mp4", b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "QuickTime film"),
    "MPEG-4 audio": ("a.m4a", media(b"M4A ", b"M4A "), "audio file of MPEG-4; export it as MP3"),
    "another brand called MP4": ("a.mp4", media(b"crx ", b"crx "), "another kind than MP4; export it as MP4"),
    "Matroska": ("a.mkv", ebml(b"B\x82\x88matroska"), "Matroska film; export it as WebM or MP4"),
    "Matroska called WebM": ("a.webm", ebml(b"B\x82\x88matroska"), "Matroska film"),
    "EBML without a type called WebM": ("a.webm", ebml(VOID), "Matroska film"),
    "AVI": ("a.avi", b"RIFF\x10\x00\x00\x00AVI LIST", "AVI film; export it as MP4"),
    "WAV called MP3": ("a.mp3", b"RIFF\x10\x00\x00\x00WAVEfmt ", "WAV recording; export it as MP3"),
    "FLAC": ("a.flac", b"fLaC\x00\x00\x00\x22", "FLAC recording; export it as MP3"),
    "Ogg called MP3": ("a.mp3", b"OggS\x00\x02" + bytes(20), "Ogg file; export it as MP3 or WebM"),
    "AAC called MP3": ("a.mp3", b"\xff\xf1\x50\x80" + bytes(20), "AAC recording; export it as MP3"),
    "Word from before 2007": ("a.doc", OLE, "before 2007, or one that is protected by a password; save it as .docx"),
    "Excel from before 2007": ("a.xls", OLE, "before 2007"),
    "Word with a password": ("a.docx", OLE, "protected by a password; save it as .docx, .xlsx or .pptx, without"),
    "Word with macros": ("a.docm", package("docm", "word/document.xml"), "It is a Word document; call it .docx."),
    "an office document that begins with its types": (
        "a.pdf",
        archive({"[Content_Types].xml": picture("png", (90, 60)), "word/document.xml": b"<x/>"}),
        "It is an Office document; call it .docx, .xlsx or .pptx.",
    ),
    "Word with macros called Word": (
        "a.docx",
        package("docm", "word/document.xml"),
        "a Word document with macros (.docm); save it as .docx, without macros",
    ),
    "Excel with macros called Excel": (
        "a.xlsx",
        package("xlsm", "xl/workbook.xml"),
        "an Excel workbook with macros (.xlsm); save it as .xlsx, without macros",
    ),
    "PowerPoint with macros in a part": (
        "a.pptx",
        package("pptx", "ppt/presentation.xml", {"ppt/vbaProject.bin": b"x"}),
        "with macros (.pptm); save it as .pptx",
    ),
    "Excel with macros of 1992": (
        "a.xlsx",
        package("xlsx", "xl/workbook.xml", {"xl/macrosheets/sheet1.xml": b"x"}),
        "with macros (.xlsm)",
    ),
    "a template called Word": ("a.docx", package("dotx", "word/document.xml"), "a template of an Office"),
    "a show called PowerPoint": ("a.pptx", package("ppsx", "ppt/presentation.xml"), "PowerPoint show (.ppsx)"),
    "a binary workbook called Excel": ("a.xlsx", package("xlsb", "xl/workbook.bin"), "(.xls"),
    "OpenDocument called Word": (
        "a.docx",
        archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
        "an OpenDocument file (.odt, .ods, .odp); save it as .docx",
    ),
    "an e-book called Word": ("a.docx", archive({"mimetype": b"application/epub+zip"}), "an e-book (.epub)"),
    "a package with broken types": ("a.docx", archive({"[Content_Types].xml": b"<Types"}), "save or export it anew"),
    "rich text called Word": ("a.docx", b"{\\rtf1 hello}", "rich text; save it as .docx or PDF"),
    "HTML": ("a.html", HTML, "a page of HTML; save it as PDF or Markdown"),
    "HTML called Markdown": ("a.md", b"<!-- hello -->\n" + HTML, "a page of HTML; save it as PDF or Markdown"),
    "HTML with a comment that hides it": ("a.md", b"<!-- <p> --><html>", "a page of HTML"),
    "a comment called text": ("a.txt", b"<!-- hello -->\n# Lesson", "begins as a page of HTML does; call it .md"),
    "XML called Markdown": ("a.md", b"<?xml version='1.0'?><a/>", "XML; pack it as ZIP"),
    "HTML in UTF-16 called text": ("a.txt", "<html><body>".encode("utf-16"), "a page of HTML"),
    "a script called Markdown": ("a.md", b"#!/bin/sh\n", "a script; programs are not taken"),
    "a program": ("a.exe", b"MZ\x90\x00\x03" + bytes(60), "a program; programs are not taken"),
    "a gzip": ("a.tar.gz", b"\x1f\x8b\x08\x00" + bytes(20), "a packed file; pack its files as ZIP"),
    "text in UTF-16 without its mark": ("a.csv", "Name;5".encode("utf-16-le"), "without its mark; save it as UTF-8"),
    "text in UTF-32": ("a.csv", "Name;5".encode("utf-32"), "text in UTF-32; save it as UTF-8"),
    "half of UTF-16": ("a.txt", "hello".encode("utf-16")[:-1], "save it as text in UTF-8"),
    "control characters": ("a.csv", b"a;b\x00\n", "it holds control characters; save it as text in UTF-8"),
    "UTF-16 with control characters far behind": (
        "a.csv",
        ("a;b\n" * 3000 + "\x1b").encode("utf-16"),
        "it holds control characters",
    ),
    "nothing that is known": ("a.bin", b"\x00\x01\x02\x03\x04", "Files of this kind are not taken; these are: pdf"),
    "a JPEG of Windows": ("a.jfif", picture("jpg"), "It is a JPEG; call it .jpg."),
    "a picture without an ending": ("a", picture("png"), "It is a PNG; call it .png."),
    "a picture cut short": ("a.png", picture("png", (200, 200))[:2000], "begins as a PNG does, but cannot be read"),
    "PDF behind 1,024 bytes": ("a.pdf", b" " * 1025 + PDF, "not that of a .pdf file"),
    "PDF in a program": ("a.pdf", b"MZ\x90\x00" + PDF, "a program; programs are not taken"),
    "PDF in a page": ("a.pdf", b"<html>" + PDF, "a page of HTML"),
    "PDF with an archive": ("a.pdf", PDF + archive({"a": b"a"}), "a ZIP archive at its end; send the two apart"),
}


@pytest.mark.parametrize("what", TOLD)
async def test_what_is_refused_is_told_what_it_is_and_what_to_do(folder_desk: Desk, what: str) -> None:
    name, content, words = TOLD[what]
    answer = await folder_desk.upload("ada", name, content)
    assert (answer.status_code, answer.json()["code"]) == (415, "file_type_not_allowed"), answer.text
    assert words in answer.json()["detail"]
    assert await folder_desk.is_clean()


KINDS = {name.rpartition(".")[2]: content for name, content in GOOD.items() if not name.endswith(".jpeg")}
TEXTS = {"txt", "md", "csv"}
ALIKE = {
    *((one, other) for one in (*TEXTS, "vtt", "srt") for other in TEXTS),
    *((one, "zip") for one in ("docx", "xlsx", "pptx")),
}
"""What may be called so: a text is a text, and an office document is a ZIP archive."""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_name_is_told_the_right_one(folder_desk: Desk, kind: str) -> None:
    """Every pair of kinds: what one is, called as the other."""
    expected = "txt" if kind in TEXTS else kind
    for one, called in permutations(KINDS, 2):
        if one != kind or (kind, called) in ALIKE:
            continue
        answer = await folder_desk.upload("ada", f"a.{called}", KINDS[kind])
        assert answer.status_code == 415, (kind, called)
        assert answer.json()["detail"].endswith(f"; call it .{expected}."), (called, answer.json()["detail"])
    assert await folder_desk.is_clean()


async def test_every_kind_that_is_taken_is_among_the_samples(folder_desk: Desk) -> None:
    assert set(KINDS) == set(FORMATS)
