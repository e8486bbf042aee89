"""The question editor: any type, options added and removed, nothing that was typed ever lost."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuestion, EditableQuiz
from studium.kit.base.problems import PreconditionFailed
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import ReadsDep, SessionDep
from studium.models import QuizQuestion
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import CourseOut
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.authoring import actions_questions, queries
from studium.modules.quizzes.schemas import QuestionCreate, QuestionUpdate, QuizOut
from studium.web.again import course_again
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again, takes_long_forms
from studium.web.teacher.quizzes import found
from studium.web.teacher.quizzes.found import QUIZ
from studium.web.teacher.quizzes.reasons import reasons_of
from studium.web.teacher.quizzes.typed import FIELDS_MAX, FORM_MAX, Typed, kind_called
from studium.web.teacher.quizzes.views import Item, QuestionPage

router = Pages()
_TEMPLATE = "teacher/quizzes/question.html"
_SAVES = frozenset({"", "save", "next"})
_NEW = "new"


@router.get(f"{QUIZ}/questions/new")
async def new_question_page(
    course: ManagedCourse, quiz_id: ManagedQuiz, actor: CurrentUser, reads: ReadsDep, kind: str = ""
) -> Page:
    """An empty question of a type."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    return Page(_TEMPLATE, QuestionPage(course, quiz, Typed(kind_called(kind))))


@router.get(f"{QUIZ}/questions/{{question_id}}")
async def question_page(
    request: Request,
    course: ManagedCourse,
    quiz_id: ManagedQuiz,
    question_id: UUID,
    actor: CurrentUser,
    reads: ReadsDep,
) -> Page:
    """A question to change, with how it fared beside it."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    item = found.item_called(await found.items_of(request, quiz.id), str(question_id))
    return Page(_TEMPLATE, QuestionPage(course, quiz, Typed.of_question(item.question), item))


async def question_again(request: Request) -> Page:
    """The question with what was typed and refused. What others have saved meanwhile is shown beside it."""
    course = await course_again(request)
    quiz = await found.quiz_again(request, course)
    item = None
    if request.path_params.get("question_id", _NEW) != _NEW:
        item = found.item_called(await found.items_of(request, quiz.id), request.path_params["question_id"])
    return _shown(request, course, quiz, item)


def _shown(
    request: Request, course: CourseOut, quiz: QuizOut, item: Item | None, typed: Typed | None = None, focus: str = ""
) -> Page:
    """The form as it was typed."""
    form = shown_form(request)
    is_stale = isinstance(form.problem, PreconditionFailed)
    reasons = reasons_of(form.problem, found.language_of(request))
    is_saved = item is not None and "question_text" not in form.typed
    shown = typed or (Typed.of_question(item.question) if is_saved and item else Typed.of_form(form))
    view = QuestionPage(course, quiz, shown, item, reasons, focus, is_stale)
    return Page(_TEMPLATE, view, form=form, private=True)


@router.post(f"{QUIZ}/questions/new")
@shows_again(question_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def add_question(
    request: Request,
    course: ManagedCourse,
    quiz: EditableQuiz,
    actor: CurrentUser,
    session: SessionDep,
    reads: ReadsDep,
    form: FormDep,
) -> Response:
    """Add the question at the end, or show its form with another line or type."""
    typed, button = Typed.of_form(form), form["do"]
    if button not in _SAVES:
        shown = await queries.find_quiz(reads, actor, quiz.id)
        return _shown(request, course, shown, None, typed.pressed(button), button)
    values = typed.values()
    values = {name: value for name, value in values.items() if value is not None}
    made = await actions_questions.create_question(session, quiz, form.read(QuestionCreate, "question_text", **values))
    root = f"/teach/courses/{course.id}/quizzes/{quiz.id}"
    after = f"{root}/questions/new?kind={typed.kind}" if button == "next" else f"{root}?moved={made.id}#q-{made.id}"
    return see_and_say(request, after, "question-added")


@router.post(f"{QUIZ}/questions/{{question_id}}")
@shows_again(question_again)
@takes_long_forms(FORM_MAX, FIELDS_MAX)
async def change_question(
    request: Request,
    course: ManagedCourse,
    quiz: EditableQuiz,
    question: EditableQuestion,
    actor: CurrentUser,
    session: SessionDep,
    reads: ReadsDep,
    form: FormDep,
) -> Response:
    """Save the question, or show its form with another line or type."""
    typed, button = Typed.of_form(form), form["do"]
    items = await found.items_of(request, quiz.id)
    item = found.item_called(items, str(question.id))
    if button not in _SAVES:
        shown = await queries.find_quiz(reads, actor, quiz.id)
        return _shown(request, course, shown, item, typed.pressed(button), button)
    before = _key(question)
    patch = form.read(QuestionUpdate, "question_text", **_whole(typed, question))
    await actions_questions.update_question(session, quiz, question, patch, found.version_of(form))
    root = f"/teach/courses/{course.id}/quizzes/{quiz.id}"
    is_rekeyed = item.is_answered and _key(question) != before
    following = next((one for one in items if one.question.order_index == item.question.order_index + 1), None)
    if button == "next" and following is not None:
        return see_and_say(request, f"{root}/questions/{following.question.id}", "question-saved")
    marked = "rekeyed=true&" if is_rekeyed else ""
    return see_and_say(request, f"{root}?{marked}moved={question.id}#q-{question.id}", "question-saved")


def _whole(typed: Typed, question: QuizQuestion) -> dict[str, Any]:
    """Every member of the form, also those that are empty now; a text that is empty is for the schema to refuse."""
    return typed.values(question.question_metadata) | {"question_text": typed.text}


def _key(question: QuizQuestion) -> tuple[object, ...]:
    """What an answer is graded by."""
    right = [(one["id"], one["is_correct"]) for one in question.options or ()]
    return question.question_type, question.points, right, question.correct_answer, question.question_metadata


@router.post(f"{QUIZ}/questions/{{question_id}}/delete")
@shows_again(question_again)
async def delete_question(
    request: Request,
    course: EditableCourse,
    quiz: EditableQuiz,
    question: EditableQuestion,
    actor: CurrentUser,
    session: SessionDep,
) -> Response:
    """Put a question into the course's trash."""
    await actions_questions.delete_question(session, actor, course, quiz, question, ANY_VERSION)
    return see_and_say(request, request.url.path.partition("/questions/")[0], "question-deleted")
