"""How files begin, by the rules of their own formats: brands of ISO media, document types of EBML, marks of Unicode.

Each `begins_as_…` tells whether the first bytes of a file can be of that format; up to 4,096 bytes are looked at.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

Begins = Callable[[bytes], bool]
PDF_WITHIN = 1024
"""Readers find the header of a PDF among so many first bytes."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_NOT_CONTROLS = bytes(set(range(256)) - set(_CONTROLS))
_UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF32_MARKS = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
# What a browser would read as a page or a picture (the list of the WHATWG, with SVG and XML), and scripts.
_MARKUP = re.compile(
    rb"\s*(<(!doctype|!--|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p|svg|math)[\s>/]"
    rb"|<(!--|\?xml|\?php|\?=|%|!\[cdata)|#!|%!ps|%pdf|\{\\rtf)",
    re.IGNORECASE,
)
# What is a document of its own and not a part of a Markdown text, which may begin with any other element.
_DOCUMENT = re.compile(
    rb"\s*(<(!doctype|html|head|body|svg)[\s>/]|<(\?xml|\?php|\?=|%|!\[cdata)|#!|%!ps|%pdf|\{\\rtf)", re.IGNORECASE
)
_PDF = re.compile(rb"%PDF-\d\.\d")
_MP4_BRANDS = re.compile(
    rb"isom|iso[2-9a-c]|mp4[12]|avc1|av01|M4V.|MSNV|mmp4|[fF]4V |f4v |dash|cmf[2cfsl]|3g[aegprs][1-9]|3g2[a-c]",
    re.DOTALL,
)
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_WEBVTT = re.compile(rb"WEBVTT(?![^ \t\r\n])")
_SUBRIP = re.compile(rb"\s*(\d{1,9}[ \t]*\r?\n\s*)?\d{1,3}:\d{1,2}:\d{2}[,.]\d{1,3}[ \t]*-->")
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_EBML, _DOCTYPE = 0x1A45DFA3, 0x4282
# Layer III of MPEG 1, 2 and 2.5; a bit rate of fifteen and a sampling rate of three do not exist.
_MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x00-\xef]", re.DOTALL)
_MP3_TAG = re.compile(rb"ID3[\x02-\x04].{2}[\x00-\x7f]{4}", re.DOTALL)
_NO_RATE = 3


def begins(*starts: bytes) -> Begins:
    """A predicate for what begins with one of these."""
    return lambda head: head.startswith(starts)


def begins_as_zip(head: bytes) -> bool:
    """Whether the first record is that of an entry."""
    return head.startswith(b"PK\x03\x04")


def riff(kind: bytes) -> Begins:
    """A predicate for RIFF files of this kind, such as `WEBP`."""
    return lambda head: head[:4] == b"RIFF" and head[8:12] == kind


def begins_as_pdf(head: bytes) -> bool:
    """Whether the header is among the first bytes, behind nothing that would be of another format."""
    found = _PDF.search(head[: PDF_WITHIN + len(b"%PDF-1.7")])
    if found is None:
        return False
    return found.start() == 0 or not (_looks_like_another(head) or _MARKUP.match(_unmarked(head[: found.start()])))


def _looks_like_another(head: bytes) -> bool:
    return head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"PK", b"MZ", b"\x7fELF", b"ID3", b"\x1aE"))


def brands_of(head: bytes) -> list[bytes]:
    """The brands of an ISO base media file, the major one first, then the compatible ones; none for other files."""
    size, kind = int.from_bytes(head[:4]), head[4:8]
    start = 8
    if size == 1:  # The size is in eight bytes that follow.
        size, start = int.from_bytes(head[8:16]), 16
    if kind != b"ftyp" or size < start + 4:
        return []
    box = head[start:size]
    return [box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))]


def begins_as_mp4(head: bytes) -> bool:
    """Whether one of its brands says that a player of MP4 may play it; a picture is none, whatever it adds."""
    brands = brands_of(head)
    is_film = bool(brands) and brands[0] not in _PICTURE_BRANDS | _AVIF_BRANDS
    return is_film and any(_MP4_BRANDS.fullmatch(brand) for brand in brands)


def begins_as_heic(head: bytes) -> bool:
    """Whether it is a picture of the HEIF family."""
    return brands_of(head)[:1] != [] and brands_of(head)[0] in _PICTURE_BRANDS and not begins_as_avif(head)


def begins_as_avif(head: bytes) -> bool:
    """Whether one of its brands is AVIF's, and its major one a picture's."""
    brands = brands_of(head)
    return bool(brands) and brands[0] in _PICTURE_BRANDS | _AVIF_BRANDS and not _AVIF_BRANDS.isdisjoint(brands)


def begins_as_m4a(head: bytes) -> bool:
    """Whether it is MPEG-4 audio alone."""
    return brands_of(head)[:1] != [] and brands_of(head)[0] in {b"M4A ", b"M4B ", b"M4P "}


def begins_as_quicktime(head: bytes) -> bool:
    """Whether it is a film of QuickTime: of its own brand, or from before there were brands."""
    return brands_of(head)[:1] == [b"qt  "] or (head[4:8] in _QUICKTIME_ATOMS and not is_plain(head[:8]))


def document_type_of(head: bytes) -> bytes | None:
    """The DocType of an EBML file, `matroska` where it names none; None for other files."""
    elements = _elements_of(head)
    first = next(elements, None)
    if first is None or first[0] != _EBML:
        return None
    inside = dict(_elements_of(first[1]))
    return inside.get(_DOCTYPE, b"matroska").rstrip(b"\x00")


def _elements_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of EBML, one behind the other: the id of each, marker and all, and its content as far as it goes."""
    at = 0
    while at < len(data):
        element, at = _number(data, at, keep_marker=True)
        size, at = _number(data, at, keep_marker=False)
        yield element, data[at : at + size]
        at += size


def _number(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """A number of EBML's variable length at a place, and the place behind it."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    number = int.from_bytes(data[at : at + length])
    return (number if keep_marker else number & ((1 << 7 * length) - 1)), at + length


def begins_as_webm(head: bytes) -> bool:
    """Whether its document type is WebM."""
    return document_type_of(head) == b"webm"


def begins_as_matroska(head: bytes) -> bool:
    """Whether it is Matroska or another EBML file but WebM."""
    return document_type_of(head) not in {None, b"webm"}


def begins_as_mp3(head: bytes) -> bool:
    """Whether there is an ID3v2 tag or a frame of Layer III."""
    is_frame = _MP3_FRAME.match(head) is not None and head[2] >> 2 & _NO_RATE != _NO_RATE
    return is_frame or _MP3_TAG.match(head) is not None


def begins_as_text(head: bytes) -> bool:
    """Whether there are no control characters, and no markup or script at the beginning.

    In any 8-bit encoding, or in UTF-16 with its mark.
    """
    text = _plain_beginning(head)
    return text is not None and _MARKUP.match(text) is None


def begins_as_markdown(head: bytes) -> bool:
    """Whether it is text that may begin with HTML and comments, but is no page, drawing or script of its own."""
    text = _plain_beginning(head)
    return text is not None and _DOCUMENT.match(_behind_comments(text)) is None


def begins_as_webvtt(head: bytes) -> bool:
    """Whether the first word is that of captions in WebVTT."""
    text = _plain_beginning(head)
    return text is not None and _WEBVTT.match(text) is not None


def begins_as_subrip(head: bytes) -> bool:
    """Whether it begins with the times of a caption, or with a number above these."""
    text = _plain_beginning(head)
    return text is not None and _SUBRIP.match(text) is not None


def _behind_comments(text: bytes) -> bytes:
    """What follows the comments at the beginning; one that is not closed hides the rest."""
    at = 0
    rest = text.lstrip()
    while rest.startswith(b"<!--"):
        at = rest.find(b"-->", 4)
        rest = b"" if at < 0 else rest[at + 3 :].lstrip()
    return rest


def begins_as_markup(*elements: bytes) -> Begins:
    """A predicate for texts that begin with one of these, in any case, behind white space and comments."""
    wanted = tuple(elements)

    def matches(head: bytes) -> bool:
        text = _plain_beginning(head)
        return text is not None and _behind_comments(text).lower().startswith(wanted)

    return matches


def begins_as_bare_utf16(head: bytes) -> bool:
    """Whether every other of its first bytes is zero, as in Latin letters of UTF-16 that has no mark."""
    return head[:8:2] == bytes(4) != head[1:8:2] or head[1:8:2] == bytes(4) != head[:8:2]


def is_markup(head: bytes) -> bool:
    """Whether it is text with markup or a script at its beginning."""
    text = _plain_beginning(head)
    return text is not None and _MARKUP.match(text) is not None


def _plain_beginning(head: bytes) -> bytes | None:
    """The text in 8 bits without its mark; None where it holds control characters or is no UTF-16 after all."""
    return b"".join(parts) if (parts := _plain_parts([head])) is not None else None


def is_plain_text(parts: Iterable[bytes]) -> bool:
    """Whether a whole text has no control characters but those that break and indent lines, as far as its parts go."""
    return _plain_parts(parts, keep=False, is_whole=True) is not None


def _plain_parts(parts: Iterable[bytes], *, keep: bool = True, is_whole: bool = False) -> list[bytes] | None:
    decoder: codecs.IncrementalDecoder | None = None
    kept: list[bytes] = []
    for number, raw in enumerate(parts):
        if number == 0 and raw.startswith(UTF16_MARKS):
            decoder = codecs.getincrementaldecoder("utf-16")()
        part = _decoded(decoder, raw)
        if part is None or not is_plain(part):
            return None
        kept += [_unmarked(part) if number == 0 else part] if keep else []
    return None if is_whole and _decoded(decoder, b"", final=True) is None else kept


def _decoded(decoder: codecs.IncrementalDecoder | None, part: bytes, *, final: bool = False) -> bytes | None:
    """A part of UTF-16 as UTF-8, any other text as it is; None for what is no UTF-16."""
    if decoder is None:
        return part
    try:
        return str(decoder.decode(part, final)).encode()
    except UnicodeError:
        return None


def _unmarked(text: bytes) -> bytes:
    return text.removeprefix(_UTF8_MARK)


def is_plain(part: bytes) -> bool:
    """Whether there are no control characters but those that break and indent lines."""
    return not part.translate(None, _NOT_CONTROLS)
