"""The trash of a course: what was removed can be brought back for 30 days."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.modules.trash import actions, queries
from studium.modules.trash.schemas import RestoredOut, TrashItemOut

router = Router("/courses/{course_id}/trash", tag="trash")
ItemInPath = Annotated[UUID, Path(description="The `id` in the trash; that of what was removed is `item_id` there.")]


@router.get("")
async def list_trash(course: EditableCourse, session: SessionDep, page: PageDep) -> Page[TrashItemOut]:
    """What was removed from a course and can be brought back, the latest first."""
    return await queries.trash_page(session, course.id, page)


@router.post("/{item_id}/restore")
async def restore_from_trash(
    actor: CurrentUser, course: EditableCourse, item_id: ItemInPath, session: SessionDep
) -> RestoredOut:
    """Put something back where it was, with all that belongs to it."""
    return await actions.restore(session, actor, course, item_id)
