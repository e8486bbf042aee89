"""A course as such: its settings and its cover, publishing it, its export, and its end."""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser, Teacher
from studium.access.permissions import EditableCourse, editable_course
from studium.access.reading import EDITABLE_COURSE
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.kit.http.schemas import PersonOut
from studium.models import Role
from studium.modules.courses import actions
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.queries import lacks_to_publish
from studium.modules.courses.queries_categories import categories
from studium.modules.courses.schemas import CourseOut, CourseUpdate
from studium.modules.exchange.routes import read_export
from studium.modules.files.actions_upload import Upload, add_file, address_of, discard, received, stored
from studium.modules.files.errors import FileTypeNotAllowed
from studium.modules.users.queries import UserFilter, user_page
from studium.web import lists
from studium.web.again import actor_of, course_again
from studium.web.forms import Form, FormDep, shown_form
from studium.web.once import file_once
from studium.web.render import Page
from studium.web.routing import Later, Pages, see_and_say, shows_again, takes_files
from studium.web.teacher.course.views import PICTURE_TEXT, PublishView, SettingsView, course_values
from studium.web.teacher.outline.routes import COURSE, RowsDep, rows_of
from studium.web.teacher.outline.views import Row, row_of

router = Pages()
_MORE = ("title", "slug", "instructor_id")


async def settings_again(request: Request) -> Page:
    """The settings with what was typed, beside what the course has now."""
    course = await course_again(request)
    return await _settings(request, actor_of(request), course)


@router.get(f"{COURSE}/settings")
async def settings_page(request: Request, course: ManagedCourse, actor: CurrentUser) -> Page:
    """What a course is called, and what the catalogue says of it."""
    return await _settings(request, actor, course)


async def _settings(request: Request, actor: Actor, course: CourseOut) -> Page:
    runtime, owners = request_runtime(request), list[PersonOut]()
    if actor.is_admin:
        wanted = UserFilter(role=Role.INSTRUCTOR, is_active=True)
        people = (await user_page(runtime.database.reads, wanted, lists.listing(request, MAX_LIMIT))).items
        owners = [PersonOut(id=one.id, full_name=one.full_name) for one in people if one.id != course.instructor_id]
        owners.insert(0, course.instructor)
    known = [one.name for one in (await categories(runtime)).items]
    return Page("teacher/course/settings.html", SettingsView(course, known, owners), form=shown_form(request))


@router.post(f"{COURSE}/settings")
@shows_again(settings_again)
async def change_settings(
    request: Request, actor: CurrentUser, course: EditableCourse, session: SessionDep, form: FormDep
) -> Response:
    """Write the settings, unless they were changed since they were looked at."""
    sent: dict[str, Any] = {name: form[name] for name in _MORE if name in form.typed}
    metadata = {**(course.course_metadata or {}), "thumbnail_text": form[PICTURE_TEXT].strip()}
    kept = {name: value for name, value in metadata.items() if value or name != "thumbnail_text"}
    patch = form.read(CourseUpdate, "", **sent, **course_values(form), metadata=kept or None)
    await actions.update_course(session, actor, course, patch, form.if_match)
    return see_and_say(request, f"/teach/courses/{course.id}/settings", "saved")


@router.post("/teach/upload/cover/{course_id}")
@takes_files
@shows_again(settings_again)
async def upload_cover(request: Request, course_id: UUID, actor: Teacher, reads: ReadsDep) -> Response:
    """Take a picture as the cover of a course: a public file of it."""
    await EDITABLE_COURSE.require(reads, actor, course_id)
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with received(runtime, actor, kind, request.stream()) as upload:
        if upload.fields.course_id != course_id or not upload.fields.is_public:
            raise InvalidInput([FieldError("form", "", "not_a_cover", "A cover is a public file of its course.")])
        if not upload.format.is_image:
            message = "A cover is a picture."
            raise FileTypeNotAllowed(message)
        async with stored(runtime, upload) as name:

            async def put(session: AsyncSession) -> Response:
                await _set_cover(session, actor, upload, name)
                return see_and_say(request, f"/teach/courses/{course_id}/settings", "saved")

            remove = partial(discard, runtime, name)
            return await file_once(request, actor.id, upload.fingerprint, act=put, discard=remove)


async def _set_cover(session: AsyncSession, actor: Actor, upload: Upload, name: str) -> None:
    course_id = upload.fields.course_id
    course = await editable_course(course_id, actor, session)  # type: ignore[arg-type]  # the route has seen it.
    file = await add_file(session, actor, upload, name)
    await session.flush()
    patch = CourseUpdate(thumbnail_url=address_of(file.id))
    await actions.update_course(session, actor, course, patch, ANY_VERSION)


@router.post(f"{COURSE}/cover/remove")
async def remove_cover(request: Request, actor: CurrentUser, course: EditableCourse, session: SessionDep) -> Response:
    """Let the course have the cover that is drawn for it."""
    await actions.update_course(session, actor, course, CourseUpdate(thumbnail_url=None), ANY_VERSION)
    return see_and_say(request, f"/teach/courses/{course.id}/settings", "saved")


async def _publishing(session: AsyncSession, course: CourseOut, rows: list[Row]) -> PublishView:
    lacks = await lacks_to_publish(session, course.id)
    return PublishView(course, rows, [row_of(rows, lack.lesson_id) for lack in lacks if lack.lesson_id is not None])


@router.get(f"{COURSE}/publish")
async def publish_page(course: ManagedCourse, rows: RowsDep, session: SessionDep) -> Page:
    """Whether learners see the course, and what keeps it from them."""
    return Page("teacher/course/publish.html", await _publishing(session, course, rows))


async def publish_again(request: Request) -> Page:
    """The same with why the course was not published."""
    course = await course_again(request)
    async with request_runtime(request).database.read_session() as session:
        rows = await rows_of(request, actor_of(request), course.id, session)
        view = await _publishing(session, course, rows)
    return Page("teacher/course/publish.html", view, form=shown_form(request))


@router.post(f"{COURSE}/publish")
@shows_again(publish_again)
async def publish(
    request: Request, course: EditableCourse, actor: CurrentUser, session: SessionDep, form: FormDep
) -> Response:
    """Open the course to learners, or hide it from new ones."""
    if form["hide"]:
        await actions.unpublish_course(session, actor, course, form.if_match)
    else:
        await actions.publish_course(session, actor, course, form.if_match)
    name = "course-hidden" if form["hide"] else "course-published"
    return see_and_say(request, f"/teach/courses/{course.id}/publish", name)


@router.get(f"{COURSE}/export")
async def export(request: Request, actor: CurrentUser, course: EditableCourse, session: SessionDep) -> Response:
    """The course as an archive that can be imported again."""
    return Later(await read_export(request, actor, course, session))


async def deletion_again(request: Request) -> Page:
    """The question with why the course was not deleted."""
    return _question(await course_again(request), shown_form(request))


def _question(course: CourseOut, form: Form | None = None) -> Page:
    return Page("teacher/course/delete.html", SettingsView(course, []), form=form)


@router.get(f"{COURSE}/delete")
async def deletion_page(course: ManagedCourse) -> Page:
    """The question before a course is deleted."""
    return _question(course)


@router.post(f"{COURSE}/delete")
@shows_again(deletion_again)
async def delete(
    request: Request, course: EditableCourse, actor: CurrentUser, session: SessionDep, form: FormDep
) -> Response:
    """Delete a course that nobody ever enrolled in."""
    await actions.delete_course(session, actor, course, form.if_match)
    return see_and_say(request, "/teach", "course-deleted")
