"""A quiz tried as a learner: asked by the learner's own templates, graded by the same rules, stored nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from studium.access.actor import CurrentUser
from studium.kit.http.dependencies import ReadsDep
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.attempts.schemas import ResultOut
from studium.modules.quizzes.attempts.trial import Trial, marked, trial_of
from studium.modules.quizzes.authoring import queries
from studium.modules.quizzes.errors import InvalidAnswers
from studium.modules.quizzes.marking import Grade
from studium.modules.quizzes.routes_attempts import given_answers
from studium.modules.quizzes.schemas import QuizOut
from studium.web.again import course_again, reads_of
from studium.web.forms import FormDep, shown_form
from studium.web.learner.answers import FIELDS_MAX, FORM_MAX, Sent, checked_answers, faults_of, typed_answers
from studium.web.learner.views_quizzes import Ask
from studium.web.render import Page
from studium.web.routing import Pages, shows_again, takes_long_forms
from studium.web.teacher.quizzes import found
from studium.web.teacher.quizzes.found import QUIZ
from studium.web.teacher.quizzes.views import root_of
from studium.web.texts import text_html

router = Pages()


@dataclass(frozen=True, slots=True)
class TrialPage:
    """A quiz to try, or, with a grade, what became of it."""

    course: CourseOut
    quiz: QuizOut
    asks: Sequence[Ask]
    grade: Grade | None = None

    @property
    def root(self) -> str:
        """The address of the quiz."""
        return root_of(self.quiz)


async def _asks(
    request: Request, trial: Trial, sent: Sequence[Sent] = (), results: Sequence[ResultOut] = ()
) -> list[Ask]:
    """The questions as a learner sees them, with the answers of a form, and how these are graded."""
    answers = {one.question_id: one.shown() for one in sent}
    graded = {str(one.question_id): one.model_dump(mode="json") for one in results}
    return [await _ask(request, one, answers.get(one["id"], {}), graded.get(one["id"])) for one in trial.questions]


async def _ask(
    request: Request, question: Mapping[str, Any], answer: Mapping[str, Any], result: Mapping[str, Any] | None
) -> Ask:
    place, explanation = question["order_index"], None if result is None else result["explanation"]
    return Ask.of(
        question,
        answer,
        await text_html(request, question["question_text"], f"t{place}-"),
        result=result,
        explanation=None if explanation is None else await text_html(request, explanation, f"e{place}-"),
    )


@router.get(f"{QUIZ}/try")
async def try_page(
    request: Request, course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep
) -> Page:
    """The quiz as a learner is asked it."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    trial = trial_of(quiz, await queries.all_questions(reads, quiz.id))
    return Page("teacher/quizzes/try.html", TrialPage(course, quiz, await _asks(request, trial)), private=True)


async def try_again(request: Request) -> Page:
    """The quiz with the answers that do not fit."""
    course = await course_again(request)
    quiz = await found.quiz_again(request, course)
    trial = trial_of(quiz, await queries.all_questions(reads_of(request), quiz.id))
    form = shown_form(request)
    asks = await _asks(request, trial, typed_answers(form, trial.questions))
    return Page("teacher/quizzes/try.html", TrialPage(course, quiz, asks), form=form, private=True)


@router.post(f"{QUIZ}/try")
@shows_again(try_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def grade_trial(
    request: Request, course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep, form: FormDep
) -> Page:
    """What a learner with these answers would get."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    trial = trial_of(quiz, await queries.all_questions(reads, quiz.id))
    sent = typed_answers(form, trial.questions)
    given = [one.answer for one in given_answers(checked_answers(form, sent))]
    try:
        grade, results = marked(trial, given)
    except InvalidAnswers as refused:
        form.faults = faults_of(refused, sent)
        raise
    view = TrialPage(course, quiz, await _asks(request, trial, sent, results), grade)
    return Page("teacher/quizzes/tried.html", view, private=True)
