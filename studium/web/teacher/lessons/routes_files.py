"""Files and captions of a lesson, uploaded from its editor as plain forms."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.locking import lock_course, lock_row
from studium.access.permissions import EditableCourse, EditableLesson, editable_course, editable_lesson
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.models import Course, FileType, Lesson, LessonType, UploadedFile
from studium.modules.courses.actions_lessons import update_lesson
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import LessonUpdate
from studium.modules.files.actions_upload import Upload, add_file, discard, received, stored
from studium.web.forms import Form, FormDep
from studium.web.once import file_once
from studium.web.routing import Pages, see_and_say, shows_again, takes_files
from studium.web.teacher.lessons.found import LESSON, UPLOAD, ManagedLesson
from studium.web.teacher.lessons.routes import editor_again

router = Pages()
LanguageInPath = Annotated[str, Path(max_length=35)]


@router.post(f"{UPLOAD}/files")
@takes_files
@shows_again(editor_again)
async def upload_file(request: Request, course: ManagedCourse, lesson: ManagedLesson, actor: CurrentUser) -> Response:
    """Take a file in; it is offered first among those that can be put into the text.

    A film that comes to a video lesson without a video is its video from then on.
    """
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with received(runtime, actor, kind, request.stream()) as upload, stored(runtime, upload) as name:

        async def add(session: AsyncSession) -> Response:
            file = await add_file(session, actor, upload, name)
            is_film = file.file_type == FileType.VIDEO
            is_shown = is_film and await _show_film(session, actor, (course.id, lesson.id), file)
            said = "film-uploaded" if is_shown else "file-uploaded"
            return see_and_say(request, f"/teach/courses/{course.id}/lessons/{lesson.id}", said)

        remove = partial(discard, runtime, name)
        return await file_once(request, actor.id, upload.fingerprint, act=add, discard=remove)


async def _show_film(session: AsyncSession, actor: Actor, ids: tuple[UUID, UUID], film: UploadedFile) -> bool:
    """Make a film the video of its lesson where that lacks one; return whether it is now."""
    course = await editable_course(ids[0], actor, session)
    lesson = await editable_lesson(ids[1], course, session)
    await lock_course(session, course)
    await lock_row(session, lesson)
    if lesson.lesson_type is not LessonType.VIDEO or lesson.video_url:
        return False
    await update_lesson(session, course, lesson, LessonUpdate(video_url=film.file_url), ANY_VERSION)
    return True


@router.post(f"{UPLOAD}/captions/{{language}}")
@takes_files
@shows_again(editor_again)
async def upload_captions(
    request: Request, course: ManagedCourse, lesson: ManagedLesson, actor: CurrentUser, language: LanguageInPath
) -> Response:
    """Take captions in, in place of those in the same language."""
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with received(runtime, actor, kind, request.stream()) as upload, stored(runtime, upload) as name:

        async def add(session: AsyncSession) -> Response:
            await _add_captions(session, actor, (course.id, lesson.id), upload, name, language)
            return see_and_say(request, f"/teach/courses/{course.id}/lessons/{lesson.id}", "captions-added")

        remove = partial(discard, runtime, name)
        return await file_once(request, actor.id, upload.fingerprint, act=add, discard=remove)


async def _add_captions(
    session: AsyncSession, actor: Actor, ids: tuple[UUID, UUID], upload: Upload, name: str, language: str
) -> None:
    course = await editable_course(ids[0], actor, session)
    lesson = await editable_lesson(ids[1], course, session)
    file: UploadedFile = await add_file(session, actor=actor, upload=upload, name=name)
    await _write(session, course, lesson, language, file.file_url)


async def _write(session: AsyncSession, course: Course, lesson: Lesson, language: str, url: str | None) -> None:
    """Give a lesson these captions in a language, or none; those that others have added meanwhile stay."""
    await lock_course(session, course)
    await lock_row(session, lesson)
    kept = [one for one in lesson.captions or () if str(one["language"]).lower() != language.lower()]
    added = [] if url is None else [{"language": language, "url": url}]
    patch = Form().read(LessonUpdate, "", captions=[*kept, *added])
    await update_lesson(session, course, lesson, patch, ANY_VERSION)


@router.post(f"{LESSON}/captions")
@shows_again(editor_again)
async def remove_captions(
    request: Request, course: EditableCourse, lesson: EditableLesson, session: SessionDep, form: FormDep
) -> Response:
    """Take the captions in a language away; their file stays."""
    await _write(session, course, lesson, form["language"], None)
    return see_and_say(request, f"/teach/courses/{course.id}/lessons/{lesson.id}", "captions-removed")
