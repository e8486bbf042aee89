"""What a ZIP archive is when it is the package of an office program: its own parts say so, whatever they are called."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from zipfile import BadZipFile, ZipFile

from studium.modules.files.formats import FORMATS, Format, Other
from studium.modules.files.signatures import begins_as_zip

_CONTENT_TYPES = "[content_types].xml"
_CONTENT_TYPES_MAX = 1 << 20
_MIMETYPE_MAX = 200
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MAIN_TYPES = {
    f"{_OFFICE}wordprocessingml.document.main+xml": "docx",
    f"{_OFFICE}spreadsheetml.sheet.main+xml": "xlsx",
    f"{_OFFICE}presentationml.presentation.main+xml": "pptx",
}
_MAIN_PARTS = re.compile(r"word/document\d*\.xml|xl/workbook\d*\.xml|ppt/presentation\d*\.xml")
"""The usual names of main parts; the online editions number them. They count where no type is given to the part."""

_BY_FOLDER = {"word": "docx", "xl": "xlsx", "ppt": "pptx"}
_UNTYPED = frozenset({"", "application/xml", "text/xml"})
_MACRO_TYPES, _MACRO_PARTS = re.compile(r"macro|vbaproject"), re.compile(r"vbaproject|(^|/)macrosheets/")
_NEIGHBOURS = {
    ".template.main+xml": ("a template of an Office (.dotx, .xltx, .potx)", "save it as .docx, .xlsx or .pptx"),
    ".slideshow.main+xml": ("a PowerPoint show (.ppsx)", "save it as .pptx"),
    "vnd.ms-excel.sheet.binary": ("a binary Excel workbook (.xlsb)", "save it as .xlsx"),
    "vnd.ms-visio.": ("a Visio drawing (.vsdx)", "save it as PDF"),
    "vnd.oasis.opendocument.": ("an OpenDocument file (.odt, .ods, .odp)", "save it as .docx, .xlsx, .pptx or PDF"),
    "application/epub": ("an e-book (.epub)", "save it as PDF"),
}


class BrokenPackage(Exception):
    """The parts of the package cannot be read."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a package, with the media type that the package gives to it; both in small letters."""

    name: str
    type: str


def package_of(archive: ZipFile) -> Format | Other:
    """What the archive is: an office document, one of the kinds that are not taken, or a plain archive.

    Raises BrokenPackage. The directory must have been found harmless.
    """
    parts = _parts_of(archive)
    if parts is None:
        return _neighbour([_declared(archive)]) or FORMATS["zip"]
    kinds = [kind for part in parts if (kind := _kind_of(part))]
    if any(_MACRO_PARTS.search(part.name) or _MACRO_TYPES.search(part.type) for part in parts):
        return _with_macros(parts)
    return _neighbour(part.type for part in parts) or FORMATS[kinds[0] if kinds else "zip"]


def _kind_of(part: _Part) -> str | None:
    if part.type in _UNTYPED and _MAIN_PARTS.fullmatch(part.name):
        return _BY_FOLDER[part.name.partition("/")[0]]
    return _MAIN_TYPES.get(part.type)


def _with_macros(parts: Iterable[_Part]) -> Other:
    folders = (part.name.partition("/")[0] for part in parts)
    plain = FORMATS[next((_BY_FOLDER[folder] for folder in folders if folder in _BY_FOLDER), "docx")]
    name = f".{plain.extension[:-1]}m"
    return Other(f"{plain.words} with macros ({name})", f"save it as .{plain.extension}, without macros", begins_as_zip)


def _neighbour(types: Iterable[str]) -> Other | None:
    found = (told for kind in types for mark, told in _NEIGHBOURS.items() if mark in kind)
    told = next(found, None)
    return None if told is None else Other(*told, begins_as_zip)


def _parts_of(archive: ZipFile) -> list[_Part] | None:
    """The parts with their types; None for an archive that is no package."""
    names = {name.lower(): name for name in archive.namelist()}
    if _CONTENT_TYPES not in names:
        return None
    from lxml import etree  # noqa: PLC0415 -- the first package loads it.

    plain = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(_read(archive, names[_CONTENT_TYPES], _CONTENT_TYPES_MAX), plain)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise BrokenPackage from error
    by_extension: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for element in root.iter("{*}Default", "{*}Override"):
        kind = element.get("ContentType", "").lower()
        by_extension[element.get("Extension", "").lower()] = kind
        by_name[element.get("PartName", "").lower().removeprefix("/")] = kind
    return [_Part(name, by_name.get(name) or by_extension.get(name.rpartition(".")[2], "")) for name in names]


def _declared(archive: ZipFile) -> str:
    """The media type that OpenDocument and EPUB write into an entry of their own."""
    return "" if "mimetype" not in archive.namelist() else _read(archive, "mimetype", _MIMETYPE_MAX).decode("latin-1")


def _read(archive: ZipFile, name: str, most: int) -> bytes:
    try:
        with archive.open(name) as entry:
            content = entry.read(most + 1)
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise BrokenPackage from error
    if len(content) > most:
        raise BrokenPackage
    return content
