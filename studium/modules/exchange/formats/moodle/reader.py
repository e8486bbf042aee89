"""Reads files of questions in Moodle's XML."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from lxml import etree

from studium.modules.exchange.formats.moodle.elements import READERS, UNHELD, title_of
from studium.modules.exchange.formats.moodle.settings import losses_of
from studium.modules.exchange.formats.questions.parts import Part, Question, Refused, Unreadable
from studium.modules.exchange.formats.questions.questions import question_set
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, QuestionSet, place_of
from studium.modules.exchange.model.texts import CourseFormatError
from studium.modules.exchange.model.xml_source import INCLUSION, line_of, parse_xml, take_inclusions

_ROOT = "quiz"


def read_moodle_xml(data: bytes, path: PurePath) -> QuestionSet:
    """Return the questions of a Moodle XML file that our four types can hold, and the fate of everything in it.

    Nothing is raised: a file that cannot be read at all is one line of the report.
    """
    try:
        root = parse_xml(data, path, _ROOT)
    except CourseFormatError as fault:
        return _unread(path, fault.line, fault.reason)
    if root.tag != _ROOT:
        return _unread(path, line_of(root), f"not a file of questions, which begins with <{_ROOT}>")
    return question_set(_parts(root), path)


def _unread(path: PurePath, line: int, why: str) -> QuestionSet:
    return QuestionSet(report=(ImportReportEntry(path.name, place_of(path, line), ImportOutcome.SKIPPED, "file", why),))


def _parts(root: etree._Element) -> Iterator[Part]:
    for each in take_inclusions(root):
        yield Refused(each.line, INCLUSION, "inclusion", each.why)
    yield from _around(root)
    for element in root:
        try:
            yield _part(element)
        except Unreadable as fault:
            yield Refused(line_of(element), title_of(element), "part of the file", str(fault))


def _around(root: etree._Element) -> Iterator[Part]:
    """What stands in the file beside its questions."""
    for name, value in root.attrib.items():
        yield Refused(line_of(root), str(name), "setting of the file", f"{str(value)[:40]!r} means nothing here")
    for element, words in ((root, root.text), *((each, each.tail) for each in root)):
        if (words or "").strip():
            yield Refused(line_of(element), (words or "").strip(), "words", "they belong to no question")


def _part(element: etree._Element) -> Question:
    if element.tag != "question":
        reason = "not a <question>"
        raise Unreadable(reason)
    kind = element.get("type", "")
    reader = READERS.get(kind)
    if reader is None:
        reason = f"{UNHELD.get(kind, 'there are no such questions here')} (Moodle calls the type {kind[:40]!r})"
        raise Unreadable(reason)
    question = reader(element)
    return replace(question, losses=(*losses_of(element, question.kind), *question.losses))
