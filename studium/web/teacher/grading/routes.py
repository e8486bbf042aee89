"""The grading desk: the queue over all courses, one piece of work at a time, and the release of marks."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from studium.access.actor import Actor, CurrentUser, Teacher
from studium.kit.base.problems import Forbidden, NotFound, PreconditionFailed
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import ReadsDep, TransactionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.models import AttemptStatus, QuestionType
from studium.modules.courses.deps import ManagedCourse
from studium.modules.desk import queries
from studium.modules.desk.queries import DeskFilter
from studium.modules.desk.routes import desk_filter
from studium.modules.quizzes.attempts import queries as attempts
from studium.modules.quizzes.attempts.deps import (
    AttemptById,
    FoundAttempt,
    ManagedAttemptById,
    ManagedQuiz,
    attempt_by_id,
)
from studium.modules.quizzes.attempts.reading import submit_overdue_at
from studium.modules.quizzes.authoring.queries import essays_of, find_quiz
from studium.modules.quizzes.errors import InvalidScores
from studium.modules.quizzes.grading import actions, actions_release
from studium.web import flash, lists
from studium.web.again import actor_of, id_of, reads_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.learner.answers import questions_of
from studium.web.learner.views_quizzes import Ask, Place
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Later, Pages, own_path, see, shows_again, takes_long_forms, wants_json
from studium.web.teacher.grading import marks
from studium.web.teacher.grading.views import QUEUE, Desk, Marking, Queue, QuizMarks, address, figure
from studium.web.teacher.people.views import ids_of
from studium.web.texts import text_html
from studium.web.visitor import is_secure

router = Pages()
PER_PAGE, AHEAD = 25, 8
QUIZ = "/teach/courses/{course_id}/quizzes/{quiz_id}"
Names = Literal["", "hidden"]


class Wanted:
    """The filters of the queue as its address has them; they go along from piece to piece."""

    def __init__(self, wanted: DeskFilter, names: Names, every: Literal["", "1"]) -> None:
        self.filter, self.names, self.every = wanted, names, every

    @property
    def query(self) -> Mapping[str, object]:
        """The same by the names of the address."""
        own = {name: getattr(self.filter, name) for name in ("course_id", "item_id", "question_id")}
        return {**own, "names": self.names, "every": self.every}


async def wanted_pieces(
    wanted: Annotated[DeskFilter, Depends(desk_filter)], names: Names = "", every: Literal["", "1"] = ""
) -> Wanted:
    """The filters of a page of the desk."""
    return Wanted(wanted, names, every)


WantedDep = Annotated[Wanted, Depends(wanted_pieces)]


@router.get(QUEUE)
async def queue_page(
    request: Request, actor: Teacher, reads: ReadsDep, wanted: WantedDep, cursor: Cursor = None
) -> Page:
    """What waits for a grader, over all courses, oldest first: three reads, four for a quiz."""
    summary = await queries.grading_summary(reads, actor)
    found = await queries.waiting_page(reads, actor, wanted.filter, lists.listing(request, PER_PAGE, cursor))
    item = wanted.filter.item_id
    essays = [] if item is None else await essays_of(reads, actor, item)
    return Page("teacher/grading/queue.html", Queue(wanted.query, summary, found, essays, is_first=cursor is None))


async def _desk(request: Request, actor: Actor, wanted: Wanted, found: FoundAttempt, form: Form | None = None) -> Desk:
    """The piece with what is to be marked of it: three reads, with the count of what comes after it."""
    reads = request_runtime(request).database.reads
    after = wanted.filter._replace(after_id=found.row["id"])
    page = await queries.waiting_page(reads, actor, after, lists.listing(request, AHEAD, total=True))
    comments = await queries.comment_page(reads, actor, lists.listing(request, MAX_LIMIT))
    attempt = found.parsed()
    has = marks.standings(found.row)
    typed = {} if form is None else {one.question_id: one for one in marks.typed_marks(form, attempt["questions"])}
    answers = {answer["question_id"]: answer for answer in attempt["answers"]}
    results = {result["question_id"]: result for result in attempt["results"]}
    markings = []
    for question in attempt["questions"]:
        of, stands = question["id"], has[question["id"]]
        is_asked = _is_asked(question, wanted)
        if not (is_asked or wanted.every):
            continue
        place, guide = question["order_index"], results[of]["explanation"]
        html = await text_html(request, question["question_text"], f"t{place}-")
        given = typed.get(of)
        markings.append(
            Marking(
                Ask.of(question, answers.get(of, {}), html, result=results[of]),
                stands,
                figure(stands.points) if given is None else given.points,
                stands.feedback if given is None else given.feedback,
                is_asked,
                None if guide is None else await text_html(request, guide, f"e{place}-"),
            )
        )
    if not markings:
        raise NotFound
    drafted = attempt["draft"] and attempt["draft"]["feedback"]
    whole = drafted if drafted is not None else attempt["feedback"] or ""
    problem = None if form is None else form.problem
    return Desk(
        wanted.query,
        Place.of(found.row),
        found.row["course_id"],
        found.row["student_name"],
        attempt,
        markings,
        whole if form is None else form["feedback"],
        page,
        comments.items,
        [] if form is None else form.lists.get("c", []),
        isinstance(problem, PreconditionFailed),
    )


def _is_asked(question: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether a question is one of those to be marked here."""
    only = wanted.filter.question_id
    if only is not None:
        return bool(question["id"] == str(only))
    return bool(wanted.every or question["question_type"] == QuestionType.ESSAY.value)


def _is_open(found: FoundAttempt) -> bool:
    return found.row["status"] is AttemptStatus.IN_PROGRESS


@router.get(f"{QUEUE}/{{attempt_id}}")
async def desk_page(request: Request, actor: Teacher, found: AttemptById, wanted: WantedDep) -> Response:
    """One piece of work to grade; an attempt that is still being taken, or one's own, is shown as a result."""
    if _is_open(found) or found.is_own:
        return see(f"/attempts/{found.row['id']}/result")
    return Page("teacher/grading/desk.html", await _desk(request, actor, wanted, found), private=True)


async def desk_again(request: Request) -> Page:
    """The piece with what was typed; where another grader was quicker, beside what that one gave."""
    actor, form = actor_of(request), shown_form(request)
    if form.problem is not None and form.problem.status in {Forbidden.status, NotFound.status}:
        raise form.problem
    found = await attempt_by_id(request, id_of(request, "attempt_id"), actor, reads_of(request))
    if form.problem is not None and (_is_open(found) or found.is_own):
        raise form.problem
    return Page(
        "teacher/grading/desk.html", await _desk(request, actor, _sent_filters(request), found, form), private=True
    )


def _sent_filters(request: Request) -> Wanted:
    """The filters of a form that was refused after they were read."""
    asked = request.query_params
    ids = [next(iter(ids_of([asked.get(name, "")])), None) for name in ("course_id", "item_id", "question_id")]
    return Wanted(DeskFilter(*ids), "hidden" if asked.get("names") else "", "1" if asked.get("every") else "")


@router.post(f"{QUEUE}/{{attempt_id}}")
@shows_again(desk_again)
@takes_long_forms(marks.FORM_MAX, marks.FIELDS_MAX)
async def grade(
    request: Request,
    actor: Teacher,
    form: FormDep,
    wanted: WantedDep,
    context: ManagedAttemptById,
    reads: ReadsDep,
    tx: TransactionDep,
) -> Response:
    """Save the marks of a piece and go on to the next one; marks that are there already are no change."""
    typed = marks.typed_marks(form, questions_of(context.attempt["paper"]))
    if form["do"].startswith("c-"):
        return Later(AfterSession(partial(_with_comment, request, actor, wanted, form)))
    given = marks.given_marks(form, context.attempt, context.key, typed)
    if given is not None:
        try:
            payload = marks.settled(given, context.attempt, context.key, actor)
            await actions.grade_attempt(tx, actor, context, payload, marks.version_of(form))
        except InvalidScores as refused:
            form.faults = list(given.faults(refused))
            raise
    if wants_json(request):
        return JSONResponse({"version": context.attempt["version"]}, headers={"Cache-Control": "no-store"})
    response = see(await _next(request, actor, reads, wanted, context.attempt["id"]))
    if given is not None:
        flash.say(response, "graded", secure=is_secure(request_runtime(request).settings))
    return response


async def _next(request: Request, actor: Actor, reads: QueryExecutor, wanted: Wanted, attempt_id: UUID) -> str:
    """The piece that comes next; the queue after the last one."""
    after = wanted.filter._replace(after_id=attempt_id)
    found = (await queries.waiting_page(reads, actor, after, lists.listing(request, 1))).items
    return address(wanted.query, found[0].id if found else None)


async def _with_comment(request: Request, actor: Actor, wanted: Wanted, form: Form) -> Response:
    """The piece again, one's comment after what was typed: what its button does without a script."""
    reads = request_runtime(request).database.reads
    place, _, chosen = form["do"].removeprefix("c-").partition("-")
    kept = await queries.comment_page(reads, actor, lists.listing(request, MAX_LIMIT))
    text = next((one.text for one in kept.items if str(one.id) == chosen), "")
    before = form[f"f-{place}"].strip()
    form.typed = {**form.typed, f"f-{place}": f"{before}\n{text}".strip()}
    form.lists = {**form.lists, "c": [*form.lists.get("c", ()), chosen]}
    found = await attempt_by_id(request, id_of(request, "attempt_id"), actor, reads)
    return Page("teacher/grading/desk.html", await _desk(request, actor, wanted, found, form), private=True)


@router.get(f"{QUIZ}/marks")
async def marks_page(
    request: Request,
    course: ManagedCourse,
    quiz_id: ManagedQuiz,
    actor: CurrentUser,
    reads: ReadsDep,
    *,
    state: AttemptStatus | Literal[""] = "",
    cursor: Cursor = None,
) -> Page:
    """Everybody's attempts at a quiz, and the release of the marks that are held."""
    await submit_overdue_at(request_runtime(request).database, quiz_id)
    quiz = await find_quiz(reads, actor, quiz_id)
    wanted = AttemptStatus(state) if state else None
    found = await attempts.held_page(reads, actor, quiz_id, lists.listing(request, PER_PAGE, cursor), wanted)
    waits = (await queries.waiting_in(reads, actor, course.id)).get(quiz_id)
    view = QuizMarks(course, quiz, found, waits, state, is_first=cursor is None)
    return Page("teacher/grading/marks.html", view)


@router.post(f"{QUIZ}/release")
async def release(
    request: Request, course_id: UUID, quiz_id: ManagedQuiz, actor: CurrentUser, form: FormDep, tx: TransactionDep
) -> Response:
    """Show learners every mark that is complete and held; again is no harm."""
    released = await actions_release.release_marks(tx, actor, quiz_id)
    response = see(own_path(form["next"] or f"/teach/courses/{course_id}/quizzes/{quiz_id}/marks"))
    said = "release-goes-on" if released.left else "released" if released.released else "nothing-to-release"
    flash.say(response, said, secure=is_secure(request_runtime(request).settings))
    return response
