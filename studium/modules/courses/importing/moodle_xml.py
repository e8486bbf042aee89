"""Reads files of questions in Moodle's XML."""

from collections.abc import Iterator
from pathlib import PurePath

from lxml import etree

from studium.modules.courses.course_text import CourseFormatError
from studium.modules.courses.importing.items import Fate, QuestionSet, ReportItem, place_of
from studium.modules.courses.importing.moodle_elements import READERS, title_of
from studium.modules.courses.importing.moodle_parts import Part, Question, Refused, Unreadable
from studium.modules.courses.importing.moodle_questions import question_set
from studium.modules.courses.importing.xml_source import INCLUSION, line_of, parse_xml, take_inclusions

_ROOT = "quiz"


def read_moodle_xml(data: bytes, path: PurePath) -> QuestionSet:
    """Return the questions of a Moodle XML file that our four types can hold, and the fate of everything in it.

    Nothing is raised: a file that cannot be read at all is one line of the report.
    """
    try:
        root = parse_xml(data, path)
    except CourseFormatError as fault:
        return _unread(path, fault.line, fault.reason)
    if root.tag != _ROOT:
        return _unread(path, line_of(root), f"not a file of questions, which begins with <{_ROOT}>")
    return question_set(_parts(root), path)


def _unread(path: PurePath, line: int, why: str) -> QuestionSet:
    return QuestionSet(report=(ReportItem(path.name, place_of(path, line), Fate.SKIPPED, "file", why),))


def _parts(root: etree._Element) -> Iterator[Part]:
    for each in take_inclusions(root):
        yield Refused(each.line, INCLUSION, "inclusion", each.why)
    for element in root:
        try:
            yield _part(element)
        except Unreadable as fault:
            yield Refused(line_of(element), title_of(element), "part of the file", str(fault))


def _part(element: etree._Element) -> Question:
    if element.tag != "question":
        reason = "not a <question>"
        raise Unreadable(reason)
    kind = element.get("type", "")
    reader = READERS.get(kind)
    if reader is None:
        reason = f"there are no questions of the type {kind[:40]!r} here"
        raise Unreadable(reason)
    return reader(element)
