"""A course and its lessons: look, enroll, read, mark as done."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from studium.access.actor import Actor, CurrentUser, OptionalUser, Student
from studium.access.permissions import VisibleFile, advancing_enrollment
from studium.access.permissions import own_enrollment as own_enrollment_row
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.dependencies import ReplicaReadsDep, SessionDep, TransactionDep, request_runtime
from studium.models import EnrollmentStatus, Role
from studium.modules.courses import queries as courses
from studium.modules.courses.deps import CourseBySlug, open_lesson
from studium.modules.enrollments import actions, actions_progress, queries_courses
from studium.modules.enrollments.errors import AlreadyEnrolled
from studium.modules.enrollments.queries_own import own_enrollment
from studium.modules.enrollments.schemas import ProgressUpdate, ReviewIn
from studium.modules.files.routes_download import download_file
from studium.web import lists
from studium.web.again import actor_of, reads_of
from studium.web.csp import policy
from studium.web.forms import Form, FormDep, shown_form
from studium.web.learner.captions import said_in
from studium.web.learner.views import Step, Way
from studium.web.learner.views_lesson import Reading
from studium.web.lists import Cursor
from studium.web.public.views import Book
from studium.web.render import Page
from studium.web.routing import Later, Pages, see, see_and_say, shows_again
from studium.web.visitor import VisitorDep

router = Pages()
REVIEWS = 5
MAX_SECONDS = 360_000
"""The latest time that captions can name."""
RATINGS = ("1", "2", "3", "4", "5")
_REPORTED, _DIGITS, _NO_FIELD = ("last_position_seconds", "time_spent_seconds"), 10, ""
Second = Annotated[int | None, Query(ge=0, le=MAX_SECONDS)]
LanguageWish = Annotated[str, Query(max_length=35)]
LessonSlug = Annotated[str, Path(max_length=255)]
_READING = frozenset({EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED})


async def way_of(request: Request, course: CourseBySlug, actor: OptionalUser, reads: ReplicaReadsDep) -> Way:
    """The course, its lessons and the visitor's own progress: three reads, two where nobody is logged in."""
    enrollment = None
    if actor is not None and actor.role is Role.STUDENT:
        enrollment = await own_enrollment(reads, actor, course.id)
    if enrollment is not None and actor is not None and enrollment.status in _READING:
        found = await lists.progress(request, actor, enrollment.id)
        steps = [Step.of_progress(lesson) for lesson in found]
    else:
        steps = [Step.of_outline(lesson) for lesson in await lists.outline(request, actor, course.id, reads)]
    may_enroll = course.is_published and (actor is None or actor.role is Role.STUDENT)
    return Way(Book.of(course), course.description or "", steps, enrollment, may_enroll)


WayDep = Annotated[Way, Depends(way_of)]


async def with_reviews(
    request: Request, way: Way, actor: Actor | None, reads: QueryExecutor, cursor: str | None
) -> Way:
    """The course with what learners say of it, newest first."""
    if not way.book.ratings and cursor is None:
        return way
    page = lists.listing(request, REVIEWS, cursor)
    found = await queries_courses.reviews_page(reads, actor, way.book.id, page)
    return replace(way, reviews=found.items, more_reviews=found.next_cursor)


@router.get("/courses/{slug}")
async def course_page(
    request: Request, way: WayDep, actor: OptionalUser, reads: ReplicaReadsDep, reviews: Cursor = None
) -> Page:
    """Where one is in a course, what comes next, how much is left, and what learners say."""
    return Page("learner/course.html", await with_reviews(request, way, actor, reads, reviews))


async def course_again(request: Request) -> Page:
    """The course with the review that was refused."""
    actor, reads = actor_of(request), reads_of(request)
    course = await courses.find_visible(reads, actor, slug=request.path_params["slug"])
    if course is None:
        raise NotFound
    way = await with_reviews(request, await way_of(request, course, actor, reads), actor, reads, None)
    return Page("learner/course.html", way, form=shown_form(request))


def _own_enrollment(way: Way) -> UUID:
    if way.enrollment is None:
        raise NotFound
    return way.enrollment.id


@router.post("/courses/{slug}/review")
@shows_again(course_again)
async def review(request: Request, way: WayDep, actor: CurrentUser, form: FormDep, session: SessionDep) -> Response:
    """Say how the course is, or say it anew."""
    enrollment = await own_enrollment_row(_own_enrollment(way), actor, session)
    rating = int(form["rating"]) if form["rating"] in RATINGS else None
    await actions.review(session, enrollment, form.read(ReviewIn, "review", rating=rating), ANY_VERSION)
    return see_and_say(request, f"/courses/{way.book.slug}", "reviewed")


@router.post("/courses/{slug}/review/delete")
async def delete_review(request: Request, way: WayDep, actor: CurrentUser, session: SessionDep) -> Response:
    """Take one's review back."""
    enrollment = await own_enrollment_row(_own_enrollment(way), actor, session)
    await actions.take_review_back(session, enrollment, ANY_VERSION)
    return see_and_say(request, f"/courses/{way.book.slug}", "review-deleted")


@router.post("/courses/{slug}/enroll")
async def enroll(request: Request, slug: str, actor: Student, tx: TransactionDep) -> Response:
    """Enroll in the course; again is no harm."""
    course = await courses.find_visible(request_runtime(request).database.reads, actor, slug=slug)
    if course is None:
        message = "There is no such course that you may see."
        raise NotFound(message)
    path = f"/courses/{course.slug}"
    try:
        await actions.enroll(tx, actor, course.id)
    except AlreadyEnrolled:
        return see(path)
    return see_and_say(request, path, "enrolled")


def _step(way: Way, slug: str) -> Step:
    found = next((step for step in way.steps if step.slug == slug), None)
    if found is None:
        message = "There is no such lesson."
        raise NotFound(message)
    return found


@router.get("/courses/{slug}/{lesson}")
async def lesson_page(
    request: Request,
    way: WayDep,
    visitor: VisitorDep,
    actor: OptionalUser,
    lesson: LessonSlug,
    *,
    at: Second = None,
    transcript: LanguageWish = "",
) -> Page:
    """A lesson to read or to watch, from the second `at` on, with its transcript in the language that is wished."""
    step = _step(way, lesson)
    found = await open_lesson(request, way.book.id, step.id, actor)
    said = await said_in(request, actor, found, transcript, visitor.language)
    reading = Reading.of(way, step, found, said, at)
    page = Page("learner/lesson.html", reading)
    if reading.player is not None:
        settings = request_runtime(request).settings
        page.headers["Content-Security-Policy"] = policy(settings, frame=reading.player.origin)
    return page


@router.post("/courses/{slug}/{lesson}/done")
async def mark_as_done(
    request: Request, way: WayDep, actor: CurrentUser, lesson: LessonSlug, tx: TransactionDep
) -> Response:
    """Mark a lesson as done, and go on to the next one."""
    if way.enrollment is None:
        raise NotFound
    step = _step(way, lesson)
    enrollment = await advancing_enrollment(way.enrollment.id, actor, tx)
    await actions_progress.complete_lesson(tx, actor, enrollment, step.id)
    place = way.steps.index(step)
    after = way.steps[place + 1] if place + 1 < len(way.steps) else None
    return see_and_say(request, f"/courses/{way.book.slug}" + (f"/{after.slug}" if after is not None else ""), "done")


@router.post("/courses/{slug}/{lesson}/progress")
async def report_progress(
    way: WayDep, actor: CurrentUser, lesson: LessonSlug, form: FormDep, tx: TransactionDep
) -> Response:
    """Take over where the player of a lesson stands, as its element reports it."""
    enrollment = await advancing_enrollment(_own_enrollment(way), actor, tx)
    report = form.read(ProgressUpdate, _NO_FIELD, **{name: _seconds(form, name) for name in _REPORTED})
    await actions_progress.record_progress(tx, actor, enrollment, _step(way, lesson).id, report)
    return Response(status_code=204)


def _seconds(form: Form, name: str) -> int | str:
    """A number as the schema wants it; what is none stays a text, which it refuses."""
    text = form[name]
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else text


@router.get("/files/{file_id}/download")
async def own_file(request: Request, file: VisibleFile) -> Response:
    """A file of the school for whoever the cookie says; the API's own address takes tokens alone."""
    return Later(await download_file(request, file))
