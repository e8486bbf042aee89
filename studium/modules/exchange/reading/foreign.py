"""Knows the formats of others by what is in them, so that what cannot be imported is told what it is and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from studium.modules.exchange.model.material import ImportSource
from studium.modules.exchange.model.texts import CourseFormatError, SourceLocation
from studium.modules.exchange.model.xml_source import XML_MAX

_HEAD, _PROLOG = 65_536, 8_192
_MOODLE = "In Moodle, open the question bank, export its questions as Moodle XML, and import that file"
_THROUGH_MOODLE = "Moodle reads it: there, export the questions as Moodle XML, and import that file"
_OWN = "Write its pages as a folder of Markdown with a course.md, and its questions as GIFT or Moodle XML"
_SAVE = "Save its text as Markdown in a folder with a course.md, or upload the file to a lesson as it is"
_WHOLE = "Export the whole course in Open edX (Tools, Export) and import that archive"


@dataclass(frozen=True)
class _Kind:
    """A format: what people call it, and what to do instead."""

    name: str
    advice: str

    def __str__(self) -> str:
        return f"this is {self.name}, which Studium does not read. {self.advice}."


_BACKUP = _Kind("the backup of a Moodle course", _MOODLE)
_CARTRIDGE = _Kind("a Common Cartridge (IMS)", _THROUGH_MOODLE)
_CANVAS = _Kind("the export of a Canvas course (a Common Cartridge)", _THROUGH_MOODLE)
_BLACKBOARD = _Kind("the export of a Blackboard course", _THROUGH_MOODLE)
_SCORM = _Kind("a SCORM package", f"It is a program, not text. {_OWN}")
_QTI = _Kind("a package of questions in QTI", "Export the questions as Moodle XML or GIFT, and import that file")
_PACKAGE = _Kind("an IMS content package", _OWN)
_MARKERS: Mapping[str, _Kind] = {
    "moodle_backup.xml": _BACKUP,
    "moodle.xml": _Kind("the backup of a course of Moodle 1.9", _MOODLE),
    "h5p.json": _Kind("H5P content", f"It is a program, not text. {_OWN}"),
    "tincan.xml": _Kind("an xAPI (Tin Can) package", f"It is a program, not text. {_OWN}"),
    "cmi5.xml": _Kind("a cmi5 package", f"It is a program, not text. {_OWN}"),
    "collection.anki2": _Kind("a deck of Anki cards", "Write the questions as GIFT"),
    "collection.anki21": _Kind("a deck of Anki cards", "Write the questions as GIFT"),
    "library.xml": _Kind("a library of Open edX, which holds problems without a course", _WHOLE),
    "course_info.dat": _Kind("the backup of a Chamilo course", _OWN),
    "editortreemodel.xml": _Kind("the export of an OpenOlat course", _OWN),
    "story.html": _Kind("a course published by Articulate", f"It is a program, not text. {_OWN}"),
}
"""Files at the top of an archive or folder that no other format has there."""
_MANIFEST = "imsmanifest.xml"
_MANIFESTS = (
    (re.compile(r"blackboard\.com|xmlns:bb="), _BLACKBOARD),
    (re.compile(r"desire2learn|xmlns:d2l"), _Kind("the export of a Brightspace (D2L) course", _THROUGH_MOODLE)),
    (re.compile(r"imscc_|imsccv\d|/imscc/|common ?cartridge", re.IGNORECASE), _CARTRIDGE),
    (re.compile(r"adlcp|ADL SCORM|adlnet", re.IGNORECASE), _SCORM),
    (re.compile(r"imsqti|/qti", re.IGNORECASE), _QTI),
)
"""What the manifest says of the package that it describes, the first that fits."""
_OFFICE = (
    ("word", _Kind("a Word document (.docx)", _SAVE)),
    ("xl", _Kind("an Excel workbook (.xlsx)", "Write its questions as GIFT, or upload the file to a lesson as it is")),
    ("ppt", _Kind("a PowerPoint presentation (.pptx)", _SAVE)),
)
_MIMETYPES = (
    ("application/epub", _Kind("an e-book (EPUB)", _SAVE)),
    ("application/vnd.oasis.opendocument", _Kind("a document of LibreOffice", _SAVE)),
)
_ROOTS: Mapping[str, _Kind] = {
    "moodle_backup": _BACKUP,
    "activity": _Kind("one file of the backup of a Moodle course", _MOODLE),
    "section": _Kind("one file of the backup of a Moodle course", _MOODLE),
    "question_categories": _Kind("one file of the backup of a Moodle course", _MOODLE),
    "glossary": _Kind("a glossary of Moodle", _OWN),
    "questestinterop": _Kind("a file of questions in QTI 1.2", _QTI.advice),
    "assessmentitem": _Kind("a question in QTI 2", _QTI.advice),
    "assessmenttest": _Kind("a test in QTI 2", _QTI.advice),
    "qti-assessment-item": _Kind("a question in QTI 3", _QTI.advice),
    "qti-assessment-test": _Kind("a test in QTI 3", _QTI.advice),
    "manifest": _Kind("the table of contents of an IMS package", _OWN),
    "pool": _Kind("a pool of questions of Blackboard", _THROUGH_MOODLE),
    "examview": _Kind("a file of questions of ExamView", _THROUGH_MOODLE),
    "html": _Kind("a web page", _SAVE),
    "library": _Kind("one file of a library of Open edX", _WHOLE),
}
"""By the first element of an XML file, or that of its document type, in small letters."""
_BEFORE_ROOT = re.compile(r"<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"^\s*<(?:!DOCTYPE\s+)?([A-Za-z][\w:.-]*)", re.IGNORECASE)
_OLX_PARTS = frozenset({"course", "chapter", "sequential", "vertical", "problem", "video"})
_OLX = _Kind("one file of a course of Open edX", _WHOLE)
_SIGNATURES = (
    (b"%PDF-", _Kind("a PDF document", _SAVE)),
    (b"\xd0\xcf\x11\xe0", _Kind("a document of an old Word, Excel or PowerPoint", _SAVE)),
    (b"{\\rtf", _Kind("an RTF document", _SAVE)),
    (b"Rar!", _Kind("a RAR archive", "Pack the course as a ZIP archive")),
    (b"7z\xbc\xaf", _Kind("a 7z archive", "Pack the course as a ZIP archive")),
    (b"BZh", _Kind("an archive packed by bzip2", "Pack the course as a ZIP archive")),
    (b"\xfd7zXZ", _Kind("an archive packed by xz", "Pack the course as a ZIP archive")),
    (b"(\xb5/\xfd", _Kind("an archive packed by zstd", "Pack the course as a ZIP archive")),
    (b"SQLite format 3", _Kind("a database (SQLite)", _OWN)),
    (b"\x89PNG", _Kind("a picture", "Upload it to a lesson")),
    (b"\xff\xd8\xff", _Kind("a picture", "Upload it to a lesson")),
)
_SUFFIXES: Mapping[str, _Kind] = {
    ".md": _Kind("a single page of Markdown", "Put it into a folder or ZIP archive with a course.md"),
    ".csv": _Kind("a table", "Write its questions as GIFT"),
    ".json": _Kind("a JSON file", "Write its questions as GIFT or Moodle XML"),
    ".tex": _Kind("a LaTeX document", "Write its questions as GIFT or Moodle XML"),
}
_INSIDE = {
    ".gift": "a file of questions",
    ".xml": "XML files",
    ".mbz": "the backup of a Moodle course",
    ".imscc": "a Common Cartridge",
    ".zip": "another archive",
    ".gz": "another archive",
    ".tar": "another archive",
}


def refuse_foreign(material: ImportSource) -> None:
    """Raise CourseFormatError with what the material is, where its top level says that it is no course of ours."""
    tops = {path.name: path for path in material.paths if len(path.parts) == 1}
    for name, kind in _MARKERS.items():
        if name in tops:
            raise SourceLocation(tops[name], 1).error(str(kind))
    if _MANIFEST in tops:
        raise SourceLocation(tops[_MANIFEST], 1).error(str(_packaged(material, tops[_MANIFEST])))
    document = _document(material)
    if document is not None:
        raise SourceLocation(PurePath(), 1).error(str(document))


def no_course(material: ImportSource) -> CourseFormatError:
    """What to say of a material in which there is no course: perhaps one lies deeper in it."""
    marked = (path for path in material.paths if path.name in _MARKERS or path.name == _MANIFEST)
    deep = min(marked, key=lambda path: (len(path.parts), path.as_posix()), default=None)
    if deep is not None:
        kind = _MARKERS[deep.name] if deep.name in _MARKERS else _packaged(material, deep)
        return SourceLocation(deep, 1).error(str(kind))
    reason = "no course: expected a course.md (Studium's format) or a course.xml (Open edX) in it"
    for suffix, what in _INSIDE.items():
        found = sorted(path for path in material.paths if path.suffix.lower() == suffix)
        if found:
            return SourceLocation(found[0], 1).error(
                f"{reason}. It holds {what}, such as this one: import that by itself"
            )
    return SourceLocation(PurePath(), 1).error(reason)


def _packaged(material: ImportSource, manifest: PurePath) -> _Kind:
    text = _text(material, manifest)
    kind = next((kind for pattern, kind in _MANIFESTS if pattern.search(text)), _PACKAGE)
    is_canvas = any(path.name == "canvas_export.txt" for path in material.paths) or "instructure.com" in text
    return _CANVAS if kind is _CARTRIDGE and is_canvas else kind


def _document(material: ImportSource) -> _Kind | None:
    """What other programs keep in a ZIP archive of their own."""
    folders = {path.parts[0] for path in material.paths if len(path.parts) > 1}
    if PurePath("[Content_Types].xml") in material.paths:
        return next((kind for folder, kind in _OFFICE if folder in folders), _Kind("a document of Office", _SAVE))
    if PurePath("mimetype") in material.paths:
        words = _text(material, PurePath("mimetype")).strip()
        return next((kind for start, kind in _MIMETYPES if words.startswith(start)), None)
    return None


def _text(material: ImportSource, path: PurePath) -> str:
    try:
        return _decoded(material.read(path, XML_MAX))
    except CourseFormatError:
        return ""


def _decoded(data: bytes) -> str:
    is_wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return data[:_HEAD].decode("utf-16" if is_wide else "utf-8-sig", errors="replace")


def foreign_xml(data: bytes) -> str | None:
    """What an XML file is by its first element, and what to do; None where nobody knows it."""
    found = _ROOT.search(_BEFORE_ROOT.sub("", _decoded(data)[:_PROLOG]))
    name = found[1].rpartition(":")[2].lower() if found else ""
    kind = _OLX if name in _OLX_PARTS else _ROOTS.get(name)
    return None if kind is None else str(kind)


def foreign_file(head: bytes, label: PurePath) -> str | None:
    """What a single file is by its first bytes, else by its name; None where nobody knows it."""
    if head[4:8] == b"ftyp":
        return str(_Kind("a film or recording", "Upload it to a lesson"))
    found = next((kind for signature, kind in _SIGNATURES if head.lstrip().startswith(signature)), None)
    kind = found or _SUFFIXES.get(label.suffix.lower())
    return None if kind is None else str(kind)
