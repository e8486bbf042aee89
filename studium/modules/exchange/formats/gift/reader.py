"""Reads files of questions in GIFT, the text format of Moodle."""

from pathlib import PurePath

from studium.modules.exchange.formats.gift.marks import NONCHARACTERS
from studium.modules.exchange.formats.gift.parts import gift_parts
from studium.modules.exchange.formats.questions.questions import question_set
from studium.modules.exchange.model.items import ImportOutcome, ImportReportEntry, QuestionSet, place_of
from studium.modules.exchange.model.texts import CourseFormatError

GIFT_MAX = 33_554_432
"""Bytes of one file."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_gift(data: bytes, path: PurePath) -> QuestionSet:
    """Return the questions of a GIFT file that our four types can hold, and the fate of everything in it.

    Nothing is raised: a file that cannot be read at all is one line of the report. Text is UTF-8, or UTF-16 with its
    byte order mark.
    """
    try:
        text = text_of_file(data, path)
    except CourseFormatError as fault:
        return unread(path, fault.line, fault.reason)
    return question_set(gift_parts(NONCHARACTERS.sub("", text)), path)


def text_of_file(data: bytes, path: PurePath) -> str:
    """The text of a file of questions; raise CourseFormatError where it is too long or no text."""
    if len(data) > GIFT_MAX:
        reason = f"more than {GIFT_MAX:,} bytes"
        raise CourseFormatError(path, 1, reason)
    try:
        return data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as broken:
        reason = "not UTF-8; save the file in that encoding"
        raise CourseFormatError(path, data.count(b"\n", 0, broken.start) + 1, reason) from None


def unread(path: PurePath, line: int, why: str) -> QuestionSet:
    """The report of a file that cannot be read at all."""
    return QuestionSet(report=(ImportReportEntry(path.name, place_of(path, line), ImportOutcome.SKIPPED, "file", why),))
