"""Pasting questions: seen first as they would be, with what cannot be read by its line, then added together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import CurrentUser
from studium.kit.http.dependencies import ReadsDep, request_runtime
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.exchange.pasting import actions
from studium.modules.exchange.pasting.errors import UnreadableQuestions
from studium.modules.exchange.pasting.reading import Pasted
from studium.modules.exchange.pasting.schemas import PasteIn
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.authoring import queries
from studium.modules.quizzes.schemas import QuizOut
from studium.web.again import course_again
from studium.web.forms import Form, FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again, takes_long_forms
from studium.web.teacher.quizzes import found
from studium.web.teacher.quizzes.found import QUIZ
from studium.web.teacher.quizzes.reasons import Reason, reason_of
from studium.web.teacher.quizzes.views import root_of

router = Pages()
_TEMPLATE = "teacher/quizzes/paste.html"
_FORM_MAX = 700_000
"""The longest text in Arabic, of which a browser sends six bytes for a letter."""


@dataclass(frozen=True, slots=True)
class PastePage:
    """A text of questions, and what was read of it; each fault with its line, in the words of the page."""

    course: CourseOut
    quiz: QuizOut
    text: str = ""
    format: str = ""
    pasted: Pasted | None = None
    faults: Sequence[tuple[int, str, Reason]] = ()

    @property
    def seen(self) -> str:
        """What stands for the text that is shown: another one is shown before it is added."""
        return _digest(self.text, self.format)

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)


def _digest(text: str, form: str) -> str:
    return sha256(f"{form} {text}".encode()).hexdigest()


def _view(request: Request, course: CourseOut, quiz: QuizOut, form: Form, pasted: Pasted | None) -> PastePage:
    language, told = found.language_of(request), [] if pasted is None else pasted.faults
    faults = [(one.line, one.name, reason_of(one.reason, language)) for one in told]
    return PastePage(course, quiz, form["text"], form["format"], pasted, faults)


def _wish(form: Form) -> PasteIn:
    return form.read(PasteIn, "text", "format", dry_run=form["do"] != "add")


@router.get(f"{QUIZ}/paste")
async def paste_page(course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep) -> Page:
    """Where questions are pasted, and how they are written."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    return Page(_TEMPLATE, PastePage(course, quiz))


async def paste_again(request: Request) -> Page:
    """The text that was refused, with what was read of it."""
    course = await course_again(request)
    quiz = await found.quiz_again(request, course)
    form = shown_form(request)
    pasted = await actions.read(_wish(form)) if isinstance(form.problem, UnreadableQuestions) else None
    return Page(_TEMPLATE, _view(request, course, quiz, form, pasted), form=form, private=True)


@router.post(f"{QUIZ}/paste")
@shows_again(paste_again)
@takes_long_forms(_FORM_MAX, 10)
async def paste(
    request: Request, course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep, form: FormDep
) -> Response:
    """Show the questions as they would be, or add all that were shown to the quiz as it was then: twice is once."""
    quiz, wish = await queries.find_quiz(reads, actor, quiz_id), _wish(form)
    pasted = await actions.read(wish)
    if wish.dry_run or form["seen"] != _digest(form["text"], form["format"]):
        return Page(_TEMPLATE, _view(request, course, quiz, form, pasted), form=form, private=True)
    add = partial(actions.paste, quiz_id=quiz.id, pasted=pasted, dry_run=False, if_match=form.if_match)
    added = await request_runtime(request).database.write(add)
    first = added.question_ids[0]
    return see_and_say(request, f"{root_of(quiz)}?moved={first}#q-{first}", "questions-pasted")
