"""Formats of others: told by their content, in an archive, a folder or a file, and told what to do instead."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from studium.entrypoints.operations.importing import import_from
from studium.models import Course
from studium.modules.exchange.model.texts import CourseFormatError
from tests.importing.studio import BICYCLE, contents, read, tarred, tree, upload, zipped
from tests.world import World

XML = '<?xml version="1.0"?>\n'
MANIFEST = XML + "<manifest identifier='m' xmlns='http://www.imsglobal.org/xsd/imscp_v1p1' {}></manifest>"
COURSE = '<course id="7" contextid="9"><shortname>X</shortname></course>'
OFFICE = {"[Content_Types].xml": "<Types/>", "_rels/.rels": "<R/>", "docProps/app.xml": "<P/>"}
BACKUP = {
    "moodle_backup.xml": XML + "<moodle_backup><information/></moodle_backup>",
    "course/course.xml": XML + COURSE,
    "sections/section_1/section.xml": "<section/>",
    "questions.xml": "<question_categories/>",
}
MATERIALS: dict[str, tuple[Mapping[str, str], str, str]] = {
    "Moodle": (BACKUP, "the backup of a Moodle course", "export its questions as Moodle XML"),
    "Moodle 1.9": (
        {"moodle.xml": "<MOODLE_BACKUP/>", "course_files/a.txt": "a", "course.xml": COURSE},
        "the backup of a course of Moodle 1.9",
        "export its questions as Moodle XML",
    ),
    "IMSCC": (
        {
            "imsmanifest.xml": MANIFEST.format("xmlns:c='http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1'"),
            "a.xml": "<a/>",
        },
        "a Common Cartridge (IMS)",
        "Moodle XML",
    ),
    "Canvas": (
        {
            "imsmanifest.xml": MANIFEST.format("xmlns:c='http://ltsc.ieee.org/xsd/imsccv1p1/LOM'"),
            "course_settings/canvas_export.txt": "Q: What did the panda say?",
        },
        "the export of a Canvas course",
        "Moodle XML",
    ),
    "SCORM": (
        {
            "imsmanifest.xml": MANIFEST.format("xmlns:adlcp='http://www.adlnet.org/xsd/adlcp_rootv1p2'"),
            "index.html": "x",
        },
        "a SCORM package",
        "a folder of Markdown",
    ),
    "QTI": (
        {"imsmanifest.xml": MANIFEST.format("xmlns:q='http://www.imsglobal.org/xsd/imsqti_v2p1'"), "q.xml": "<q/>"},
        "a package of questions in QTI",
        "as Moodle XML or GIFT",
    ),
    "Blackboard": (
        {
            "imsmanifest.xml": MANIFEST.format("xmlns:bb='http://www.blackboard.com/content-packaging/'"),
            "r.dat": "<x/>",
        },
        "the export of a Blackboard course",
        "Moodle XML",
    ),
    "Brightspace": (
        {"imsmanifest.xml": MANIFEST.format("xmlns:d2l_2p0='http://desire2learn.com/xsd/d2lcp_v2p0'"), "r.xml": "<x/>"},
        "the export of a Brightspace (D2L) course",
        "Moodle XML",
    ),
    "IMS": ({"imsmanifest.xml": MANIFEST.format(""), "a.html": "x"}, "an IMS content package", "a folder of Markdown"),
    "H5P": ({"h5p.json": "{}", "content/content.json": "{}"}, "H5P content", "a folder of Markdown"),
    "xAPI": ({"tincan.xml": "<tincan/>", "index.html": "x"}, "an xAPI (Tin Can) package", "a folder of Markdown"),
    "cmi5": ({"cmi5.xml": "<courseStructure/>", "index.html": "x"}, "a cmi5 package", "a folder of Markdown"),
    "docx": (OFFICE | {"word/document.xml": "<w/>"}, "a Word document (.docx)", "as Markdown"),
    "xlsx": (OFFICE | {"xl/workbook.xml": "<w/>"}, "an Excel workbook (.xlsx)", "as GIFT"),
    "pptx": (OFFICE | {"ppt/presentation.xml": "<p/>"}, "a PowerPoint presentation (.pptx)", "as Markdown"),
    "EPUB": ({"mimetype": "application/epub+zip", "META-INF/container.xml": "<c/>"}, "an e-book (EPUB)", "as Markdown"),
    "ODF": (
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<c/>"},
        "a document of LibreOffice",
        "as Markdown",
    ),
    "Anki": ({"collection.anki2": "SQLite format 3", "media": "{}"}, "a deck of Anki cards", "as GIFT"),
    "library": (
        {"library.xml": "<library/>", "problem/a.xml": "<problem/>"},
        "a library of Open edX",
        "the whole course",
    ),
    "deep": (
        {"old/moodle.xml": "<MOODLE_BACKUP/>", "new/a.txt": "x"},
        "the backup of a course of Moodle 1.9",
        "export its questions as Moodle XML",
    ),
}


def refused(path: Path, scratch: Path) -> CourseFormatError:
    with pytest.raises(CourseFormatError) as caught:
        read(path, scratch)
    return caught.value


@pytest.mark.parametrize("kind", MATERIALS)
def test_a_material_is_named_wherever_it_lies(kind: str, tmp_path: Path) -> None:
    files, name, advice = MATERIALS[kind]
    around = {f"my course/{path}": text for path, text in files.items()}
    forms = {
        "a.mbz": tarred(files),
        "b.zip": zipped(files),
        "c.anything": zipped(around),
        "d.tar.gz": tarred(around),
    }
    folder = tree(tmp_path / "in", forms)
    paths = [*folder.iterdir(), tree(tmp_path / "folder", files)]
    faults = [refused(path, tmp_path / "scratch") for path in paths]
    for fault in faults:
        assert fault.reason.startswith(f"this is {name}")
        assert advice in fault.reason
        assert "which Studium does not read" in fault.reason


FILES: dict[str, tuple[bytes, str]] = {
    "questions.xml": (XML.encode() + b"<question_categories/>", "one file of the backup of a Moodle course"),
    "moodle_backup.xml": (b"<moodle_backup/>", "the backup of a Moodle course"),
    "a.xml": (
        XML.encode() + b'<!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2.dtd">\n<questestinterop/>',
        "a file of questions in QTI 1.2",
    ),
    "b.xml": (b"<!-- by hand -->\n<imsqti:assessmentItem xmlns:imsqti='x'/>", "a question in QTI 2"),
    "c.xml": ((XML + "<qti-assessment-test/>").encode("utf-16"), "a test in QTI 3"),
    "d.dat": (b"<POOL/>", "a pool of questions of Blackboard"),
    "e.xml": (b"<examview/>", "a file of questions of ExamView"),
    "course.xml": (b'<course url_name="x" org="a" course="b"/>', "one file of a course of Open edX"),
    "f.html": (b"<!doctype html><title>x</title>", "a web page"),
    "g.htm": (b"\xef\xbb\xbf  <HTML><body>x", "a web page"),
    "imsmanifest.xml": (b"<manifest/>", "the table of contents of an IMS package"),
    "j.pdf": (b"%PDF-1.7 \x00", "a PDF document"),
    "k.txt": (b"\n%PDF-1.7 \x00", "a PDF document"),
    "l.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Word"),
    "m.rtf": (b"{\\rtf1 hello}", "an RTF document"),
    "n.rar": (b"Rar!\x1a\x07\x00", "a RAR archive"),
    "o.7z": (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    "p.tar.bz2": (b"BZh91AY", "an archive packed by bzip2"),
    "q.tar.xz": (b"\xfd7zXZ\x00", "an archive packed by xz"),
    "r.mp4": (b"\x00\x00\x00\x18ftypmp42", "a film or recording"),
    "s.jpg": (b"\xff\xd8\xff\xe0", "a picture"),
    "t.md": (b"# Lesson\n", "a single page of Markdown"),
    "u.csv": (b"a,b\n", "a table"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named(name: str, tmp_path: Path) -> None:
    data, kind = FILES[name]
    fault = refused(tree(tmp_path / "in", {name: data}) / name, tmp_path)
    assert fault.reason.startswith(f"this is {kind}")
    assert fault.path.name == name


@pytest.mark.parametrize(
    ("files", "place", "words"),
    [
        ({"week1.gift": "Wet?{T}", "readme": "x"}, "week1.gift", "a file of questions"),
        ({"backup.mbz": "x", "readme": "x"}, "backup.mbz", "the backup of a Moodle course"),
        ({"course.tar.gz": "x"}, "course.tar.gz", "another archive"),
    ],
)
def test_what_lies_in_an_archive_is_named(files: Mapping[str, str], place: str, words: str, tmp_path: Path) -> None:
    fault = refused(tree(tmp_path / "in", {"a.zip": zipped(files)}) / "a.zip", tmp_path)
    assert (fault.path.name, words in fault.reason, "import that by itself" in fault.reason) == (place, True, True)


def test_a_course_of_ours_stays_one_whatever_lies_in_its_folders(tmp_path: Path) -> None:
    files = contents(BICYCLE) | {"static/imsmanifest.xml": b"<manifest/>", "static/moodle_backup.xml": b"<x/>"}
    assert read(tree(tmp_path / "olx", files), tmp_path).course.lessons
    own = {"course.md": "---\ntitle: T\n---\n", "01-a.md": "---\ntitle: A\n---\nText.\n"}
    assert read(tree(tmp_path / "own", own), tmp_path).course.title == "T"


def test_gift_may_begin_with_html_and_speak_of_answers(tmp_path: Path) -> None:
    path = tree(tmp_path / "in", {"a.gift": "<b>Wet?</b>{T}\n\nANSWER: A\n{=B ~A}"}) / "a.gift"
    (lesson,) = read(path, tmp_path).course.lessons
    assert lesson.quiz is not None
    assert [each.question_text for each in lesson.quiz.questions] == ["**Wet?**", "ANSWER: A"]


async def test_two_moodle_backups_over_http_change_nothing(world: World) -> None:
    courses = await world.count(Course)
    for name in ("a", "b"):
        course = {"course/course.xml": COURSE.replace("X", name)}
        done = await upload(world, "ada", tarred(BACKUP | course), f"backup-{name}.mbz")
        assert done["status"] == "failed"
        assert done["fault"]["reason"].startswith("this is the backup of a Moodle course")
    assert await world.count(Course) == courses


async def test_the_command_line_says_so_too(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tree(tmp_path / "in", {"backup.mbz": tarred(BACKUP)}) / "backup.mbz"
    for each in (path, tree(tmp_path / "folder", BACKUP)):
        assert not await import_from(world.runtime.settings, each, None, None, dry_run=False)
        assert "this is the backup of a Moodle course" in capsys.readouterr().err
