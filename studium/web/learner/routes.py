"""A learner's own pages: home, shelf, certificates."""

from functools import partial
from typing import Literal

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.permissions import DeletableFile, DownloadableCertificate, VisibleCertificate
from studium.access.permissions import own_enrollment as own_enrollment_row
from studium.kit.base.problems import NotFound
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.models import EnrollmentStatus
from studium.modules.certificates import actions as issuing
from studium.modules.certificates import queries as own_certificates
from studium.modules.certificates.errors import CertificateIsRevoked
from studium.modules.certificates.routes import download_certificate
from studium.modules.courses.deps import CourseBySlug
from studium.modules.enrollments import queries
from studium.modules.enrollments.queries_own import own_enrollment
from studium.modules.enrollments.schemas import MyCourseOut
from studium.modules.files import actions as files_actions
from studium.modules.files import queries as files
from studium.modules.files.actions_upload import add_file, discard, received, stored
from studium.web import lists
from studium.web.again import actor_of, reads_of
from studium.web.forms import shown_form
from studium.web.learner.views import Home, OwnCourse, OwnFiles, Shelf, UploadLimits
from studium.web.lists import Cursor
from studium.web.once import file_once
from studium.web.render import Page
from studium.web.routing import Later, Pages, see, see_and_say, shows_again, takes_files
from studium.web.visitor import VisitorDep

router = Pages()
PER_PAGE = 24


def _touched(mine: MyCourseOut) -> str:
    return str(mine.last_accessed_at or mine.started_at or mine.enrolled_at)


@router.get("/home")
async def home(request: Request, visitor: VisitorDep, actor: CurrentUser, reads: ReadsDep) -> Page:
    """Where one stopped, and what else is on the shelf."""
    found = (await queries.my_courses(reads, actor, None, lists.listing(request, MAX_LIMIT))).items
    active = [mine for mine in found if mine.status is EnrollmentStatus.ACTIVE]
    last = max(active, key=_touched, default=None)
    shelf = [OwnCourse.of(mine) for mine in found if mine is not last and mine.status is not EnrollmentStatus.DROPPED]
    certificates = sum(mine.certificate_id is not None for mine in found)
    return Page(
        "learner/home.html", Home(visitor.name, None if last is None else OwnCourse.of(last), shelf, certificates)
    )


@router.get("/my/courses")
async def my_courses(
    request: Request,
    actor: CurrentUser,
    reads: ReadsDep,
    *,
    state: EnrollmentStatus | Literal[""] = "",
    cursor: Cursor = None,
) -> Page:
    """One's own courses, all or those in one state, which stands in the address."""
    wanted = EnrollmentStatus(state) if state else None
    found = await queries.my_courses(reads, actor, wanted, lists.listing(request, PER_PAGE, cursor))
    books = [OwnCourse.of(mine) for mine in found.items]
    view = Shelf(books, wanted.value if wanted else "", found.next_cursor, is_first=cursor is None)
    return Page("learner/courses.html", view)


@router.get("/my/files")
async def my_files(request: Request, actor: CurrentUser, reads: ReadsDep, cursor: Cursor = None) -> Page:
    """The files that one has uploaded."""
    return await _files(request, actor, reads, cursor)


async def _files(request: Request, actor: Actor, reads: QueryExecutor, cursor: str | None) -> Page:
    found = await files.my_files(reads, actor, lists.listing(request, PER_PAGE, cursor), None, None)
    limits = UploadLimits.of(request_runtime(request).settings)
    view = OwnFiles(limits, found.items, found.next_cursor, is_first=cursor is None)
    return Page("learner/files.html", view, form=shown_form(request))


async def files_again(request: Request) -> Page:
    """The files with why the new one was not taken. No page can choose it again."""
    return await _files(request, actor_of(request), reads_of(request), None)


@router.post("/my/files/upload")
@takes_files
@shows_again(files_again)
async def upload_file(request: Request, actor: CurrentUser) -> Response:
    """Take a file in, as the API does: judged while it comes, and a row only when it is stored."""
    runtime, kind = request_runtime(request), request.headers.get("content-type", "")
    async with received(runtime, actor, kind, request.stream()) as upload, stored(runtime, upload) as name:

        async def add(session: AsyncSession) -> Response:
            await add_file(session, actor, upload, name)
            return see_and_say(request, "/my/files", "file-uploaded")

        remove = partial(discard, runtime, name)
        return await file_once(request, actor.id, upload.fingerprint, act=add, discard=remove)


@router.post("/my/files/{file_id}/delete")
async def delete_file(request: Request, file: DeletableFile, session: SessionDep) -> Response:
    """Delete a file that no course shows."""
    await files_actions.delete_file(session, file)
    return see_and_say(request, "/my/files", "file-deleted")


@router.get("/my/certificates")
async def certificates(request: Request, actor: CurrentUser) -> Page:
    """One's own certificates."""
    return Page("learner/certificates.html", (await lists.own_certificates(request, actor, MAX_LIMIT)).items)


@router.post("/courses/{slug}/certificate")
async def own_certificate(course: CourseBySlug, actor: CurrentUser, reads: ReadsDep, session: SessionDep) -> Response:
    """To the certificate of a course that was completed just now: it is issued unless the job has done so already."""
    known = await own_enrollment(reads, actor, course.id)
    if known is None:
        raise NotFound
    enrollment = await own_enrollment_row(known.id, actor, session)
    try:
        certificate, _ = await issuing.issue(session, enrollment.id)
    except CertificateIsRevoked as refused:
        return see(f"/certificates/{refused.members['certificate_id']}")
    return see(f"/certificates/{certificate.id}")


@router.get("/certificates/{certificate_id}")
async def certificate_page(certificate: VisibleCertificate, session: SessionDep) -> Page:
    """A certificate as a page, which a screen reader reads where the PDF is a picture of it."""
    return Page("learner/certificate.html", own_certificates.certificate_out(session, certificate))


@router.get("/certificates/{certificate_id}/download")
async def certificate_pdf(request: Request, certificate: DownloadableCertificate) -> Response:
    """A certificate as a PDF."""
    return Later(await download_certificate(request, certificate))
