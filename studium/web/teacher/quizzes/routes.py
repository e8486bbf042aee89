"""The quizzes of a course, and one of them: settings, questions in order, how they fared, whether learners see it."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from studium.access.actor import CurrentUser
from studium.access.permissions import EditableCourse, EditableQuiz
from studium.kit.base.problems import NotFound
from studium.kit.base.versions import ANY_VERSION
from studium.kit.http.dependencies import ReadsDep, SessionDep, request_runtime
from studium.models import LessonType
from studium.modules.analytics.queries_course import quiz_rows
from studium.modules.courses.actions_lessons import create_lesson
from studium.modules.courses.deps import ManagedCourse
from studium.modules.courses.schemas import MAX_LESSONS, CourseOut, LessonCreate
from studium.modules.desk.queries import waiting_in
from studium.modules.quizzes.attempts.deps import ManagedQuiz
from studium.modules.quizzes.authoring import actions, actions_questions, queries
from studium.modules.quizzes.schemas import QuestionOrder, QuizCreate, QuizUpdate
from studium.web import lists
from studium.web.again import actor_of, course_again, reads_of
from studium.web.forms import FormDep, shown_form
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again
from studium.web.teacher.quizzes import found
from studium.web.teacher.quizzes.found import COURSE, QUIZ
from studium.web.teacher.quizzes.typed import quiz_values
from studium.web.teacher.quizzes.views import Quizzes

router = Pages()


async def _quizzes(request: Request, course: CourseOut) -> Quizzes:
    """The quizzes of a course in the order of its lessons, each with how it goes: four reads."""
    actor, page = actor_of(request), lists.listing(request, MAX_LESSONS)
    async with request_runtime(request).database.read_session() as session:
        quizzes = (await queries.quiz_page(session, actor, course.id, page)).items
    lessons = await lists.outline(request, actor, course.id)
    taken = {quiz.lesson_id for quiz in quizzes}
    empty = [one for one in lessons if one.lesson_type is LessonType.QUIZ and one.id not in taken]
    reads = reads_of(request)
    fared = {row.quiz_id: row for row in await quiz_rows(reads, course.id)}
    return Quizzes(course, quizzes, empty, fared, await waiting_in(reads, actor, course.id))


@router.get(f"{COURSE}/quizzes")
async def quizzes_page(request: Request, course: ManagedCourse) -> Page:
    """The quizzes of a course, and the way to a new one."""
    return Page("teacher/quizzes/list.html", await _quizzes(request, course))


async def quizzes_again(request: Request) -> Page:
    """The same with what was refused."""
    course = await course_again(request)
    return Page("teacher/quizzes/list.html", await _quizzes(request, course), form=shown_form(request))


@router.post(f"{COURSE}/quizzes")
@shows_again(quizzes_again)
async def new_quiz(
    request: Request, course: EditableCourse, actor: CurrentUser, session: SessionDep, form: FormDep
) -> Response:
    """Make a quiz: of a quiz lesson that has none, else with a lesson of its own at the end of the course."""
    lesson_id = form["lesson_id"]
    if not lesson_id:
        lesson = form.read(LessonCreate, "title", lesson_type=LessonType.QUIZ)
        lesson_id = str((await create_lesson(session, actor, course, lesson)).id)
    quiz = await actions.create_quiz(session, actor, course, form.read(QuizCreate, "title", lesson_id=lesson_id))
    return see_and_say(request, f"/teach/courses/{course.id}/quizzes/{quiz.id}", "quiz-made")


@router.get(QUIZ)
async def quiz_page(
    request: Request,
    course: ManagedCourse,
    quiz_id: ManagedQuiz,
    actor: CurrentUser,
    reads: ReadsDep,
    moved: str = "",
    by: str = "",
    *,
    rekeyed: bool = False,
) -> Page:
    """A quiz: what it asks and how that fared, its settings, and whether learners see it."""
    quiz = await queries.find_quiz(reads, actor, quiz_id)
    view = await found.quiz_page(request, course, quiz, moved=moved, by=by, is_rekeyed=rekeyed)
    return Page("teacher/quizzes/quiz.html", view)


async def quiz_again(request: Request) -> Page:
    """The quiz with what was typed and refused."""
    course = await course_again(request)
    quiz = await found.quiz_again(request, course)
    return Page("teacher/quizzes/quiz.html", await found.quiz_page(request, course, quiz), form=shown_form(request))


@router.post(f"{QUIZ}/settings")
@shows_again(quiz_again)
async def change_quiz(request: Request, quiz: EditableQuiz, session: SessionDep, form: FormDep) -> Response:
    """Change the settings of a quiz."""
    values = quiz_values(form)
    await actions.update_quiz(session, quiz, form.read(QuizUpdate, "title", **values), found.version_of(form))
    return see_and_say(request, _root(request), "quiz-saved")


@router.post(f"{QUIZ}/publish")
@shows_again(quiz_again)
async def publish(
    request: Request, course: EditableCourse, quiz: EditableQuiz, actor: CurrentUser, session: SessionDep
) -> Response:
    """Show the quiz to learners; of a draft to those alone who are in it."""
    await actions.publish_quiz(session, actor, quiz, ANY_VERSION)
    return see_and_say(request, _root(request), "quiz-published" if course.is_published else "quiz-published-in-draft")


@router.post(f"{QUIZ}/unpublish")
@shows_again(quiz_again)
async def unpublish(request: Request, quiz: EditableQuiz, actor: CurrentUser, session: SessionDep) -> Response:
    """Hide the quiz from learners."""
    await actions.unpublish_quiz(session, actor, quiz, ANY_VERSION)
    return see_and_say(request, _root(request), "quiz-unpublished")


@router.post(f"{QUIZ}/delete")
@shows_again(quiz_again)
async def delete(
    request: Request, course: EditableCourse, quiz: EditableQuiz, actor: CurrentUser, session: SessionDep
) -> Response:
    """Put a quiz that nobody has taken into the course's trash."""
    await actions.delete_quiz(session, actor, course, quiz, ANY_VERSION)
    return see_and_say(request, _root(request).rpartition("/")[0], "quiz-deleted")


@router.post(f"{QUIZ}/move")
@shows_again(quiz_again)
async def move_question(request: Request, quiz: EditableQuiz, session: SessionDep, form: FormDep) -> Response:
    """Move a question up or down by one place; at the end of the way it stays."""
    order, _ = await actions_questions.locked_questions(session, quiz)
    moved = form["up"] or form["down"]
    wanted = _moved(order, moved, -1 if form["up"] else 1)
    await actions_questions.reorder_questions(session, quiz, QuestionOrder(question_ids=wanted))
    by = "up" if form["up"] else "down"
    return see_and_say(request, f"{_root(request)}?moved={moved}&by={by}", "question-moved")


def _moved(order: Sequence[UUID], which: str, step: int) -> list[UUID]:
    """The order with one question a place further; raise NotFound where it is none of them."""
    at = next((place for place, one in enumerate(order) if str(one) == which), None)
    if at is None:
        message = "There is no such question in this quiz."
        raise NotFound(message)
    others = [one for one in order if one != order[at]]
    others.insert(max(0, at + step), order[at])
    return others


def _root(request: Request) -> str:
    """The address of the quiz that a form is about."""
    return request.url.path.rpartition("/")[0]
