"""No column of a course is forgotten by what creates, changes, exports and imports it."""

from pathlib import Path

from studium.models import Course, Difficulty
from studium.modules.courses.schemas import CourseCreate, CourseOut, CourseUpdate
from studium.modules.exchange.formats.own.course import read_course
from studium.modules.exchange.formats.own.queries import course_text
from studium.modules.exchange.formats.own.writer import write_course
from studium.modules.exchange.model.texts import COURSE_COLUMNS
from studium.modules.exchange.model.wishes import course_wish

NOT_EXPORTED = {
    "id": "a course that comes in is another row",
    "instructor_id": "it belongs to whoever imports it",
    "is_published": "it comes in as a draft",
    "external_id": "the importing school keeps its own",
    "created_at": "of the row",
    "updated_at": "of the row",
    "version": "of the row",
}
COLUMNS = {column.name for column in Course.__table__.columns}
COURSE = {
    "title": "Walking",
    "slug": "walking-slowly",
    "description": "One foot first.",
    "category": "Sport",
    "difficulty_level": Difficulty.ADVANCED,
    "thumbnail_url": "https://example.org/walking.png",
    "estimated_duration_minutes": 90,
    "metadata": {"language": "en"},
}


def test_every_column_is_exported_or_deliberately_not() -> None:
    assert set(COURSE_COLUMNS) | NOT_EXPORTED.keys() == COLUMNS
    assert not set(COURSE_COLUMNS) & NOT_EXPORTED.keys()


def test_every_exported_column_comes_back(tmp_path: Path) -> None:
    assert COURSE.keys() == set(COURSE_COLUMNS), "give the new column a value here"
    row = Course(**{name: value for name, value in COURSE.items() if name != "metadata"})
    row.course_metadata = {"language": "en"}
    write_course(course_text(row, ()), tmp_path / "course")
    text = read_course(tmp_path / "course")
    assert {name: getattr(text, name) for name in COURSE_COLUMNS} == COURSE
    wish = course_wish(text).model_dump()
    assert {name: wish[name] for name in COURSE_COLUMNS if name != "slug"} == {
        name: value for name, value in COURSE.items() if name != "slug"
    }


def test_what_creates_a_course_changes_and_shows_it_too() -> None:
    fields = CourseCreate.model_fields.keys()
    assert fields - {"instructor_id"} == set(COURSE_COLUMNS)
    assert CourseUpdate.model_fields.keys() == fields
    assert fields <= CourseOut.model_fields.keys()
