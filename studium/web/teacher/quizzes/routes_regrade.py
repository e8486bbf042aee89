"""Regrading a quiz by its present key: first what would change, then to do it; and what was done before."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableQuiz
from studium.kit.db.transaction import SessionTransaction
from studium.kit.http.dependencies import ReadsDep, SessionDep
from studium.kit.http.pagination import MAX_LIMIT
from studium.kit.http.pagination import Page as ListPage
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.authoring import queries
from studium.modules.quizzes.errors import RegradeRunning
from studium.modules.quizzes.grading import actions_regrade
from studium.modules.quizzes.grading import queries as grading
from studium.modules.quizzes.schemas import QuizOut
from studium.modules.quizzes.schemas_staff import RegradeEntryOut, RegradeIn, RegradeOut
from studium.modules.quizzes.statistics.queries import quiz_statistics
from studium.web import lists
from studium.web.again import course_again, reads_of
from studium.web.forms import FormDep, shown_form
from studium.web.lists import Cursor
from studium.web.render import Page
from studium.web.routing import Pages, see, see_and_say, shows_again
from studium.web.teacher.quizzes import found
from studium.web.teacher.quizzes.found import QUIZ
from studium.web.teacher.quizzes.views import root_of

router = Pages()
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Regrades:
    """The regrades of a quiz, newest first."""

    course: CourseOut
    quiz: QuizOut
    regrades: Sequence[RegradeOut]
    attempts: int

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)


@dataclass(frozen=True, slots=True)
class RegradeReport:
    """A regrade, and the attempts whose marks it changes."""

    course: CourseOut
    quiz: QuizOut
    regrade: RegradeOut
    report: ListPage[RegradeEntryOut]

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)


async def _regrades(request: Request, course: CourseOut, quiz: QuizOut) -> Regrades:
    reads = reads_of(request)
    page = await grading.regrade_page(reads, quiz.id, lists.listing(request, _SHOWN))
    attempts = (await quiz_statistics(reads, quiz.id)).attempts
    return Regrades(course, quiz, page.items, attempts)


@router.get(f"{QUIZ}/regrade")
async def regrade_page(
    request: Request, course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep
) -> Page:
    """What a regrade is, the way to see what it would change, and those that were."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    return Page("teacher/quizzes/regrades.html", await _regrades(request, course, quiz))


async def regrade_again(request: Request) -> Page:
    """The same with the reason why none began."""
    course = await course_again(request)
    quiz = await found.quiz_again(request, course)
    view = await _regrades(request, course, quiz)
    return Page("teacher/quizzes/regrades.html", view, form=shown_form(request))


@router.post(f"{QUIZ}/regrade")
@shows_again(regrade_again)
async def regrade(
    request: Request, actor: CurrentUser, quiz: EditableQuiz, session: SessionDep, form: FormDep
) -> Response:
    """See what a regrade would change, or, after that, do it."""
    wish = RegradeIn(dry_run=form["do"] != "apply", never_lower="never_lower" in form.typed)
    path = request.url.path
    try:
        begun = await actions_regrade.start_regrade(SessionTransaction(session), actor, quiz.id, wish)
    except RegradeRunning as running:
        if "regrade_id" not in running.members:
            raise
        return see(f"{path}/{running.members['regrade_id']}")
    path, is_done = f"{path}/{begun['id']}", begun["finished_at"] is not None and not wish.dry_run
    return see_and_say(request, path, "regraded") if is_done else see(path)


@router.get(f"{QUIZ}/regrade/{{regrade_id}}")
async def report_page(
    request: Request,
    course: ManagedCourse,
    quiz_id: ManagedQuiz,
    regrade_id: UUID,
    actor: CurrentUser,
    reads: ReadsDep,
    cursor: Cursor = None,
) -> Page:
    """What a regrade changes, learner by learner; after a dry run the way to do it."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    shown = grading.regrade_out(await grading.find_regrade(reads, quiz.id, regrade_id))
    page = lists.listing(request, MAX_LIMIT, cursor)
    report = await grading.report_page(reads, regrade_id, page, is_changed=True)
    return Page("teacher/quizzes/regrade.html", RegradeReport(course, quiz, shown, report))
