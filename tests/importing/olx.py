"""Small courses of Open edX for tests: what differs is given, the rest is made up."""

from collections.abc import Mapping
from pathlib import Path

from studium.modules.exchange.model.items import CourseItem, ImportReportEntry
from studium.modules.exchange.model.texts import LessonText, QuizText
from tests.importing.studio import read, tree

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CHOICE = (
    "<p>Which?</p><multiplechoiceresponse><choicegroup><choice correct='true'>one</choice>"
    "<choice correct='false'>two</choice></choicegroup></multiplechoiceresponse>"
)


def course(inside: str, *, on_sequential: str = "", on_course: str = "") -> dict[str, str | bytes]:
    """A course with one unit that holds `inside`."""
    unit = f"<vertical display_name='Unit'>{inside}</vertical>"
    head = f"<course display_name='Demo' {on_course}>"
    below = f"<sequential display_name='Part' {on_sequential}>{unit}</sequential>"
    return {
        "course.xml": "<course org='o' course='c' url_name='r'/>",
        "course/r.xml": f"{head}<chapter display_name='Week'>{below}</chapter></course>",
    }


def imported(folder: Path, files: Mapping[str, str | bytes]) -> CourseItem:
    """What the reader makes of it."""
    return read(tree(folder / "course", files), folder)


def lesson(item: CourseItem) -> LessonText:
    """The last lesson, which is the unit of `course`."""
    return item.course.lessons[-1]


def quiz(item: CourseItem) -> QuizText:
    """Its quiz."""
    found = lesson(item).quiz
    assert found is not None
    return found


def said(item: CourseItem) -> str:
    """All reasons of the report, in one text."""
    return "\n".join(f"{each.name}: {each.why}" for each in item.report)


def line(item: CourseItem, name: str) -> ImportReportEntry:
    """The line of the report about something."""
    return next(each for each in item.report if each.name == name)
