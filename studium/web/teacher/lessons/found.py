"""How the pages of a lesson find what they show, and what its form holds: by the queries and schemas of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from studium.kit.base.problems import FieldError, InvalidInput, NotFound
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.schemas import MARKDOWN_MAX
from studium.kit.text.markdown import html_of
from studium.models import LessonType
from studium.modules.courses import queries_lessons
from studium.modules.courses.checker import Checked, Finding, check, repaired
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut, LessonOut, LessonUpdate
from studium.modules.files import queries as files
from studium.modules.files.schemas import FileOut
from studium.web import lists
from studium.web.again import actor_of, reads_of
from studium.web.files import own_files
from studium.web.forms import Form, FormDep
from studium.web.teacher.lessons.views import Shown
from studium.web.teacher.quizzes.typed import whole

LESSON = "/teach/courses/{course_id}/lessons/{lesson_id}"
UPLOAD = "/teach/upload/lessons/{course_id}/{lesson_id}"
FILES = 24
FORM_MAX = 1_000_000
"""Bytes: a text of 200,000 letters of which a browser sends five bytes each."""

FIELDS_MAX = 200


async def managed_lesson(request: Request, course: ManagedCourse, lesson_id: UUID) -> LessonOut:
    """A live lesson of a course that the visitor may edit, rendered."""
    return await lesson_of(request, course, lesson_id)


async def lesson_of(request: Request, course: CourseOut, lesson_id: UUID) -> LessonOut:
    """The lesson as it is now; raise NotFound."""
    found = await queries_lessons.find_visible(request_runtime(request), actor_of(request), course.id, lesson_id)
    if found is None:
        message = "There is no such lesson in this course."
        raise NotFound(message)
    return found


ManagedLesson = Annotated[LessonOut, Depends(managed_lesson)]


async def recent_files(request: Request) -> Sequence[FileOut]:
    """The visitor's own files that came last."""
    page = lists.listing(request, FILES)
    return (await files.my_files(reads_of(request), actor_of(request), page, None, None)).items


def patch_of(form: Form, content: str) -> LessonUpdate:
    """What the form says of a lesson, with this text, and with the film that was chosen; raises InvalidInput."""
    values: dict[str, Any] = {name: form[name] or None for name in ("description", "video_url")}
    values |= {"lesson_type": form["lesson_type"], "duration_minutes": whole(form["duration_minutes"])}
    values |= {"is_preview": bool(form["is_preview"]), "title": form["title"], "content": content or None}
    if form["film"]:
        values |= {"video_url": form["film"], "lesson_type": LessonType.VIDEO}
    return form.read(LessonUpdate, "", **values)


@dataclass(frozen=True, slots=True)
class Typed:
    """The text of the form, with the one change that a button asked for; `is_mended` where that could be done."""

    content: str
    is_mended: bool | None = None


async def typed(course: ManagedCourse, form: FormDep) -> Typed:
    """What was typed, mended or with a file put in: looked through while no transaction is open."""
    del course  # Nobody else has a text looked through.
    if is_too_long(form):
        raise InvalidInput([FieldError("form", "/content", "string_too_long", f"At most {MARKDOWN_MAX} characters.")])
    if form["insert"]:
        return Typed(f"{form['content'].rstrip()}\n\n{form['insert']}\n".lstrip(), is_mended=True)
    if not form["repair"]:
        return Typed(form["content"])
    number, _, where = form["repair"].partition("-")
    found = (await checked(form)).findings
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else len(found)  # noqa: PLR2004 -- a short number.
    if place >= len(found) or key_of(found[place]) != where:
        return Typed(form["content"], is_mended=False)
    made = repaired(form["content"], found[place], form[f"words-{number}"])
    return Typed(form["content"] if made is None else made, is_mended=made is not None)


def is_too_long(form: Form) -> bool:
    """Whether the text is longer than any that is kept, so that nobody looks through it."""
    return len(form["content"]) > MARKDOWN_MAX


def key_of(finding: Finding) -> str:
    """What a button for its repair names besides its place, so that no other one is mended after a change."""
    return f"{finding.remark}-{finding.line or 0}"


TypedDep = Annotated[Typed, Depends(typed)]


async def checked(form: Form, text: str | None = None) -> Checked:
    """What to mend in the lesson as the form has it, or with another text."""
    kind, content = form["lesson_type"], form["content"] if text is None else text
    is_known = kind in {one.value for one in LessonType}
    lesson_type = LessonType(kind) if is_known else LessonType.TEXT
    return await check(content, lesson_type, form["video_url"] or None, has_captions=bool(form["captions"]))


async def shown_text(request: Request, text: str, looked: Checked, mended: str | None = None) -> Shown:
    """A text as learners see it, with what to mend in it."""
    html = await html_of(text, request_runtime(request).settings.picture_hosts, in_bulk=True) if text else ""
    return Shown(own_files(html), looked.findings, looked.minutes, mended)
