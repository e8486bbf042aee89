"""The outline of a course: what is in it and in which order; lessons are added, moved and deleted."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.permissions import EditableCourse, EditableLesson
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.models import Course, Lesson, LessonType
from studium.modules.courses import actions_lessons as actions
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.outline import Parents, Place, Step, order_with, place_after, place_of
from studium.modules.courses.schemas import MAX_LESSONS, CourseOut, LessonCreate, LessonOrder, LessonUpdate
from studium.modules.quizzes.authoring import actions as quizzes
from studium.modules.quizzes.authoring.queries import quiz_page
from studium.modules.quizzes.schemas import QuizCreate
from studium.web import lists
from studium.web.again import actor_of, course_again, id_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see, see_and_say, shows_again
from studium.web.teacher.outline.views import LessonView, OutlineView, Row, read_place, row_of, tree_of, written

router = Pages()
COURSE = "/teach/courses/{course_id}"
OUTLINE = f"{COURSE}/outline"
LESSON = f"{OUTLINE}/{{lesson_id}}"
_BACK = "back"
Named = Annotated[str, Query(max_length=60)]


async def outline_rows(request: Request, course: ManagedCourse, actor: CurrentUser, session: SessionDep) -> list[Row]:
    """The lessons of a course as a tree, each with its quiz: two reads."""
    return await rows_of(request, actor, course.id, session)


async def rows_of(request: Request, actor: Actor, course_id: UUID, session: AsyncSession) -> list[Row]:
    """The same for a route that has no such parameter."""
    lessons = await lists.outline(request, actor, course_id)
    found = await quiz_page(session, actor, course_id, lists.listing(request, MAX_LESSONS))
    return tree_of(lessons, found.items)


RowsDep = Annotated[list[Row], Depends(outline_rows)]


@router.get(COURSE)
async def course_entry(course: ManagedCourse) -> Response:
    """A course begins with its outline."""
    return see(f"/teach/courses/{course.id}/outline")


@router.get(OUTLINE)
async def outline_page(
    course: ManagedCourse, rows: RowsDep, lesson: UUID | None = None, done: Named = "", undo: Named = ""
) -> Page:
    """The lessons of a course in order; what was done last stands in the address."""
    return Page("teacher/outline/outline.html", OutlineView.of(course, rows, touched=lesson, done=done, undo=undo))


async def _again(request: Request) -> tuple[CourseOut, list[Row]]:
    """The course and its rows as they are after something was refused."""
    course = await course_again(request)
    async with request_runtime(request).database.read_session() as session:
        return course, await rows_of(request, actor_of(request), course.id, session)


async def outline_again(request: Request) -> Page:
    """The outline with why something was refused."""
    course, rows = await _again(request)
    return Page("teacher/outline/outline.html", OutlineView.of(course, rows), form=shown_form(request))


async def lesson_again(request: Request) -> Page:
    """A lesson in the outline, with why something was refused."""
    course, rows = await _again(request)
    row = row_of(rows, id_of(request, "lesson_id"))
    return Page("teacher/outline/lesson.html", LessonView(course, row, rows), form=shown_form(request))


@router.post(OUTLINE)
@shows_again(outline_again)
async def move(course: EditableCourse, session: SessionDep, form: FormDep) -> Response:
    """Move a lesson with all below it: a step (`up`, `down`, `in`, `out`), or `move` to a named place."""
    parents = await actions.locked_outline(session, course)
    lesson, how = await _moved_lesson(session, parents, form)
    step = next((one for one in Step if one.value == how), None)
    place = place_after(lesson.id, step, parents) if step else read_place(form["to"], lesson.id, parents)
    before = place_of(lesson.id, parents)
    if place is not None and place != before:
        await _put(session, course, lesson, place, order_with(lesson.id, place, parents), before)
    undo = "" if form[_BACK] else f"&undo={written(before)}"
    return see(f"/teach/courses/{course.id}/outline?lesson={lesson.id}&done={_BACK if form[_BACK] else how}{undo}")


async def _moved_lesson(session: AsyncSession, outline: Parents, form: Form) -> tuple[Lesson, str]:
    """The lesson of a locked outline that a form moves, and how; raise NotFound."""
    how = next((name for name in (*(step.value for step in Step), "move") if form[name]), "move")
    moved = next((lesson_id for lesson_id in outline if str(lesson_id) == form[how]), None)
    if moved is None:
        message = "There is no such lesson."
        raise NotFound(message)
    return await session.get_one(Lesson, moved), how


async def _put(
    session: AsyncSession, course: Course, lesson: Lesson, place: Place, order: list[UUID], before: Place
) -> None:
    if place.parent != before.parent:
        patch = LessonUpdate(parent_lesson_id=place.parent)
        await actions.update_lesson(session, course, lesson, patch, ANY_VERSION)
    await actions.reorder_lessons(session, course, LessonOrder(lesson_ids=order))


@router.post(f"{OUTLINE}/add")
@shows_again(outline_again)
async def add(course: EditableCourse, actor: CurrentUser, session: SessionDep, form: FormDep) -> Response:
    """Add a lesson at the end, or as the first below another one; a quiz lesson comes with its quiz."""
    kind = {"lesson_type": form["lesson_type"] or LessonType.TEXT}
    payload = form.read(LessonCreate, "title", "parent_lesson_id", **kind)
    lesson = await actions.create_lesson(session, actor, course, payload)
    if lesson.lesson_type is LessonType.QUIZ:
        await quizzes.create_quiz(session, actor, course, QuizCreate(lesson_id=lesson.id, title=lesson.title))
    return see(f"/teach/courses/{course.id}/outline?lesson={lesson.id}&done=add")


@router.get(LESSON)
async def lesson_page(course: ManagedCourse, rows: RowsDep, lesson_id: UUID) -> Page:
    """A lesson in the outline: put it elsewhere, add one below it, delete it."""
    return Page("teacher/outline/lesson.html", LessonView(course, row_of(rows, lesson_id), rows))


@router.post(f"{LESSON}/quiz")
@shows_again(lesson_again)
async def make_quiz(
    course: EditableCourse, lesson: EditableLesson, actor: CurrentUser, session: SessionDep
) -> Response:
    """Hang a quiz on a quiz lesson that has none."""
    quiz = await quizzes.create_quiz(session, actor, course, QuizCreate(lesson_id=lesson.id, title=lesson.title))
    return see(f"/teach/courses/{course.id}/quizzes/{quiz.id}")


async def deletion_again(request: Request) -> Page:
    """The question before a deletion, with why it was refused."""
    course, rows = await _again(request)
    row = row_of(rows, id_of(request, "lesson_id"))
    return Page("teacher/outline/delete.html", LessonView(course, row, rows), form=shown_form(request))


@router.get(f"{LESSON}/delete")
async def deletion_page(course: ManagedCourse, rows: RowsDep, lesson_id: UUID) -> Page:
    """The question before a lesson is deleted."""
    return Page("teacher/outline/delete.html", LessonView(course, row_of(rows, lesson_id), rows))


@router.post(f"{LESSON}/delete")
@shows_again(deletion_again)
async def delete(
    request: Request,
    course: EditableCourse,
    lesson: EditableLesson,
    actor: CurrentUser,
    session: SessionDep,
    form: FormDep,
) -> Response:
    """Delete a lesson, as it was when it was looked at; what hangs below it moves up."""
    await actions.delete_lesson(session, actor, course, lesson, form.if_match)
    return see_and_say(request, f"/teach/courses/{course.id}/outline", "lesson-deleted")
