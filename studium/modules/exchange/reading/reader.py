"""Finds out what a material is, and reads it. Everything here is plain reading: no database, no network."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePath

from slugify import slugify

from studium.kit.base.problems import Problem
from studium.models import LessonType, QuizType
from studium.modules.exchange.formats.gift.reader import read_gift
from studium.modules.exchange.formats.moodle.reader import read_moodle_xml
from studium.modules.exchange.formats.olx.reader import find_olx, read_olx
from studium.modules.exchange.formats.olx.tree import title_of
from studium.modules.exchange.formats.own.material import find_markdown, read_markdown
from studium.modules.exchange.model.imports import SourceFormat
from studium.modules.exchange.model.items import CourseItem, ImportOutcome, ImportReportEntry, QuestionSet, place_of
from studium.modules.exchange.model.material import FolderMaterial, ImportSource, TarMaterial, ZipMaterial
from studium.modules.exchange.model.spool import spooled
from studium.modules.exchange.model.texts import (
    MAX_POINTS,
    MAX_QUESTIONS,
    CourseText,
    LessonText,
    QuestionText,
    QuizText,
    SourceLocation,
)
from studium.modules.exchange.reading.aiken import is_aiken, read_aiken
from studium.modules.exchange.reading.foreign import foreign_file, foreign_xml, no_course, refuse_foreign
from studium.modules.files.archives import check_archive
from studium.modules.files.formats import FORMATS

QUESTIONS_MAX = 33_554_432
_ZIP, _GZIP, _TAR, _TAR_AT = b"PK\x03\x04", b"\x1f\x8b", b"ustar", 257
_HEAD = 1024
_ID_MAX = 255


class NothingUsable(Exception):
    """The material was read, but nothing of it can be taken over; `report` says why."""

    def __init__(self, report: tuple[ImportReportEntry, ...]) -> None:
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
        return self.source_format in {SourceFormat.GIFT, SourceFormat.AIKEN, SourceFormat.MOODLE_XML}


def read_material(path: Path, filename: str, spool: Path, file_max: int) -> Found:
    """Read the folder, archive or file at `path`; the bytes of its files go to `spool`, a file beside it that is new.

    `filename` is what people call it, `file_max` the largest file in bytes. What comes back is plain data without
    anything open, the same each time, so another process may read for us. Raises CourseFormatError, NothingUsable.
    """
    if path.is_dir():
        return _spooled_course(FolderMaterial(path), spool, file_max)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((_ZIP, _GZIP)) or head[_TAR_AT : _TAR_AT + 5] == _TAR:
        with closing(_archive(path, filename, spool.parent, is_zip=head.startswith(_ZIP))) as material:
            return _spooled_course(material, spool, file_max)
    found = _questions(path, filename, head)
    return replace(found, item=spooled(found.item, None, spool, file_max))


def _spooled_course(material: ImportSource, spool: Path, file_max: int) -> Found:
    found = _course(material)
    return replace(found, item=spooled(found.item, material, spool, file_max))


def _archive(path: Path, filename: str, scratch: Path, *, is_zip: bool) -> ImportSource:
    if not is_zip:
        return TarMaterial(path, filename, scratch)
    try:
        check_archive(path, FORMATS["zip"])
    except Problem as problem:
        raise SourceLocation(PurePath(filename), 1).error(problem.detail) from None
    return ZipMaterial(path)


def _course(material: ImportSource) -> Found:
    if find_markdown(material):
        return Found(SourceFormat.MARKDOWN, read_markdown(material))
    refuse_foreign(material)
    root = find_olx(material)
    if root is None:
        raise no_course(material)
    return Found(SourceFormat.OLX, _with_whole_id(read_olx(material, root)))


def _with_whole_id(item: CourseItem) -> CourseItem:
    """The course; where an organisation, course or run has no name, or one too long, its name is not its own."""
    parts = item.external_id.removeprefix("olx:").split("+")
    return item if all(parts) and len(item.external_id) < _ID_MAX else replace(item, has_own_id=False)


# Questions


def _questions(path: Path, filename: str, head: bytes) -> Found:
    label = PurePath(filename)
    _refuse(foreign_file(head, label), label)
    with path.open("rb") as file:
        data = file.read(QUESTIONS_MAX + 1)
    if len(data) > QUESTIONS_MAX:
        reason = f"more than {QUESTIONS_MAX:,} bytes"
        raise SourceLocation(label, 1).error(reason)
    is_text = label.suffix.lower() in {".gift", ".txt"}
    if _is_xml(head, is_text=is_text):
        _refuse(foreign_xml(data), label)
        return Found(SourceFormat.MOODLE_XML, _quiz_course(read_moodle_xml(data, label), label))
    _refuse(None if is_text else "not an archive, not XML, and not called .gift or .txt", label)
    if is_aiken(data):
        return Found(SourceFormat.AIKEN, _quiz_course(read_aiken(data, label), label))
    return Found(SourceFormat.GIFT, _quiz_course(read_gift(data, label), label))


def _refuse(reason: str | None, label: PurePath) -> None:
    if reason is not None:
        raise SourceLocation(label, 1).error(reason)


def _is_xml(head: bytes, *, is_text: bool) -> bool:
    """A question in GIFT may begin with HTML, so that only the beginning of an XML file makes one of it."""
    text = head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", errors="ignore")
    return text.lstrip().startswith(("<?xml", "<quiz") if is_text else "<")


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
        report.append(ImportReportEntry(name, place_of(label, 1), ImportOutcome.IMPORTED, what))
    return CourseItem(
        course=CourseText(title=title, slug=slug, lessons=tuple(lessons)),
        external_id=f"questions:{label.as_posix()}"[:255],
        lesson_ids=ids,
        has_own_id=False,
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
