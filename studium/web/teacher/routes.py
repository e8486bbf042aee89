"""What waits for a teacher, the courses that they teach, and a new one."""

from datetime import timedelta
from typing import Literal

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import Teacher
from studium.kit.base.clock import now
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.modules.analytics.periods import Bucket, Period
from studium.modules.analytics.queries_overview import own_trends
from studium.modules.courses import actions
from studium.modules.courses.queries import CourseFilter, course_page
from studium.modules.courses.queries_categories import categories
from studium.modules.courses.schemas import CourseCreate
from studium.modules.desk.queries import grading_summary
from studium.modules.enrollments.queries_courses import silent_learners
from studium.modules.exchange.queries import own_imports
from studium.web import lists
from studium.web.forms import FormDep, shown_form
from studium.web.lists import Cursor, Words
from studium.web.render import Page
from studium.web.routing import Pages, see, shows_again
from studium.web.teacher.course.views import COURSE_TEXTS, CourseFormView, Lately, TeachView, course_values
from studium.web.teacher.people.views import SILENT_DAYS

router = Pages()
PER_PAGE = 24
DRAFTS = 3
"""Drafts that are named among what waits."""

IMPORTS = 3
State = Literal["", "published", "draft"]
Whose = Literal["", "all"]
_PUBLISHED = {"": None, "published": True, "draft": False}


@router.get("/teach")
async def teaching_page(
    request: Request,
    actor: Teacher,
    reads: ReadsDep,
    *,
    state: State = "",
    whose: Whose = "",
    q: Words = "",
    cursor: Cursor = None,
) -> Page:
    """Where a teacher begins: what waits, and their courses; admins may look at those of all."""
    mine = not (whose and actor.is_admin)
    wanted = CourseFilter(q=q or None, is_published=_PUBLISHED[state], mine=mine)
    found = await course_page(reads, actor, wanted, None, lists.listing(request, PER_PAGE, cursor))
    drafts = CourseFilter(is_published=False, mine=True)
    waiting = await course_page(reads, actor, drafts, None, lists.listing(request, DRAFTS, total=True))
    query = {"q": q, "state": state, "whose": "" if mine else whose}
    summary = await grading_summary(reads, actor)
    imports = await own_imports(reads, actor, lists.listing(request, IMPORTS))
    silent = await silent_learners(reads, actor, SILENT_DAYS)
    lately = Lately(await own_trends(reads, actor.id, _period(request)), request.state.visitor.zone)
    view = TeachView.of(summary, waiting, found, query, imports, silent, lately, is_first=cursor is None)
    return Page("teacher/teach.html", view)


def _period(request: Request) -> Period:
    """The last days to today, in the time of whoever looks."""
    zone = request.state.visitor.zone
    today = now().astimezone(zone).date()
    return Period(today - timedelta(days=Lately.DAYS - 1), today, Bucket.DAY, zone)


async def new_course_again(request: Request) -> Page:
    """The form of a new course, with what was typed."""
    return await _new_course(request)


@router.get("/teach/courses/new")
async def new_course_page(request: Request, _: Teacher) -> Page:
    """What a new course begins with."""
    return await _new_course(request)


async def _new_course(request: Request) -> Page:
    known = await categories(request_runtime(request))
    view = CourseFormView([one.name for one in known.items])
    return Page("teacher/course/new.html", view, form=shown_form(request))


@router.post("/teach/courses/new")
@shows_again(new_course_again)
async def create_course(actor: Teacher, session: SessionDep, form: FormDep) -> Response:
    """Make a draft, and go on to its outline."""
    course = await actions.create_course(session, actor, form.read(CourseCreate, *COURSE_TEXTS, **course_values(form)))
    return see(f"/teach/courses/{course.id}/outline")
