"""Undo: the texts that a lesson had before, and what was removed from a course."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from starlette.responses import Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableLesson
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.models import TrashKind
from studium.models.undo.lesson_version import KEPT_VERSIONS
from studium.modules.courses.actions_trash import restore_version
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.queries_versions import compared_lines, version_page, version_text
from studium.modules.courses.schemas import CourseOut, LessonOut
from studium.modules.trash.actions import restore
from studium.modules.trash.queries import trash_page as found_trash
from studium.web import lists
from studium.web.again import course_again, id_of
from studium.web.forms import FormDep, shown_form
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.teacher.lessons.found import LESSON, ManagedLesson, lesson_of
from studium.web.teacher.lessons.views import TrashView, VersionsView, VersionView

router = Pages()
PER_PAGE = 50
TRASH = "/teach/courses/{course_id}/trash"
NumberInPath = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get(f"{LESSON}/versions")
async def versions_page(request: Request, course: ManagedCourse, lesson: ManagedLesson) -> Page:
    """The texts that a lesson had before, the latest first."""
    async with request_runtime(request).database.read_session() as session:
        found = await version_page(session, lesson.id, lists.listing(request, KEPT_VERSIONS))
    return Page("teacher/lessons/versions.html", VersionsView(course, lesson, found.items))


async def version_again(request: Request) -> Page:
    """The version with why it was not brought back: the lesson has changed since."""
    course = await course_again(request)
    return await _version(request, course, await lesson_of(request, course, id_of(request, "lesson_id")))


async def _version(request: Request, course: CourseOut, lesson: LessonOut) -> Page:
    async with request_runtime(request).database.read_session() as session:
        found = await version_text(session, lesson.id, int(request.path_params["number"]))
    pairs = await compared_lines(found.content, lesson.content)
    return Page("teacher/lessons/version.html", VersionView(course, lesson, found, pairs), form=shown_form(request))


@router.get(f"{LESSON}/versions/{{number}}")
async def one_version(request: Request, course: ManagedCourse, lesson: ManagedLesson, number: NumberInPath) -> Page:
    """A text that a lesson had before, beside the one that it has now."""
    del number  # It was looked at; the form that is shown again has it in its address alone.
    return await _version(request, course, lesson)


@router.post(f"{LESSON}/versions/{{number}}/restore")
@shows_again(version_again)
async def bring_version_back(
    request: Request,
    course: EditableCourse,
    lesson: EditableLesson,
    number: NumberInPath,
    session: SessionDep,
    form: FormDep,
) -> Response:
    """Give the lesson this text again; the one that it has now is kept in turn."""
    await restore_version(session, course, lesson, number, form.if_match)
    return see_and_say(request, f"/teach/courses/{course.id}/lessons/{lesson.id}", "version-back")


@router.get(TRASH)
async def trash_page(request: Request, course: ManagedCourse, cursor: Cursor = None) -> Page:
    """What was removed from a course and can be brought back."""
    return await _trash(request, course, cursor)


async def _trash(request: Request, course: CourseOut, cursor: str | None) -> Page:
    async with request_runtime(request).database.read_session() as session:
        found = await found_trash(session, course.id, lists.listing(request, PER_PAGE, cursor))
    view = TrashView(course, found.items, found.next_cursor)
    return Page("teacher/lessons/trash.html", view, form=shown_form(request))


async def trash_again(request: Request) -> Page:
    """The trash with why something did not come back."""
    return await _trash(request, await course_again(request), None)


@router.post(f"{TRASH}/{{item_id}}/restore")
@shows_again(trash_again)
async def bring_back(
    request: Request, course: EditableCourse, item_id: UUID, actor: CurrentUser, session: SessionDep
) -> Response:
    """Put something back where it was, and go there."""
    found = await restore(session, actor, course, item_id)
    root = f"/teach/courses/{course.id}"
    place = f"/outline?lesson={found.lesson_id}" if found.kind is TrashKind.LESSON else f"/quizzes/{found.quiz_id}"
    return see_and_say(request, root + place, f"{found.kind}-back")
