"""How the pages of a quiz find what they show, and what was refused: the queries of the API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request

from studium.kit.base.problems import NotFound
from studium.kit.base.versions import IfMatchHeader, etag_of
from studium.kit.http.pagination import MAX_LIMIT
from studium.modules.courses.schemas import CourseOut
from studium.modules.desk.queries import waiting_in
from studium.modules.quizzes.authoring import queries
from studium.modules.quizzes.grading import queries as grading
from studium.modules.quizzes.schemas import QuestionOut, QuizOut
from studium.modules.quizzes.statistics.queries import quiz_statistics
from studium.web import lists
from studium.web.again import actor_of, id_of, reads_of
from studium.web.forms import Form, shown_form
from studium.web.teacher.quizzes.reasons import reasons_of
from studium.web.teacher.quizzes.views import Item, QuizPage

COURSE = "/teach/courses/{course_id}"
QUIZ = f"{COURSE}/quizzes/{{quiz_id}}"


def language_of(request: Request) -> str:
    """The language of whoever asks."""
    language: str = request.state.visitor.language
    return language


async def quiz_again(request: Request, course: CourseOut) -> QuizOut:
    """The quiz of a refused form."""
    quiz = await queries.find_quiz(reads_of(request), actor_of(request), id_of(request, "quiz_id"))
    if quiz.course_id != course.id:
        raise NotFound
    return quiz


async def items_of(request: Request, quiz_id: UUID) -> list[Item]:
    """The questions of a quiz with how they fared: three hot reads."""
    reads = reads_of(request)
    rows = await queries.all_questions(reads, quiz_id)
    fared = {one.question_id: one for one in (await quiz_statistics(reads, quiz_id)).questions}
    return [Item(QuestionOut.of_record(row), fared.get(row["id"])) for row in rows]


async def quiz_page(request: Request, course: CourseOut, quiz: QuizOut, **shown: Any) -> QuizPage:  # noqa: ANN401 -- fields of the view.
    """A quiz with all that its page shows: five hot reads besides."""
    reads = reads_of(request)
    statistics = await quiz_statistics(reads, quiz.id)
    fared = {one.question_id: one for one in statistics.questions}
    rows = await queries.all_questions(reads, quiz.id)
    items = [Item(QuestionOut.of_record(row), fared.get(row["id"])) for row in rows]
    allowed = await grading.accommodation_page(reads, quiz.id, lists.listing(request, MAX_LIMIT))
    reasons = reasons_of(shown_form(request).problem, language_of(request))
    waits = (await waiting_in(reads, actor_of(request), course.id)).get(quiz.id)
    return QuizPage(course, quiz, items, statistics, allowed, reasons, waits, **shown)


def item_called(items: list[Item], question_id: str) -> Item:
    """The question with this id; raise NotFound."""
    found = next((item for item in items if str(item.question.id) == question_id), None)
    if found is None:
        message = "There is no such question in this quiz."
        raise NotFound(message)
    return found


def version_of(form: Form | Mapping[str, str]) -> IfMatchHeader:
    """The version that a form was filled in for; any where it names none."""
    text = form["version"]
    return IfMatchHeader(etag_of(int(text)) if text.isdecimal() and len(text) < 10 else None)  # noqa: PLR2004 -- a number.
