"""A quiz: its rules, an attempt to answer, save and submit, and the result."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import JSONResponse, Response

from studium.access.actor import Actor, CurrentUser, OptionalUser
from studium.access.errors import EnrollmentRequired
from studium.kit.base.clock import now
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.after import AfterSession
from studium.kit.http.dependencies import ReadsDep, TransactionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.models import AttemptStatus, Role
from studium.modules.courses import queries as courses
from studium.modules.courses.deps import open_lesson
from studium.modules.enrollments.queries_own import own_enrollment
from studium.modules.quizzes.attempts import actions, queries
from studium.modules.quizzes.attempts.contexts import AttemptContext
from studium.modules.quizzes.attempts.deps import (
    AttemptById,
    FoundAttempt,
    OwnAttemptById,
    attempt_by_id,
    attempt_summary,
    locked_enrollment,
)
from studium.modules.quizzes.attempts.views import seconds_left, versioned_answers
from studium.modules.quizzes.authoring.queries import find_quiz, has_essays
from studium.modules.quizzes.errors import (
    AttemptAlreadySubmitted,
    AttemptInProgress,
    InvalidAnswers,
    TimeLimitExceeded,
)
from studium.modules.quizzes.routes_attempts import given_answers
from studium.modules.quizzes.routes_direct import QuizById
from studium.modules.quizzes.schemas import QuizOut
from studium.web import flash, lists
from studium.web.again import actor_of, id_of, reads_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.learner.answers import (
    FIELDS_MAX,
    FORM_MAX,
    Sent,
    checked_answers,
    faults_of,
    flagged_questions,
    questions_of,
    typed_answers,
)
from studium.web.learner.views_quizzes import Ask, Late, Paper, Place, QuizRules
from studium.web.render import Page
from studium.web.routing import Later, Pages, see, shows_again, takes_long_forms, wants_json
from studium.web.texts import text_html
from studium.web.visitor import is_secure

router = Pages()


async def _rules(request: Request, quiz: QuizOut, actor: Actor) -> QuizRules:
    """The quiz, where it stands, and what a learner has done of it: five reads, three for staff."""
    reads = request_runtime(request).database.reads
    course = await courses.find_visible(reads, actor, course_id=quiz.course_id)
    assert course is not None  # noqa: S101 -- the quiz was found in it.
    lesson = await open_lesson(request, quiz.course_id, quiz.lesson_id, actor)
    place = Place(quiz.id, quiz.title, course.title, course.slug, lesson.title, lesson.slug)
    enrollment = await own_enrollment(reads, actor, quiz.course_id) if actor.role is Role.STUDENT else None
    attempts = None
    if enrollment is not None:
        summary = await attempt_summary(request, enrollment.id, quiz.id, actor, reads)
        page = lists.listing(request, MAX_LIMIT)
        attempts = await queries.attempt_page(reads, enrollment.id, quiz.id, page, summary)
    return QuizRules(quiz, place, enrollment, attempts, has_essays=await has_essays(reads, quiz.id))


@router.get("/quizzes/{quiz_id}")
async def quiz_page(request: Request, quiz: QuizById, actor: CurrentUser) -> Page:
    """The rules of a quiz, one's own attempts, and the way into the next one."""
    return Page("learner/quiz.html", await _rules(request, quiz, actor))


async def quiz_again(request: Request) -> Page:
    """The rules with the reason why no attempt began."""
    actor, reads = actor_of(request), reads_of(request)
    quiz = await find_quiz(reads, actor, id_of(request, "quiz_id"))
    return Page("learner/quiz.html", await _rules(request, quiz, actor), form=shown_form(request))


@router.post("/quizzes/{quiz_id}/start")
@shows_again(quiz_again)
async def start(quiz: QuizById, actor: CurrentUser, reads: ReadsDep, tx: TransactionDep) -> Response:
    """Start an attempt, or go on with the one that is open."""
    enrollment = await own_enrollment(reads, actor, quiz.course_id)
    if enrollment is None:
        message = "Enroll in the course first."
        raise EnrollmentRequired(message)
    try:
        attempt = await actions.start_attempt(tx, await locked_enrollment(enrollment.id, actor, tx), quiz.id)
    except AttemptInProgress as open_already:
        return see(f"/attempts/{open_already.members['attempt_id']}")
    return see(f"/attempts/{attempt['id']}")


async def _paper(
    request: Request, found: FoundAttempt, form: Form | None = None, others: dict[str, str] | None = None
) -> Paper:
    """The attempt as a page shows it, its questions as HTML; with the answers of a form instead of the saved ones."""
    attempt = found.parsed()
    answers = {answer["question_id"]: answer for answer in attempt["answers"]}
    flagged = attempt["flagged_question_ids"]
    if form is not None:
        marked = flagged_questions(form, attempt["questions"])
        flagged = flagged if marked is None else marked
        answers |= {sent.question_id: sent.shown() for sent in typed_answers(form, attempt["questions"])}
    results = {result["question_id"]: result for result in attempt["results"] or ()}
    asks = []
    for question in attempt["questions"]:
        result = results.get(question["id"])
        explanation, place = None if result is None else result["explanation"], question["order_index"]
        asks.append(
            Ask.of(
                question,
                answers.get(question["id"], {}),
                await text_html(request, question["question_text"], f"t{place}-"),
                other=(others or {}).get(question["id"]),
                result=result,
                explanation=None if explanation is None else await text_html(request, explanation, f"e{place}-"),
                is_flagged=question["id"] in flagged,
            )
        )
    return Paper(Place.of(found.row), attempt, asks, found.is_own)


@router.get("/attempts/{attempt_id}")
async def attempt_page(request: Request, found: AttemptById) -> Response:
    """An open attempt to answer; a finished one, or that of somebody else, is shown as a result."""
    if wants_json(request):
        attempt = found.parsed()
        return _state(attempt, attempt["answers"], attempt["flagged_question_ids"])
    if not found.is_own or found.row["status"] is not AttemptStatus.IN_PROGRESS:
        return see(f"/attempts/{found.row['id']}/result")
    return Page("learner/attempt.html", await _paper(request, found), private=True)


def _state(attempt: Mapping[str, Any], answers: list[dict[str, Any]], flagged: list[str]) -> Response:
    """What `<quiz-attempt>` is told: how the attempt stands, what is saved, and what is to be looked at again."""
    told = {name: attempt[name] for name in ("status", "version", "seconds_left")}
    return JSONResponse({**told, "answers": answers, "flagged": flagged}, headers={"Cache-Control": "no-store"})


async def _refused(request: Request) -> tuple[FoundAttempt, Form]:
    """The attempt of a refused form, which is the visitor's own, and the form; raise the refusal otherwise."""
    actor, reads = actor_of(request), reads_of(request)
    found, form = await attempt_by_id(request, id_of(request, "attempt_id"), actor, reads), shown_form(request)
    if form.problem is not None and not found.is_own:
        raise form.problem
    return found, form


def _is_open(found: FoundAttempt) -> bool:
    return found.row["status"] is AttemptStatus.IN_PROGRESS


async def attempt_again(request: Request) -> Page:
    """The attempt with what was typed, whatever that is; after the attempt's end what was typed as a text."""
    found, form = await _refused(request)
    if _is_open(found):
        return Page("learner/attempt.html", await _paper(request, found, form), form=form, private=True)
    attempt = found.parsed()
    return _late_page(found.row["id"], _others(attempt["answers"], typed_answers(form, attempt["questions"])))


def _late_page(attempt_id: UUID, lost: Sequence[Sent]) -> Page:
    """That answers came too late, with what was written."""
    answers = [(one.question["order_index"], one.words, one.is_truth) for one in lost]
    return Page("learner/late.html", Late(attempt_id, answers), status=409, private=True)


@router.post("/attempts/{attempt_id}")
@shows_again(attempt_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def save(
    request: Request, form: FormDep, actor: CurrentUser, context: OwnAttemptById, tx: TransactionDep
) -> Response:
    """Save answers, and go on answering or to the last question: whether to submit."""
    questions = questions_of(context.attempt["paper"])
    sent = typed_answers(form, questions)
    given = given_answers(checked_answers(form, sent))
    try:
        await actions.save_answers(tx, context, given, ANY_VERSION, flagged=flagged_questions(form, questions))
    except InvalidAnswers as refused:
        form.faults = faults_of(refused, sent)
        raise
    except (AttemptAlreadySubmitted, TimeLimitExceeded):
        if wants_json(request):
            raise
        lost = _others(context.attempt["answers"] or (), sent)
        return _late_page(context.attempt["id"], lost) if lost else see(_result_of(context))
    if wants_json(request):
        return _saved_state(context, sent)
    others = _others(context.attempt["answers"] or (), sent)
    if others:
        shown = {one.question_id: one.words for one in others}
        return Later(AfterSession(partial(_shown_with, request, actor, context.attempt["id"], shown)))
    if form["do"] == "submit":
        return see(f"/attempts/{context.attempt['id']}/submit")
    response = see(f"/attempts/{context.attempt['id']}")
    flash.say(response, "answers-saved", secure=is_secure(request_runtime(request).settings))
    return response


def _result_of(context: AttemptContext) -> str:
    return f"/attempts/{context.attempt['id']}/result"


def _saved_state(context: AttemptContext, sent: list[Sent]) -> Response:
    """How the attempt stands, and what is saved of the questions that were sent."""
    asked = {one.question_id for one in sent}
    answers = [answer for answer in versioned_answers(context.attempt) if answer["question_id"] in asked]
    told = {**context.attempt, "seconds_left": seconds_left(context.attempt, now())}
    return _state(told, answers, context.attempt["flagged"] or [])


def _others(saved: Iterable[Mapping[str, Any]], sent: Sequence[Sent]) -> list[Sent]:
    """The answers of the page that are not saved."""
    found = {answer["question_id"]: answer for answer in saved}
    return [one for one in sent if not one.is_same(found.get(one.question_id))]


async def _shown_with(request: Request, actor: Actor, attempt_id: UUID, others: dict[str, str]) -> Response:
    found = await attempt_by_id(request, attempt_id, actor, reads_of(request))
    return Page("learner/attempt.html", await _paper(request, found, others=others), status=409, private=True)


@router.get("/attempts/{attempt_id}/submit")
async def submit_page(request: Request, found: AttemptById) -> Response:
    """Whether to submit now, with how many questions open."""
    if not found.is_own or found.row["status"] is not AttemptStatus.IN_PROGRESS:
        return see(f"/attempts/{found.row['id']}/result")
    return Page("learner/submit.html", await _paper(request, found), private=True)


async def submit_again(request: Request) -> Page:
    """The question with the reason why it was not submitted."""
    found, form = await _refused(request)
    if form.problem is not None and not _is_open(found):
        raise form.problem
    return Page("learner/submit.html", await _paper(request, found), form=form, private=True)


@router.post("/attempts/{attempt_id}/submit")
@shows_again(submit_again)
async def submit(request: Request, context: OwnAttemptById, tx: TransactionDep) -> Response:
    """Submit; again is no harm."""
    try:
        await actions.submit_attempt(tx, context, [], ANY_VERSION)
    except (AttemptAlreadySubmitted, TimeLimitExceeded):
        if wants_json(request):
            raise
    if wants_json(request):
        return _state({**context.attempt, "seconds_left": None}, [], [])
    return see(_result_of(context))


@router.get("/attempts/{attempt_id}/result")
async def result_page(request: Request, found: AttemptById, actor: OptionalUser) -> Response:
    """What became of an attempt, question by question as far as it is shown; staff see that of others."""
    del actor
    if found.is_own and found.row["status"] is AttemptStatus.IN_PROGRESS:
        return see(f"/attempts/{found.row['id']}")
    return Page("learner/result.html", await _paper(request, found))
