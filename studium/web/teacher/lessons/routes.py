"""The editor of a lesson: Markdown beside what learners see, saved by a form or by its element, and never lost."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import JSONResponse, Response

from studium.access.permissions import EditableCourse, EditableLesson
from studium.kit.base.problems import PreconditionFailed
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import SessionDep
from studium.models.undo.lesson_version import TEXTS
from studium.modules.courses.actions_lessons import update_lesson
from studium.modules.courses.checker import check
from studium.modules.courses.comparison import LinePair
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.queries_versions import compared_lines
from studium.modules.courses.schemas import CourseOut, LessonOut, LessonUpdate
from studium.web.again import course_again, id_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again, takes_long_forms, wants_json
from studium.web.teacher.lessons.found import (
    FIELDS_MAX,
    FORM_MAX,
    LESSON,
    ManagedLesson,
    TypedDep,
    checked,
    is_too_long,
    lesson_of,
    patch_of,
    recent_files,
    shown_text,
)
from studium.web.teacher.lessons.views import FIELDS, EditorView, Shown

router = Pages()
_TEMPLATE = "teacher/lessons/editor.html"


async def _editor(
    request: Request, course: CourseOut, lesson: LessonOut, form: Form, compared: Sequence[LinePair] = ()
) -> Page:
    if is_too_long(form):
        shown = Shown("", (), 0)
    elif form.typed:
        shown = await shown_text(request, form["content"], await checked(form))
    else:
        has_captions = bool(lesson.captions)
        text = lesson.content or ""
        looked = await check(text, lesson.lesson_type, lesson.video_url, has_captions=has_captions)
        shown = await shown_text(request, text, looked)
    view = EditorView(course, lesson, shown, await recent_files(request), form, compared)
    return Page(_TEMPLATE, view, private=True)


@router.get(LESSON)
async def editor_page(request: Request, course: ManagedCourse, lesson: ManagedLesson) -> Response:
    """A lesson to edit; for the page's element what it holds now."""
    if wants_json(request):
        held = EditorView(course, lesson, Shown("", (), 0), ()).values
        told = {"version": lesson.version, **{name: str(held[name]) for name in FIELDS}}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})
    return await _editor(request, course, lesson, Form())


async def editor_again(request: Request) -> Page:
    """The editor with what was typed and why it was refused; beside it the text that somebody saved meanwhile."""
    course = await course_again(request)
    lesson = await lesson_of(request, course, id_of(request, "lesson_id"))
    form = shown_form(request)
    is_behind = isinstance(form.problem, PreconditionFailed)
    compared = await compared_lines(lesson.content, form["content"]) if is_behind else ()
    return await _editor(request, course, lesson, form, compared)


@router.post(LESSON)
@shows_again(editor_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def save(
    request: Request,
    form: FormDep,
    typed: TypedDep,
    course: EditableCourse,
    lesson: EditableLesson,
    session: SessionDep,
) -> Response:
    """Save a lesson as it was typed, with a repair or a file where that was asked for.

    `do=theirs` keeps what was saved meanwhile: what was typed becomes an earlier version, so that nothing is lost.
    """
    patch = patch_of(form, typed.content)
    if form["do"] == "theirs":
        saved = LessonUpdate.model_construct(**{name: getattr(lesson, name) for name in TEXTS})
        mine = LessonUpdate.model_construct(**{name: getattr(patch, name) for name in TEXTS})
        await update_lesson(session, course, lesson, mine, form.if_match)
        await update_lesson(session, course, lesson, saved, ANY_VERSION)
        return see_and_say(request, request.url.path, "lesson-theirs")
    how = {"is_autosave": bool(form["autosave"]), "is_first": form["autosave"] == "first"}
    await update_lesson(session, course, lesson, patch, form.if_match, **how)
    if wants_json(request):
        return JSONResponse({"version": lesson.version}, headers={"Cache-Control": "no-store"})
    return see_and_say(request, request.url.path, "lesson-not-mended" if typed.is_mended is False else "saved")


@router.post(f"{LESSON}/preview")
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def preview(request: Request, form: FormDep, typed: TypedDep) -> Page:
    """What was typed as learners would see it, and what to mend in it: nothing is saved."""
    looked = await checked(form, typed.content)
    shown = await shown_text(request, typed.content, looked, typed.content if typed.is_mended else None)
    return Page("teacher/lessons/preview.html", shown, form=form, private=True)
