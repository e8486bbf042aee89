"""What a route of this module can ask for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor, CurrentUser, Student
from studium.access.permissions import advancing_enrollment
from studium.kit.db import ReadsDep, runtime_behind
from studium.kit.problems import NotFound
from studium.kit.routing import permission
from studium.models import Enrollment
from studium.modules.enrollments import actions, actions_progress, queries
from studium.modules.enrollments.quick import quick_completion
from studium.modules.enrollments.quick_enrollment import quick_enrollment
from studium.modules.enrollments.quick_report import quick_report
from studium.modules.enrollments.schemas import EnrollmentOut, LessonProgressOut, ProgressUpdate

Completion = Callable[[], Awaitable[LessonProgressOut]]
Entrance = Callable[[UUID], Awaitable[tuple[EnrollmentOut, bool]]]
Report = Callable[[ProgressUpdate], Awaitable[LessonProgressOut]]


@permission("enrollment: student, owner or admin")
async def shown_enrollment(enrollment_id: UUID, actor: CurrentUser, reads: ReadsDep) -> EnrollmentOut:
    """An enrollment that the caller may know of, ready to be shown; 404 otherwise."""
    found = await queries.find_visible(reads, actor, enrollment_id)
    if found is None:
        message = "There is nothing here that you may see."
        raise NotFound(message)
    return found


ShownEnrollment = Annotated[EnrollmentOut, Depends(shown_enrollment)]


@permission("enrollment: student or admin")
async def lesson_completion(
    request: Request, enrollment_id: UUID, lesson_id: UUID, actor: CurrentUser
) -> AsyncIterator[Completion]:
    """What completes the lesson: done already, quickly, where that will do, else to be done by all the rules.

    Under an `Idempotency-Key` nothing is done before the stored answer was looked for, in the session of the request.
    """
    database = runtime_behind(request).database
    if "idempotency-key" not in request.headers:
        done = await quick_completion(database, actor, enrollment_id, lesson_id)
        if done is not None:
            yield lambda: _given(done)
            return
    async with database.writing() as session:
        request.state.session = session
        enrollment = await advancing_enrollment(enrollment_id, actor, session)
        yield lambda: _complete(session, actor, enrollment, lesson_id)


async def _given(done: LessonProgressOut) -> LessonProgressOut:
    return done


async def _complete(session: AsyncSession, actor: Actor, enrollment: Enrollment, lesson_id: UUID) -> LessonProgressOut:
    progress = await actions_progress.complete_lesson(session, actor, enrollment, lesson_id)
    return queries.progress_out(enrollment, progress)


@permission("enrollment: student or admin")
async def lesson_report(request: Request, enrollment_id: UUID, lesson_id: UUID, actor: CurrentUser) -> Report:
    """What takes over a player's report: quickly, where that will do, else by all the rules."""
    database = runtime_behind(request).database

    async def report(patch: ProgressUpdate) -> LessonProgressOut:
        done = await quick_report(database, actor, enrollment_id, lesson_id, patch)
        if done is not None:
            return done
        async with database.writing() as session:
            enrollment = await advancing_enrollment(enrollment_id, actor, session)
            progress = await actions_progress.record_progress(session, actor, enrollment, lesson_id, patch)
            return queries.progress_out(enrollment, progress)

    return report


async def entrance(request: Request, actor: Student) -> AsyncIterator[Entrance]:
    """What puts the caller into a course, and says whether for the first time: quickly, where that will do.

    Under an `Idempotency-Key` it happens in the session of the request, where the stored answer is looked for.
    """
    runtime = runtime_behind(request)

    async def enter(course_id: UUID) -> tuple[EnrollmentOut, bool]:
        done = await quick_enrollment(runtime, actor, course_id)
        if done is not None:
            return done, True
        async with runtime.database.writing() as session:
            return await _enter(session, actor, course_id)

    if "idempotency-key" not in request.headers:
        yield enter
        return
    async with runtime.database.writing() as session:
        request.state.session = session
        yield partial(_enter, session, actor)


async def _enter(session: AsyncSession, actor: Actor, course_id: UUID) -> tuple[EnrollmentOut, bool]:
    enrollment, is_new = await actions.enroll(session, actor, course_id)
    return await queries.enrollment_out(session, enrollment.id), is_new


EntranceDep = Annotated[Entrance, Depends(entrance, scope="function")]
LessonReport = Annotated[Report, Depends(lesson_report)]
LessonCompletion = Annotated[Completion, Depends(lesson_completion, scope="function")]
