"""Lists as pages ask for them: the queries of the API, without its parameters."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from studium.access.actor import Actor
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import request_runtime
from studium.kit.http.pagination import CURSOR_MAX, Page, PageQuery
from studium.modules.auth import queries as auth
from studium.modules.auth.schemas import SessionOut
from studium.modules.certificates import queries as certificates
from studium.modules.certificates.schemas import CertificateOut
from studium.modules.courses import queries_lessons
from studium.modules.courses.schemas import MAX_LESSONS, LessonOut
from studium.modules.enrollments import queries as enrollments
from studium.modules.enrollments.schemas import EnrollmentLessonOut

Cursor = Annotated[str | None, Query(max_length=CURSOR_MAX)]
"""Where a list goes on, as its address says it."""

Words = Annotated[str, Query(max_length=200)]
"""What is searched for."""


def listing(request: Request, limit: int, cursor: str | None = None, *, total: bool = False) -> PageQuery:
    """What is asked for: so many, after a cursor."""
    return PageQuery(limit, cursor, include_total=total, request=request, response=Response())


async def own_sessions(request: Request, actor: Actor, limit: int) -> Page[SessionOut]:
    """One's own live sessions, newest first."""
    return await auth.own_sessions(request_runtime(request).database.reads, actor, listing(request, limit))


async def own_certificates(request: Request, actor: Actor, limit: int) -> Page[CertificateOut]:
    """One's own certificates, newest first."""
    return await certificates.my_certificates(request_runtime(request), actor, listing(request, limit))


async def outline(
    request: Request, actor: Actor | None, course_id: UUID, reads: QueryExecutor | None = None
) -> list[LessonOut]:
    """The lessons of a course in order, as this visitor may see them; from the primary unless `reads` is given."""
    reads = reads or request_runtime(request).database.reads
    return (await queries_lessons.outline_page(reads, actor, course_id, listing(request, MAX_LESSONS))).items


async def progress(request: Request, actor: Actor, enrollment_id: UUID) -> list[EnrollmentLessonOut]:
    """The lessons of one's own enrollment in order, each with what was done of it."""
    reads = request_runtime(request).database.reads
    return (await enrollments.lessons_page(reads, actor, enrollment_id, listing(request, MAX_LESSONS))).items
