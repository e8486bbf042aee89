"""Ways into a course: people enrolled by a list, invitations, join codes, and the page on which a code is typed."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from studium.access.actor import Actor, ClientAddress, CurrentUser, Student
from studium.access.permissions import EditableCourse
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.models import Course
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.enrollments.arrivals import actions, codes, queries
from studium.modules.enrollments.arrivals.schemas import PEOPLE_MAX, EnrollPeopleIn, JoinCodeCreate, JoinIn
from studium.modules.enrollments.errors import AlreadyEnrolled
from studium.web import lists
from studium.web.again import actor_of, course_again
from studium.web.forms import Form, FormDep, shown_form
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages, see, see_and_say, shows_again, takes_long_forms
from studium.web.teacher.people.routes import LEARNERS, whole
from studium.web.teacher.people.views import Enrolling, Joining, WaysIn
from studium.web.visitor import VisitorDep

router = Pages()
FORM_MAX, FIELDS_MAX = 524_288, 10
_FIRST_YEAR = 2000
INVITATIONS = f"{LEARNERS}/invitations"
_APART = re.compile(r"[\s,;]+")


def addresses(typed: str) -> list[str]:
    """The addresses of a list, one per line or with commas between them; `Ada <ada@…>` is one, too."""
    return [one for line in typed.split("\n") for one in _APART.split(_unnamed(line)) if one]


def _unnamed(line: str) -> str:
    """A line without the name of whose address it holds."""
    address, _, rest = line.partition("<")[2].partition(">")
    return line if not address or rest.strip(" \t\r,;") else address


@router.get(f"{LEARNERS}/enroll")
async def enroll_page(course: ManagedCourse) -> Page:
    """A list of addresses to enroll."""
    return Page("teacher/people/enroll.html", Enrolling(course))


async def enroll_again(request: Request) -> Page:
    """The list as it was typed, with what is wrong with it."""
    course, form = await course_again(request), shown_form(request)
    view = Enrolling(course, form["people"], notify="notify" in form.typed)
    return Page("teacher/people/enroll.html", view, form=form, private=True)


@router.post(f"{LEARNERS}/enroll")
@shows_again(enroll_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def enroll_people(
    request: Request,
    shown: ManagedCourse,
    course: EditableCourse,
    actor: CurrentUser,
    form: FormDep,
    session: SessionDep,
) -> Response:
    """First what would become of each; when that was seen, enroll and invite."""
    people = [{"email": one} for one in addresses(form["people"])]
    if not people or len(people) > PEOPLE_MAX:
        code = "too_many_people" if people else "missing"
        raise InvalidInput([FieldError("form", "/people", code, f"At most {PEOPLE_MAX} at once.")])
    is_plan = form["do"] != "enroll"
    notify = "notify" in form.typed
    payload = form.read(EnrollPeopleIn, "", people=people, notify=notify, dry_run=is_plan)
    told = await actions.enroll_people(session, actor, course, payload)
    if not is_plan:
        return see_and_say(request, f"/teach/courses/{course.id}/learners", "people-enrolled")
    return Page("teacher/people/enroll.html", Enrolling(shown, form["people"], notify, told), private=True)


async def _ways_in(request: Request, course: CourseOut, actor: Actor, cursor: str | None) -> WaysIn:
    runtime = request_runtime(request)
    reads, base = runtime.database.reads, runtime.settings.public_base_url
    invitations = await queries.invitation_page(reads, actor, course.id, lists.listing(request, MAX_LIMIT, cursor))
    found = await queries.code_page(reads, actor, course.id, lists.listing(request, MAX_LIMIT))
    return WaysIn(course, invitations, found, cursor is None, base)


@router.get(INVITATIONS)
async def invitations_page(request: Request, course: ManagedCourse, actor: CurrentUser, cursor: Cursor = None) -> Page:
    """The open invitations and the join codes of a course."""
    return Page("teacher/people/invitations.html", await _ways_in(request, course, actor, cursor), private=True)


async def invitations_again(request: Request) -> Page:
    """The same with what was refused."""
    view = await _ways_in(request, await course_again(request), actor_of(request), None)
    return Page("teacher/people/invitations.html", view, form=shown_form(request), private=True)


def _back(request: Request, course: Course, sentence: str) -> Response:
    return see_and_say(request, f"/teach/courses/{course.id}/learners/invitations", sentence)


@router.post(f"{INVITATIONS}/{{invitation_id}}/withdraw")
async def withdraw(request: Request, course: EditableCourse, invitation_id: UUID, session: SessionDep) -> Response:
    """Take an invitation back; again is no harm."""
    await actions.withdraw_invitation(session, course, invitation_id)
    return _back(request, course, "invitation-withdrawn")


@router.post(f"{LEARNERS}/codes")
@shows_again(invitations_again)
async def make_code(
    request: Request,
    course: EditableCourse,
    actor: CurrentUser,
    visitor: VisitorDep,
    form: FormDep,
    session: SessionDep,
) -> Response:
    """Make a join code, good to the end of a day and for so many learners where that is said."""
    most = form["max_uses"].strip()
    values = {"max_uses": whole(most) if most else None, "expires_at": _end_of_day(form, visitor)}
    await codes.create_code(session, actor, course, form.read(JoinCodeCreate, "", **values))
    return _back(request, course, "code-made")


def _end_of_day(form: Form, visitor: VisitorDep) -> str | None:
    """The first moment after the day that was typed, where the visitor is; None for no day."""
    typed = form["until"].strip()
    if not typed:
        return None
    try:
        after = date.fromisoformat(typed) + timedelta(days=1)
    except (ValueError, OverflowError):
        after = date.min
    if after.year < _FIRST_YEAR:
        raise InvalidInput([FieldError("form", "/until", "no_day", "Write a day.")])
    return datetime.combine(after, time(), visitor.zone).isoformat()


@router.post(f"{LEARNERS}/codes/{{code_id}}/revoke")
async def revoke_code(
    request: Request, course: EditableCourse, actor: CurrentUser, code_id: UUID, session: SessionDep
) -> Response:
    """End a code; again is no harm."""
    await codes.revoke_code(session, actor, course, code_id)
    return _back(request, course, "code-revoked")


@router.get("/join")
async def join_page(actor: CurrentUser, code: Annotated[str, Query(max_length=20)] = "") -> Page:
    """Where a code is typed."""
    del actor
    return Page("teacher/people/join.html", Joining(code))


async def join_again(request: Request) -> Page:
    """The code with why it was refused."""
    form = shown_form(request)
    return Page("teacher/people/join.html", Joining(form["code"]), form=form, private=True)


@router.post("/join")
@shows_again(join_again)
async def join(
    request: Request, actor: Student, address: ClientAddress, form: FormDep, session: SessionDep
) -> Response:
    """Enroll by a code; the course is among one's own then."""
    try:
        await codes.join(session, actor, form.read(JoinIn).code, address=address)
    except AlreadyEnrolled:
        return see("/my/courses")
    return see_and_say(request, "/my/courses", "enrolled")
