"""What people do with courses: create, change, publish, delete."""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.audit import record_audit
from studium.access.errors import TeachersOnly
from studium.access.locking import lock_course
from studium.kit.base.ids import new_id
from studium.kit.base.problems import FieldNotAllowed
from studium.kit.base.versions import IfMatchHeader
from studium.kit.db.database import raise_on_conflict
from studium.kit.db.errors import Constraint
from studium.kit.db.tables import apply_changes
from studium.models import Course, Enrollment, Role, User
from studium.modules.courses.errors import (
    CourseHasEnrollments,
    CourseNotPublishable,
    InstructorNotFound,
)
from studium.modules.courses.queries import reasons_not_to_publish
from studium.modules.courses.schemas import CourseCreate, CourseUpdate
from studium.modules.courses.slugs import add_under_free_slug, add_under_slug, slug_of, slug_taken


async def create_course(session: AsyncSession, actor: Actor, payload: CourseCreate) -> Course:
    """Create a draft owned by the actor, or by `instructor_id` when an admin says so.

    Raises SlugTaken for an explicit slug that exists; a slug made from the title gets a suffix instead. The owner's row
    is shared, so that whoever is demoted meanwhile keeps no course, or the demotion finds it.
    """
    owner_id = payload.instructor_id or actor.id
    if owner_id != actor.id:
        await _check_owner(session, actor, owner_id)
    elif not await _may_own(session, owner_id):
        raise TeachersOnly
    fields = payload.model_dump(exclude={"slug", "metadata", "instructor_id"})
    course_id = new_id()
    course = Course(id=course_id, instructor_id=owner_id, course_metadata=payload.metadata, **fields)
    if payload.slug is not None:
        await add_under_slug(session, course, payload.slug)
    else:
        base = slug_of(course.title, fallback=f"course-{course_id.hex[-8:]}")
        await add_under_free_slug(session, course, base, siblings=true())
    await _remember(session, actor, course.id, "course.created")
    return course


async def _remember(session: AsyncSession, actor: Actor, course_id: UUID, action: str, **details: str) -> None:
    await record_audit(session, action, actor_id=actor.id, target=("course", course_id), **details)


async def _check_owner(session: AsyncSession, actor: Actor, owner_id: UUID) -> None:
    """Only admins give courses away, and only to those who may teach."""
    if not actor.is_admin:
        field = "instructor_id"
        raise FieldNotAllowed(field)
    if not await _may_own(session, owner_id):
        message = "The owner must be an active instructor or admin."
        raise InstructorNotFound(message)


async def _may_own(session: AsyncSession, owner_id: UUID) -> bool:
    teaches = select(User.id).where(User.id == owner_id, User.is_active, User.role.in_((Role.INSTRUCTOR, Role.ADMIN)))
    return await session.scalar(teaches.with_for_update(read=True)) is not None


async def update_course(
    session: AsyncSession, actor: Actor, course: Course, patch: CourseUpdate, if_match: IfMatchHeader
) -> Course:
    """Write the fields that were sent; raises PreconditionFailed, SlugTaken, FieldNotAllowed, InstructorNotFound."""
    await _lock(session, course, if_match)
    changes: dict[str, Any] = patch.changes()
    owner_id, before = changes.get("instructor_id"), course.instructor_id
    if owner_id is not None:
        await _check_owner(session, actor, owner_id)
    async with raise_on_conflict(session, slug_taken(Course)):
        if apply_changes(course, changes):
            course.version += 1
    if course.instructor_id != before:
        await _remember(session, actor, course.id, "course.given", owner_id=str(course.instructor_id))
    return course


async def publish_course(session: AsyncSession, actor: Actor, course: Course, if_match: IfMatchHeader) -> Course:
    """Open the course to new learners; raises CourseNotPublishable with the reasons. Again: no change."""
    await _lock(session, course, if_match)
    if course.is_published:
        return course
    reasons = await reasons_not_to_publish(session, course.id)
    if reasons:
        raise CourseNotPublishable(" ".join(reasons[:3]), reasons=reasons)
    return await _set_published(session, actor, course, published=True)


async def unpublish_course(session: AsyncSession, actor: Actor, course: Course, if_match: IfMatchHeader) -> Course:
    """Hide the course from new learners; those enrolled keep their access. Again: no change."""
    await _lock(session, course, if_match)
    return await _set_published(session, actor, course, published=False)


async def _set_published(session: AsyncSession, actor: Actor, course: Course, *, published: bool) -> Course:
    if apply_changes(course, {"is_published": published}):
        course.version += 1
        await session.flush()
        await _remember(session, actor, course.id, "course.published" if published else "course.unpublished")
    return course


async def delete_course(session: AsyncSession, actor: Actor, course: Course, if_match: IfMatchHeader) -> None:
    """Remove a course that nobody ever enrolled in; raises CourseHasEnrollments otherwise. The record has its title."""
    await _lock(session, course, if_match)
    if await session.scalar(select(exists().where(Enrollment.course_id == course.id))):
        message = "Somebody has enrolled in this course; unpublish it instead."
        raise CourseHasEnrollments(message)
    async with raise_on_conflict(
        session, CourseHasEnrollments("Something still belongs to this course."), Constraint.FOREIGN_KEY
    ):
        await session.delete(course)
    await _remember(session, actor, course.id, "course.deleted", title=course.title)


async def _lock(session: AsyncSession, course: Course, if_match: IfMatchHeader) -> None:
    """Take the row's lock, read it afresh, and hold it against `If-Match`."""
    await lock_course(session, course)
    if_match.require(course.version)
