"""One learner of a course: progress, attempts, certificate, what is allowed, and whether they are in it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.permissions import EditableCourse, EditableQuiz, RevocableCertificate, VisibleEnrollment
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader, etag_of
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.models import Certificate, Enrollment
from studium.modules.certificates import actions as certificates
from studium.modules.certificates.queries import certificate_of
from studium.modules.certificates.schemas import RevokeIn
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import MAX_LESSONS, CourseOut
from studium.modules.enrollments import actions, queries
from studium.modules.enrollments.schemas import EnrollmentUpdate
from studium.modules.quizzes.attempts.queries import held_enrollment_page
from studium.modules.quizzes.grading.actions_accommodations import delete_accommodation, put_accommodation
from studium.modules.quizzes.grading.queries import allowed_page
from studium.modules.quizzes.schemas_staff import AccommodationIn
from studium.web import lists
from studium.web.again import actor_of, course_again, id_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.teacher.people.routes import LEARNERS, whole
from studium.web.teacher.people.views import Learner

router = Pages()
LEARNER = f"{LEARNERS}/{{enrollment_id}}"


async def _learner(request: Request, course: CourseOut, enrollment_id: UUID, actor: Actor) -> Learner:
    """The learner's page: five reads besides the course's own."""
    runtime = request_runtime(request)
    reads = runtime.database.reads
    enrollment = await queries.find_visible(reads, actor, enrollment_id)
    if enrollment is None or enrollment.course_id != course.id:
        message = "There is no such learner in this course."
        raise NotFound(message)
    lessons = await lists.progress(request, actor, enrollment_id)
    attempts = await held_enrollment_page(reads, actor, enrollment_id, lists.listing(request, MAX_LIMIT))
    certificate = await certificate_of(runtime, actor, enrollment_id)
    allowed = await allowed_page(reads, actor, enrollment_id, lists.listing(request, MAX_LESSONS))
    return Learner(course, enrollment, lessons, attempts, certificate, allowed.items, actor.is_admin)


@router.get(LEARNER)
async def learner_page(request: Request, course: ManagedCourse, enrollment_id: UUID, actor: CurrentUser) -> Page:
    """What a learner has done in the course."""
    return Page("teacher/people/learner.html", await _learner(request, course, enrollment_id, actor))


async def learner_again(request: Request) -> Page:
    """The same with what was refused."""
    course, enrollment_id = await course_again(request), id_of(request, "enrollment_id")
    view = await _learner(request, course, enrollment_id, actor_of(request))
    return Page("teacher/people/learner.html", view, form=shown_form(request), private=True)


async def own_learner(course: EditableCourse, enrollment: VisibleEnrollment) -> Enrollment:
    """A learner of this course."""
    if enrollment.course_id != course.id:
        message = "There is no such learner in this course."
        raise NotFound(message)
    return enrollment


OwnLearner = Annotated[Enrollment, Depends(own_learner)]


async def own_certificate(enrollment: OwnLearner, certificate: RevocableCertificate) -> Certificate:
    """The certificate of this learner, for whoever may revoke it."""
    if certificate.enrollment_id != enrollment.id:
        message = "This learner has no such certificate."
        raise NotFound(message)
    return certificate


OwnCertificate = Annotated[Certificate, Depends(own_certificate)]


def _seen(form: Form) -> IfMatchHeader:
    """The version that was seen."""
    return IfMatchHeader(etag_of(number) if isinstance(number := whole(form["v"]), int) else '"v0"')


def _back(request: Request, enrollment: Enrollment, sentence: str) -> Response:
    return see_and_say(request, f"/teach/courses/{enrollment.course_id}/learners/{enrollment.id}", sentence)


@router.post(f"{LEARNER}/status")
@shows_again(learner_again)
async def change_status(
    request: Request, enrollment: OwnLearner, actor: CurrentUser, form: FormDep, session: SessionDep
) -> Response:
    """Take a learner out of the course, or back in."""
    wanted = form.read(EnrollmentUpdate, "status").status
    await actions.change_status(session, actor, enrollment, wanted, _seen(form))
    return _back(request, enrollment, "saved")


@router.post(f"{LEARNER}/quizzes/{{quiz_id}}")
@shows_again(learner_again)
async def allow(
    request: Request,
    course: EditableCourse,
    enrollment: OwnLearner,
    quiz: EditableQuiz,
    actor: CurrentUser,
    form: FormDep,
    session: SessionDep,
) -> Response:
    """Allow more time or attempts at a quiz from the next attempt on; nothing more is the rule for everybody again."""
    values = {name: whole(form[name]) for name in AccommodationIn.model_fields}
    given = form.read(AccommodationIn, "", **values)
    if given == AccommodationIn():
        await delete_accommodation(session, actor, quiz, enrollment.student_id)
    else:
        await put_accommodation(session, actor, course, quiz, enrollment.student_id, given, _seen(form))
    return _back(request, enrollment, "saved")


@router.post(f"{LEARNER}/certificates/{{certificate_id}}/revoke")
@shows_again(learner_again)
async def revoke(
    request: Request,
    enrollment: OwnLearner,
    certificate: OwnCertificate,
    actor: CurrentUser,
    form: FormDep,
    session: SessionDep,
) -> Response:
    """Take the certificate back, with the reason."""
    await certificates.revoke(session, actor, certificate, form.read(RevokeIn))
    return _back(request, enrollment, "certificate-revoked")
