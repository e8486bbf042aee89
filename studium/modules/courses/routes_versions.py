"""The texts that a lesson had before: looked at, compared, and brought back."""

from typing import Annotated

from fastapi import Depends, Path, Query

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableLesson
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.pagination import Page, PageQuery, bounded_query
from studium.kit.http.routing import IfMatch, Router
from studium.models.undo.lesson_version import KEPT_VERSIONS
from studium.modules.courses import actions_trash, queries_lessons, queries_versions
from studium.modules.courses.schemas import LessonOut
from studium.modules.courses.schemas_versions import LessonVersionOut, LessonVersionText

router = Router("/courses/{course_id}/lessons/{lesson_id}/versions", tag="lessons")
VersionsPage = Annotated[PageQuery, Depends(bounded_query(KEPT_VERSIONS))]
_NUMBER = Path(ge=1, le=2**31 - 1, description="The version of the lesson that had this text.")
NumberInPath = Annotated[int, _NUMBER]
_COMPARE = Query(pattern=r"^(current|[1-9]\d{0,8})$", description="The lesson as it is now (`current`), or a version.")


@router.get("")
async def list_lesson_versions(
    lesson: EditableLesson, session: SessionDep, page: VersionsPage
) -> Page[LessonVersionOut]:
    """The texts that a lesson had before, the latest first; the last 50 are kept."""
    return await queries_versions.version_page(session, lesson.id, page)


@router.get("/{number}", response_model=LessonVersionText)
async def read_lesson_version(
    lesson: EditableLesson,
    number: NumberInPath,
    session: SessionDep,
    compare: Annotated[str | None, _COMPARE] = None,
) -> LessonVersionText | AfterSession[LessonVersionText]:
    """A version with its text, beside another text where that is asked for."""
    found = await queries_versions.version_text(session, lesson.id, number)
    if compare is None:
        return found
    is_current = compare == "current"
    other = (
        lesson.content
        if is_current
        else (await queries_versions.version_text(session, lesson.id, int(compare))).content
    )
    return AfterSession(lambda: queries_versions.compared(found, other))


@router.post("/{number}/restore")
async def restore_lesson_version(
    actor: CurrentUser,
    course: EditableCourse,
    lesson: EditableLesson,
    number: NumberInPath,
    session: SessionDep,
    if_match: IfMatch,
) -> LessonOut:
    """Give a lesson the title and the texts of a version; what it has now is kept in turn."""
    await actions_trash.restore_version(session, course, lesson, number, if_match)
    return await queries_lessons.lesson_out(session, actor, lesson.id)
