"""Material of strangers: whatever is wrong with it is said with its place, and nothing leaves its bounds."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from tarfile import GNU_FORMAT, GNUTYPE_SPARSE, SYMTYPE, TarInfo

import pytest

from studium.models import Course
from studium.modules.exchange.model.texts import CourseFormatError
from tests.importing.studio import BICYCLE, contents, read, tarred, tree, upload, zipped
from tests.world import World

FILES = contents(BICYCLE)
COURSE = b"---\ntitle: T\n---\n"


def without(name: str) -> dict[str, bytes]:
    return {key: value for key, value in FILES.items() if key != name}


def link() -> TarInfo:
    member = TarInfo("course/static/passwd")
    member.type, member.linkname = SYMTYPE, "/etc/passwd"
    return member


def sparse() -> bytes:
    """A file of a terabyte that holds nothing but what its header says of it, before a course."""
    head = bytearray(TarInfo("course/static/holes.bin").tobuf(GNU_FORMAT))
    head[156:157] = GNUTYPE_SPARSE
    head[386:410] = b"%011o\0" % 0 + b"%011o\0" % 0
    head[483:495] = b"\x80" + (10**12).to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return gzip.compress(bytes(head) + gzip.decompress(tarred(FILES)))


CYCLE = b'<vertical display_name="Round"><vertical url_name="pressure"/></vertical>'
ENTITY = b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<problem><p>&x;</p></problem>'
LAUGHS = b'<!DOCTYPE p [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n<problem><p>&b;</p></problem>'
TREES: dict[str, tuple[Mapping[str, bytes], str]] = {
    "no course": ({"readme.txt": b"hello"}, r"no course: expected a course.md"),
    "no chapters": ({"course.xml": b'<course url_name="x" org="o" course="c"/>'}, r"course.xml:1: the course is empty"),
    "missing chapter": (without("chapter/wheels.xml"), r"course/2026.xml:2: chapter 'wheels' is missing"),
    "broken XML": (FILES | {"problem/bar.xml": b"<problem>\n\n<p></problem>"}, r"problem/bar.xml:3: not well-formed"),
    "external entity": (FILES | {"problem/bar.xml": ENTITY}, r"problem/bar.xml:1: a document type declaration"),
    "entities of entities": (FILES | {"problem/bar.xml": LAUGHS}, r"problem/bar.xml:1: a document type declaration"),
    "cycle": (
        FILES | {"vertical/pressure.xml": CYCLE},
        r"vertical/pressure.xml:1: vertical/pressure hangs below itself",
    ),
    "wrong root": (
        FILES | {"chapter/wheels.xml": b"<html/>"},
        r"chapter/wheels.xml:1: expected <chapter>, found <html>",
    ),
    "wrong encoding": (
        FILES | {"chapter/wheels.xml": b"<chapter>\n\xff</chapter>"},
        r"chapter/wheels.xml:2: not well-",
    ),
    "bad JSON": (FILES | {"policies/2026/grading_policy.json": b"{\n,}"}, r"grading_policy.json:2: not valid JSON"),
    "deep": (FILES | {"chapter/wheels.xml": b"<chapter>" + b"<p>" * 300}, r"chapter/wheels.xml:1: not well-formed"),
    "50 MB of Markdown": ({"course.md": COURSE + b"word " * 10_000_000}, r"course.md:1: more than 1,048,576 bytes"),
    "50 MB of a lesson": (
        {"course.md": COURSE, "01-a.md": COURSE + b"word " * 10_000_000},
        r"01-a.md:4: the content: String should have at most 200000",
    ),
    "piled marks": (
        {"course.md": COURSE, "01-a.md": COURSE + b"\nx" + "\u0f73\u0301".encode() * 40_000},
        r"01-a.md:5: the text: must not pile more than 30 marks on one letter",
    ),
    "50 MB of XML": (
        FILES | {"chapter/wheels.xml": b"<chapter>" + b" " * 50_000_000},
        r"chapter/wheels.xml:1: more than",
    ),
}


@pytest.mark.parametrize("fault", TREES)
def test_a_fault_of_a_course_is_named_with_its_place(fault: str, tmp_path: Path) -> None:
    files, words = TREES[fault]
    with pytest.raises(CourseFormatError, match=words):
        read(tree(tmp_path / "course", files), tmp_path)


BOMB = zlib.compressobj(9, wbits=31)
ARCHIVES: dict[str, tuple[str, bytes, str]] = {
    "not an archive": ("a.zip", b"\x00\x01\x02", "not an archive"),
    "empty archive": ("a.zip", b"PK\x05\x06" + bytes(18), "not an archive"),
    "cut zip": ("a.zip", zipped(FILES)[:-40], "cannot be read as one"),
    "zip path": ("a.zip", zipped({"../../evil.md": b"x"}), "lead out of its folder"),
    "zip absolute": ("a.zip", zipped({"/etc/evil.md": b"x"}), "lead out of its folder"),
    "zip bomb": ("a.zip", zipped({"course.md": bytes(50_000_000)}), "too large when unpacked"),
    "tar path": ("a.tar.gz", tarred({"../../evil.md": b"x"}), "leads out of the archive"),
    "tar absolute": ("a.tar.gz", tarred({"/etc/evil.md": b"x"}), "leads out of the archive"),
    "tar link": ("a.tar.gz", tarred(FILES, link()), "a link, device or sparse file"),
    "tar of holes": ("a.tar.gz", sparse(), "a link, device or sparse file"),
    "tar bomb": ("a.tar.gz", BOMB.compress(bytes(300_000_000)) + BOMB.flush(), "no course"),
    "tar of a bomb": ("a.tar.gz", tarred({"course.md": bytes(150_000_000)}), "far more than its size"),
    "cut tar": ("a.tar.gz", tarred(FILES)[:1500], "the archive is broken"),
    "gzip of nothing": ("a.tar.gz", b"\x1f\x8b" + bytes(100), "the archive is broken"),
}


@pytest.mark.parametrize("fault", ARCHIVES)
def test_a_bad_archive_is_refused_and_leaves_nothing(fault: str, tmp_path: Path) -> None:
    name, data, words = ARCHIVES[fault]
    path = tree(tmp_path / "in", {name: data}) / name
    scratch = tmp_path / "scratch"
    with pytest.raises(CourseFormatError, match=words):
        read(path, scratch)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]


def test_components_that_nothing_here_is_like_are_named(tmp_path: Path) -> None:
    item = read(BICYCLE, tmp_path)
    left = {(each.name, each.what): (each.place, each.why) for each in item.report if each.fate == "skipped"}
    assert left == {
        ("Tubes or none?", "poll"): (
            "vertical/puncture.xml:4",
            "Studium has no polls; 4 words are left out with it",
        ),
        ("Braking distance", "customresponse"): (
            "problem/brake.xml:2",
            "a script of the course marks it; its text of 5 words is left out with it",
        ),
    }


def test_a_missing_page_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    item = read(tree(tmp_path / "course", without("html/pressure.html")), tmp_path)
    assert [(each.name, each.fate, each.why) for each in item.report if each.name == "Pressure"] == [
        ("Pressure", "skipped", "html/pressure.html:1: this file is missing")
    ]


@pytest.mark.parametrize("fault", ["zip path", "tar link", "zip bomb"])
async def test_over_http_it_is_a_failed_import(world: World, fault: str) -> None:
    name, data, words = ARCHIVES[fault]
    courses = await world.count(Course)
    failed = await upload(world, "ada", data, name)
    assert failed["status"] == "failed"
    assert words in failed["fault"]["reason"]
    assert await world.count(Course) == courses


async def test_a_form_without_a_file_or_with_too_much(world: World) -> None:
    assert (await world.call("ada", "POST", "/courses/import")).status_code == 422
    odd = await world.call("ada", "POST", "/courses/import", files={"file": ("a.zip", b"x")}, data={"owner": "eve"})
    assert odd.json()["errors"][0]["code"] == "unknown_field"
    empty = await world.call("ada", "POST", "/courses/import", files={"file": ("a.zip", b"")})
    assert empty.status_code == 422


def test_cutoffs_that_are_no_numbers_are_passed_over(tmp_path: Path) -> None:
    policy = b'{"GRADE_CUTOFFS": {"a": true, "b": NaN, "c": 1e400, "d": 0.6}}'
    item = read(tree(tmp_path / "course", FILES | {"policies/2026/grading_policy.json": policy}), tmp_path)
    assert {each.quiz.passing_score for each in item.course.lessons if each.quiz} == {60}
