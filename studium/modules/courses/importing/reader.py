"""Finds out what a material is, and reads it. Everything here is plain reading: no database, no network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path, PurePath

from slugify import slugify

from studium.kit.problems import Problem
from studium.models import LessonType, QuizType
from studium.modules.courses.course_text import (
    MAX_POINTS,
    MAX_QUESTIONS,
    CourseText,
    LessonText,
    Place,
    QuestionText,
    QuizText,
)
from studium.modules.courses.importing.gift import read_gift
from studium.modules.courses.importing.items import CourseItem, Fate, QuestionSet, ReportItem, place_of
from studium.modules.courses.importing.markdown_material import find_markdown, read_markdown
from studium.modules.courses.importing.moodle_xml import read_moodle_xml
from studium.modules.courses.importing.olx import find_olx, read_olx
from studium.modules.courses.importing.olx_tree import title_of
from studium.modules.courses.material import FolderMaterial, Material, TarMaterial, ZipMaterial
from studium.modules.files.archives import check_archive
from studium.modules.files.formats import FORMATS

QUESTIONS_MAX = 33_554_432
_ZIP, _GZIP, _TAR, _TAR_AT = b"PK\x03\x04", b"\x1f\x8b", b"ustar", 257
_HEAD = 1024


class SourceFormat(StrEnum):
    """What courses and questions may come in."""

    OLX = "olx"
    MARKDOWN = "markdown"
    GIFT = "gift"
    MOODLE_XML = "moodle_xml"


class NothingUsable(Exception):
    """The material was read, but nothing of it can be taken over; `report` says why."""

    def __init__(self, report: tuple[ReportItem, ...]) -> None:
        super().__init__("nothing in it can be taken over")
        self.report = report


@dataclass(frozen=True)
class Found:
    """A material that was read."""

    source_format: SourceFormat
    item: CourseItem

    @property
    def is_questions(self) -> bool:
        """Whether it holds questions alone, which may go into a course that is there."""
        return self.source_format in {SourceFormat.GIFT, SourceFormat.MOODLE_XML}


@contextmanager
def opened(path: Path, filename: str, scratch: Path, file_max: int) -> Iterator[Found]:
    """Read the folder, archive or file at `path`; its files can be loaded within the block.

    `filename` is what people call it. Raises CourseFormatError at the fault, NothingUsable.
    """
    if path.is_dir():
        yield _course(FolderMaterial(path), file_max)
        return
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((_ZIP, _GZIP)) or head[_TAR_AT : _TAR_AT + 5] == _TAR:
        material = _archive(path, filename, scratch, is_zip=head.startswith(_ZIP))
        try:
            yield _course(material, file_max)
        finally:
            material.close()
        return
    yield _questions(path, filename, head)


def _archive(path: Path, filename: str, scratch: Path, *, is_zip: bool) -> Material:
    if not is_zip:
        return TarMaterial(path, filename, scratch)
    try:
        check_archive(path, FORMATS["zip"])
    except Problem as problem:
        raise Place(PurePath(filename), 1).error(problem.detail) from None
    return ZipMaterial(path)


def _course(material: Material, file_max: int) -> Found:
    if find_markdown(material):
        return Found(SourceFormat.MARKDOWN, read_markdown(material, file_max))
    root = find_olx(material)
    if root is not None:
        return Found(SourceFormat.OLX, read_olx(material, root, file_max))
    reason = "no course: expected a course.md (Studium's format) or a course.xml (Open edX) in it"
    raise Place(PurePath(), 1).error(reason)


# Questions


def _questions(path: Path, filename: str, head: bytes) -> Found:
    label = PurePath(filename)
    with path.open("rb") as file:
        data = file.read(QUESTIONS_MAX + 1)
    if len(data) > QUESTIONS_MAX:
        reason = f"more than {QUESTIONS_MAX:,} bytes"
        raise Place(label, 1).error(reason)
    if _is_xml(head):
        return Found(SourceFormat.MOODLE_XML, _quiz_course(read_moodle_xml(data, label), label))
    if label.suffix.lower() in {".gift", ".txt"}:
        return Found(SourceFormat.GIFT, _quiz_course(read_gift(data, label), label))
    reason = "not an archive, not XML, and not called .gift or .txt"
    raise Place(label, 1).error(reason)


def _is_xml(head: bytes) -> bool:
    text = head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", errors="ignore")
    return text.lstrip().startswith("<")


def _quiz_course(found: QuestionSet, label: PurePath) -> CourseItem:
    """A course that holds the questions: one quiz, or several where they are too many for one."""
    if not found.questions:
        raise NothingUsable(found.report)
    title = title_of(label.stem) or "Questions"
    slug = slugify(title, max_length=80) or "questions"
    shares = list(_shares(found.questions))
    lessons, ids, report = [], {}, []
    for number, questions in enumerate(shares, 1):
        name = title if len(shares) == 1 else title_of(f"{title[:245]} ({number})")
        quiz = QuizText(title=name, quiz_type=QuizType.GRADED, max_attempts=3, questions=questions)
        lesson = LessonText(name, slug if number == 1 else f"{slug}-{number}", LessonType.QUIZ, quiz=quiz)
        lessons.append(lesson)
        ids[lesson.slug] = f"quiz/{number}"
        what = f"lesson with a quiz of {len(questions)} questions"
        report.append(ReportItem(name, place_of(label, 1), Fate.IMPORTED, what))
    return CourseItem(
        course=CourseText(title=title, slug=slug, lessons=tuple(lessons)),
        external_id=f"questions:{label.as_posix()}"[:255],
        lesson_ids=ids,
        files=found.files,
        report=tuple(chain(report, found.report)),
    )


def _shares(questions: tuple[QuestionText, ...]) -> Iterator[tuple[QuestionText, ...]]:
    share: list[QuestionText] = []
    for question in questions:
        points = sum(each.points for each in share) + question.points
        if share and (len(share) >= MAX_QUESTIONS or points > MAX_POINTS):
            yield tuple(share)
            share = []
        share.append(question)
    yield tuple(share)
