"""The learners of a course: the roster with its filters, as a table to save, and what is done with several at once."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser
from studium.access.downloads import PeopleTable, Taken, people_csv
from studium.access.permissions import EditableCourse, editable_quiz, visible_enrollment
from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.base.versions import ANY_VERSION
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import ReplicaReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.kit.text.csv_text import Csv
from studium.models import EnrollmentStatus
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import MAX_LESSONS, CourseOut
from studium.modules.enrollments import actions, queries, queries_courses
from studium.modules.enrollments.deps import roster_filter
from studium.modules.enrollments.queries import RosterFilter
from studium.modules.quizzes.grading.actions_accommodations import put_accommodation
from studium.modules.quizzes.grading.queries import allowed_page
from studium.modules.quizzes.schemas_staff import AccommodationIn
from studium.web import lists
from studium.web.again import actor_of, course_again
from studium.web.forms import Form, FormDep, shown_form
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.teacher.people.views import SILENT_DAYS, Bulk, Roster, ids_of

router = Pages()
LEARNERS = "/teach/courses/{course_id}/learners"
PER_PAGE = 50
STEPS = {"drop": EnrollmentStatus.DROPPED, "restore": EnrollmentStatus.ACTIVE, "time": None}
_FROM = {"drop": {EnrollmentStatus.ACTIVE}, "restore": {EnrollmentStatus.DROPPED, EnrollmentStatus.EXPIRED}}
_COLUMNS = (
    *("full_name", "status", "progress_percentage", "completed_lessons_count", "total_lessons_count"),
    *("total_time_spent_seconds", "enrolled_at", "last_accessed_at", "completed_at", "source", "external_id"),
    *("next_lesson_title", "best_percentage"),
)
Wanted = Annotated[RosterFilter, Depends(roster_filter)]


def _query(wanted: RosterFilter) -> Mapping[str, object]:
    """The filters as the address has them."""
    status = None if wanted.status is None else wanted.status.value
    return {**wanted._asdict(), "status": status, "q": (wanted.q or "").strip()}


@router.get(LEARNERS)
async def roster_page(
    request: Request,
    course: ManagedCourse,
    actor: CurrentUser,
    reads: ReplicaReadsDep,
    wanted: Wanted,
    cursor: Cursor = None,
) -> Page:
    """Who is in the course: seven reads with those of the course, its lessons and the silent; a filter counts, too."""
    narrowed = any(_query(wanted).values())
    page = lists.listing(request, PER_PAGE, cursor, total=narrowed)
    found = await queries.roster_page(reads, actor, course.id, wanted, page)
    stats = await queries_courses.course_stats(reads, actor, course.id)
    lessons = await lists.outline(request, actor, course.id)
    once = lists.listing(request, 1, total=True)
    silent = await queries.roster_page(reads, actor, course.id, RosterFilter(silent_days=SILENT_DAYS), once)
    view = Roster(course, _query(wanted), stats, lessons, found, silent.total or 0, is_first=cursor is None)
    return Page("teacher/people/roster.html", view)


@router.get(f"{LEARNERS}.csv")
async def roster_csv(
    request: Request, course: ManagedCourse, actor: CurrentUser, reads: ReplicaReadsDep, wanted: Wanted
) -> Response:
    """The same as a table to save, all pages of it."""
    taken = Taken(actor, PeopleTable.ROSTER, ("course", course.id), wanted._asdict())
    rows = _rows(request, actor, reads, course, wanted)
    return people_csv(request_runtime(request), taken, f"{course.slug}-learners.csv", _COLUMNS, rows, Csv.MARKED)


async def _rows(
    request: Request, actor: Actor, reads: QueryExecutor, course: CourseOut, wanted: RosterFilter
) -> AsyncGenerator[Sequence[Sequence[object]]]:
    cursor: str | None = ""
    while cursor is not None:
        page = lists.listing(request, MAX_LIMIT, cursor or None)
        found = await queries.roster_page(reads, actor, course.id, wanted, page)
        yield [[one.student.full_name, *(getattr(one, name) for name in _COLUMNS[1:])] for one in found.items]
        cursor = found.next_cursor


async def bulk_again(request: Request) -> Page:
    """The question once more, with what was refused; none where it was no question."""
    form = shown_form(request)
    if form.problem is not None and form["step"] not in STEPS:
        raise form.problem
    return await _bulk(request, await course_again(request), actor_of(request), form)


async def _bulk(request: Request, course: CourseOut, actor: Actor, form: Form) -> Page:
    database, step = request_runtime(request).database, form["step"]
    wanted = ids_of(form.lists.get("who", ()))
    async with database.read_session() as session:
        chosen = await queries.enrollments_of(session, actor, course.id, wanted)
    apt = [one for one in chosen if one.status in _FROM.get(step, set(EnrollmentStatus))]
    page = lists.listing(request, MAX_LESSONS)
    quizzes = await allowed_page(database.reads, actor, apt[0].id, page) if step == "time" and apt else None
    view = Bulk(course, apt, step, len(wanted) - len(apt), quizzes.items if quizzes else [])
    return Page("teacher/people/bulk.html", view, form=form, private=True)


def _require_step(form: Form) -> None:
    if form["step"] not in STEPS or not ids_of(form.lists.get("who", ())):
        raise InvalidInput([FieldError("form", "/who", "missing", "Choose learners, and what to do.")])


@router.post(f"{LEARNERS}/bulk")
async def bulk_page(request: Request, course: ManagedCourse, actor: CurrentUser, form: FormDep) -> Page:
    """What would happen to the chosen learners; nothing has happened yet."""
    _require_step(form)
    return await _bulk(request, course, actor, form)


@router.post(f"{LEARNERS}/bulk/do")
@shows_again(bulk_again)
async def bulk_do(
    request: Request, course: EditableCourse, actor: CurrentUser, form: FormDep, session: SessionDep
) -> Response:
    """Do it to all of them, or to none."""
    _require_step(form)
    wanted = ids_of(form.lists.get("who", ()))
    given, quiz = None, None
    if form["step"] == "time":
        values = {name: whole(form[name]) for name in AccommodationIn.model_fields}
        given = form.read(AccommodationIn, "", **values)
        quiz = await editable_quiz((ids_of([form["quiz_id"]]) or [course.id])[0], course, session)
    for enrollment_id in sorted(wanted):
        enrollment = await visible_enrollment(enrollment_id, actor, session)
        if enrollment.course_id != course.id:
            continue
        if given is not None and quiz is not None:
            await put_accommodation(session, actor, course, quiz, enrollment.student_id, given, ANY_VERSION)
        elif enrollment.status in _FROM[form["step"]]:
            await actions.change_status(session, actor, enrollment, STEPS[form["step"]], ANY_VERSION)
    return see_and_say(request, f"/teach/courses/{course.id}/learners", "learners-changed")


def whole(text: str) -> int | str:
    """A whole number as the schema wants it; nothing is 0, and what is none is left for it to refuse."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < PER_PAGE else text or 0
