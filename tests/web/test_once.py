"""Forms that make something act once, however often they are sent: two clicks without a script are two requests."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import func, select

from studium.kit.db.tables import Base
from studium.models import (
    Course,
    CourseImport,
    CourseInvitation,
    DataExport,
    Erasure,
    GradingComment,
    IdempotencyKey,
    JoinCode,
    Lesson,
    LessonType,
    PeopleImport,
    Quiz,
    QuizQuestion,
    Regrade,
    UploadedFile,
    User,
)
from studium.web.app import page_routes
from studium.web.routing import PageRoute
from tests.files.samples import picture
from tests.importing.studio import zipped
from tests.web.school import Tab, tab, text, tree
from tests.world import World, lesson

COURSE, QUIZ = "/teach/courses/{C1}", "/teach/courses/{C1}/quizzes/{Q1}"
OWN = {"sec-fetch-site": "same-origin"}
BROUGHT = zipped({"course/course.yaml": "title: Brought\n", "course/01.md": "# One\n\nWords."})
File = tuple[str, bytes]


@dataclass(frozen=True)
class Making:
    """A form that makes one row of a table: who sends it, its page, and its action, if that is another."""

    route: str
    who: str
    page: str
    table: type[Base]
    fields: dict[str, str] = field(default_factory=dict)
    action: str = ""
    file: File | None = None


MAKING = (
    Making(
        "/teach/courses/new",
        "ada",
        "/teach/courses/new",
        Course,
        {"title": "Anew", "description": "What there is to know.", "category": "Science"},
    ),
    Making(
        "/teach/courses/{course_id}/outline/add",
        "ada",
        f"{COURSE}/outline",
        Lesson,
        {"title": "Anew", "lesson_type": "text"},
        f"{COURSE}/outline/add",
    ),
    Making(
        "/teach/courses/{course_id}/outline/{lesson_id}/quiz",
        "ada",
        f"{COURSE}/outline/{{L9}}",
        Quiz,
        action=f"{COURSE}/outline/{{L9}}/quiz",
    ),
    Making("/teach/courses/{course_id}/quizzes", "ada", f"{COURSE}/quizzes", Quiz, {"title": "Anew"}),
    Making(
        "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/new",
        "ada",
        f"{QUIZ}/questions/new?kind=true_false",
        QuizQuestion,
        {"question_text": "Is it?", "points": "1", "truth": "true", "do": "save"},
        f"{QUIZ}/questions/new",
    ),
    Making(
        "/teach/courses/{course_id}/quizzes/{quiz_id}/regrade", "ada", f"{QUIZ}/regrade", Regrade, {"do": "dry-run"}
    ),
    Making("/teach/grading/comments", "ada", "/teach/grading/comments", GradingComment, {"text": "Well said."}),
    Making(
        "/teach/courses/{course_id}/learners/enroll",
        "ada",
        f"{COURSE}/learners/enroll",
        CourseInvitation,
        {"people": "late@school.example", "do": "enroll"},
    ),
    Making(
        "/teach/courses/{course_id}/learners/codes",
        "ada",
        f"{COURSE}/learners/invitations",
        JoinCode,
        action=f"{COURSE}/learners/codes",
    ),
    Making(
        "/admin/people/new",
        "root",
        "/admin/people/new",
        User,
        {"email": "new@school.example", "full_name": "Neha Sharma", "role": "student"},
    ),
    Making(
        "/admin/people/{user_id}/export",
        "root",
        "/admin/people/{sam}/export",
        DataExport,
        {"reason": "Asked for it."},
    ),
    Making(
        "/admin/people/{user_id}/anonymize",
        "root",
        "/admin/people/{mia}/anonymize",
        Erasure,
        {"reason": "Left the school.", "certificates": "keep"},
    ),
    Making(
        "/teach/upload/course",
        "ada",
        "/teach/import",
        CourseImport,
        action="/teach/upload/course",
        file=("course.zip", BROUGHT),
    ),
    Making(
        "/admin/people/import",
        "root",
        "/admin/people/import",
        PeopleImport,
        file=("people.csv", b"email,full_name,role\nnew@school.example,Neha,student\n"),
    ),
    Making(
        "/teach/upload/cover/{course_id}",
        "ada",
        f"{COURSE}/settings",
        UploadedFile,
        action="/teach/upload/cover/{C1}",
        file=("cover.png", picture("png")),
    ),
    Making(
        "/teach/upload/lessons/{course_id}/{lesson_id}/files",
        "ada",
        f"{COURSE}/lessons/{{L1}}",
        UploadedFile,
        action="/teach/upload/lessons/{C1}/{L1}/files",
        file=("notes.txt", b"Words."),
    ),
    Making(
        "/teach/upload/lessons/{course_id}/{lesson_id}/captions/{language}",
        "ada",
        f"{COURSE}/lessons/{{L2}}",
        UploadedFile,
        action="/teach/upload/lessons/{C1}/{L2}/captions/en",
        file=("talk.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nWords.\n"),
    ),
    Making("/my/files/upload", "sam", "/my/files", UploadedFile, action="/my/files/upload", file=("a.txt", b"Words.")),
)
NO_HARM = {
    "/teach/courses/{course_id}/lessons/{lesson_id}": "the version that was seen; a text that is there already is none",
    "/teach/courses/{course_id}/lessons/{lesson_id}/preview": "shows only",
    "/teach/courses/{course_id}/lessons/{lesson_id}/captions": "what is gone stays gone",
    "/teach/courses/{course_id}/lessons/{lesson_id}/versions/{number}/restore": "the version that was seen",
    "/teach/courses/{course_id}/trash/{item_id}/restore": "what is back is not in the trash",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/try": "shows only",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/paste": "the version of the quiz that was seen",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/{question_id}": "the version that was seen",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/questions/{question_id}/delete": "what is gone stays gone",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/settings": "the version that was seen",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/publish": "a state",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/unpublish": "a state",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/delete": "what is gone stays gone",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/move": "a step; twice is two steps, and seen",
    "/teach/courses/{course_id}/quizzes/{quiz_id}/release": "what is released is released",
    "/teach/courses/{course_id}/outline": "a step; twice is two steps, and seen, and can be undone",
    "/teach/courses/{course_id}/outline/{lesson_id}/delete": "what is gone stays gone",
    "/teach/grading/{attempt_id}": "marks that are there already are no change",
    "/teach/grading/comments/{comment_id}": "the version that was seen",
    "/teach/grading/comments/{comment_id}/delete": "what is gone stays gone",
    "/teach/courses/{course_id}/settings": "the version that was seen",
    "/teach/courses/{course_id}/cover/remove": "what is gone stays gone",
    "/teach/courses/{course_id}/publish": "a state",
    "/teach/courses/{course_id}/delete": "what is gone stays gone",
    "/teach/courses/{course_id}/learners/{enrollment_id}/status": "the version that was seen",
    "/teach/courses/{course_id}/learners/{enrollment_id}/quizzes/{quiz_id}": "the version that was seen",
    "/teach/courses/{course_id}/learners/{enrollment_id}/certificates/{certificate_id}/revoke": "a state",
    "/teach/courses/{course_id}/learners/bulk": "shows only",
    "/teach/courses/{course_id}/learners/bulk/do": "states, and numbers that replace others",
    "/teach/courses/{course_id}/learners/invitations/{invitation_id}/withdraw": "what is gone stays gone",
    "/teach/courses/{course_id}/learners/codes/{code_id}/revoke": "a state",
    "/admin/system/jobs/{job_id}/requeue": "a job that waits again is not dead",
    "/admin/system/jobs/{job_id}/drop": "what is gone stays gone",
    "/admin/people/{user_id}": "the version that was seen",
    "/admin/people/{user_id}/activity": "a state",
    "/admin/people/{user_id}/sessions/end": "what is gone stays gone",
    "/admin/people/{user_id}/second-factor/reset": "a state",
    "/admin/people/{user_id}/keep": "a state",
    "/admin/people/imports/{import_id}/apply": "an import that is carried out is not planned",
}
"""The other forms of staff, each with why a second request makes nothing."""


def test_no_form_of_staff_is_forgotten():
    posts = {one.path for one in page_routes() if isinstance(one, PageRoute) and "POST" in (one.methods or ())}
    staff = {path for path in posts if path.startswith(("/teach/", "/admin/"))}
    assert staff == {one.route for one in MAKING if one.route.startswith(("/teach/", "/admin/"))} | NO_HARM.keys()


async def _send(someone: Tab, making: Making, address: str, fields: dict[str, str]) -> httpx2.Response:
    if making.file is None:
        return await someone.post(address, fields)
    sent = {"file": (*making.file, "application/octet-stream")}
    return await someone.client.post(address, files=sent, data=fields, headers=OWN)


async def _opened(someone: Tab, making: Making) -> tuple[str, dict[str, str]]:
    """Where the form leads that the page has now, and what it holds when it is filled in."""
    action = someone.world.filled(making.action or making.page)
    page = tree(await someone.get(making.page))
    form = next(one for one in page.xpath("//form[@method='post']") if urlsplit(one.get("action")).path == action)
    hidden = {str(one.get("name")): str(one.get("value")) for one in form.xpath(".//input[@type='hidden']")}
    return str(form.get("action")), {**hidden, **making.fields}


@pytest.mark.parametrize("making", MAKING, ids=lambda making: making.route)
async def test_what_is_sent_twice_also_at_the_same_time_is_made_once(world: World, making: Making):
    await world.add(lesson(world, "L9", "C1", 9, LessonType.QUIZ))
    before = await world.count(making.table)
    async with tab(world, making.who) as someone:
        address, fields = await _opened(someone, making)
        answers = await asyncio.gather(*(_send(someone, making, address, fields) for _ in range(4)))
        answers.append(await _send(someone, making, address, fields))
        assert {answer.status_code for answer in answers} == {303}, [text(one) for one in answers if one.text]
        assert len({answer.headers["location"] for answer in answers}) == 1
        assert len({answer.headers.get("set-cookie") for answer in answers}) == 1
    assert await world.count(making.table) == before + 1


async def test_a_page_that_is_opened_anew_makes_another_one(world: World):
    making = next(one for one in MAKING if one.table is GradingComment)
    before = await world.count(GradingComment)
    async with tab(world, "ada") as ada:
        forms = [await _opened(ada, making) for _ in range(2)]
        address, fields = forms[0]
        forms.append((address, {**fields, "text": "Other words under the same word."}))
        for form in forms:
            assert (await _send(ada, making, *form)).status_code == 303
    assert await world.count(GradingComment) == before + 3


async def test_what_is_refused_keeps_nothing_and_is_sent_again(world: World):
    async with tab(world, "ada") as ada:
        address, fields = await _opened(ada, MAKING[0])
        refused = await ada.post(address, {**fields, "title": ""})
        assert refused.status_code == 422
        (word,) = tree(refused).xpath("//input[@name='once']/@value")
        assert word != fields["once"]
        assert (await ada.post(address, {**fields, "title": ""})).status_code == 422
    async with world.runtime.database.read_session() as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


async def test_the_word_of_one_is_nothing_to_another(world: World):
    making = next(one for one in MAKING if one.table is GradingComment)
    before = await world.count(GradingComment)
    async with tab(world, "ada") as ada, tab(world, "eve") as eve:
        address, fields = await _opened(ada, making)
        for someone in (ada, eve):
            assert (await _send(someone, making, address, fields)).status_code == 303
    assert await world.count(GradingComment) == before + 2
