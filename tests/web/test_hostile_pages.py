"""Hostile texts through every form, every address and every template: no markup, no script, no error of ours."""

from itertools import cycle, islice
from typing import Any

import httpx2
import pytest
from lxml import html as lxml_html
from sqlalchemy import update

from studium.models import Certificate, Course, Lesson, User
from tests.web.hostile_texts import FOREIGN_SCRIPTS, MARK, hostile_texts
from tests.web.school import tab
from tests.web.test_forms import FORMS
from tests.world import World

SHORT = 200
MANY = [SHORT, pytest.param(5000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHOWN = ("/courses", "/courses/course-c1", "/courses/course-c1/lesson-l1", "/home", "/my/certificates", "/account")
COURSE = "/teach/courses/{C1}"
TEACHERS = ("/teach", *(f"{COURSE}/{part}" for part in ("outline", "outline/{L1}", "outline/{L1}/delete")))
TEACHERS += (*(f"{COURSE}/{part}" for part in ("settings", "publish", "delete")), "/teach/import")
TEACHERS += (*(f"{COURSE}/{part}" for part in ("trash", "lessons/{L1}", "lessons/{L1}/versions")),)
LESSON_FIELDS = ("title", "lesson_type", "duration_minutes", "video_url", "description", "content", "version")
QUIZ = f"{COURSE}/quizzes/{{Q1}}"
TEACHERS += (f"{COURSE}/quizzes", *(f"{QUIZ}{part}" for part in ("", "/questions/{K1}", "/try", "/paste", "/regrade")))
TEACHERS += (f"{COURSE}/figures",)
ADMINS = ("/admin", "/admin/audit", "/admin/people", *(f"/admin/people/{{sam}}{part}" for part in ("", "/export")))
SHOWN_TO = {"sam": SHOWN, "ada": TEACHERS, "root": (*ADMINS, "/admin/people/{sam}/anonymize")}
STAFF_FORMS = {
    "/teach/courses/new": ("title", "description", "category", "difficulty_level", "estimated_duration_minutes"),
    f"{COURSE}/outline": ("move", "to", "up", "back"),
    f"{COURSE}/outline/add": ("title", "lesson_type", "parent_lesson_id"),
    f"{COURSE}/outline/{{L1}}/delete": ("version",),
    f"{COURSE}/settings": ("title", "slug", "description", "category", "picture_text", "version"),
    f"{COURSE}/publish": ("version", "hide"),
    f"{COURSE}/lessons/{{L1}}": (*LESSON_FIELDS, "repair", "words-0", "insert", "do"),
    f"{COURSE}/lessons/{{L1}}/preview": (*LESSON_FIELDS, "repair", "words-0", "captions"),
    f"{COURSE}/lessons/{{L1}}/captions": ("language",),
    f"{COURSE}/lessons/{{L1}}/versions/1/restore": ("version",),
    f"{QUIZ}/settings": ("settings", "title", "description", "quiz_type", "passing_score", "max_attempts", "release"),
    f"{QUIZ}/questions/new": ("question_text", "option-1", "id-1", "right", "points", "explanation", "tolerance", "do"),
    f"{QUIZ}/paste": ("text", "format", "do"),
    f"{QUIZ}/try": ("v-1", "a-1", "v-2", "a-2"),
}
ADMIN_FORMS = {
    "/admin/people/new": ("email", "full_name", "role", "external_id"),
    "/admin/people/{sam}": ("full_name", "role", "external_id", "version"),
    "/admin/people/{sam}/export": ("reason",),
    "/admin/people/{sam}/anonymize": ("reason", "certificates"),
}
FORMS_OF = {"ada": STAFF_FORMS, "root": ADMIN_FORMS}
ADDRESSES = ("/courses?q={}", "/courses?category={}", "/login?next={}", "/set-password?token={}", "/courses/{}", "/{}")
_MARKED = f"//*[contains(local-name(), '{MARK}')] | //img[contains(@src, '{MARK}')]"
_ELEMENTS = f"{_MARKED} | {FOREIGN_SCRIPTS} | //style | //math"
_ATTRIBUTES = f"//@*[contains(name(), '{MARK}') or starts-with(name(), 'on') or name() = 'style']"
_ADDRESSES = f"//@href[starts-with(., 'javascript') or starts-with(., 'data:') or contains(., '//{MARK}')]"


def harm(answer: httpx2.Response) -> list[str]:
    """What got through into a page."""
    found = [f"status {answer.status_code}"] if answer.status_code >= 500 else []
    if MARK in answer.headers.get("set-cookie", "") or f"//{MARK}" in answer.headers.get("location", ""):
        found.append(str(answer.headers))
    if not answer.headers.get("content-type", "").startswith("text/html") or not answer.content:
        return found
    page = lxml_html.document_fromstring(answer.content)
    for query in (_ELEMENTS, _ATTRIBUTES, _ADDRESSES):
        found += [str(one)[:80] for one in page.xpath(query)]
    return found


@pytest.mark.parametrize(
    "body",
    [
        f"<{MARK}>",
        "<script src=/x.js></script>",
        f"<p {MARK}=1>",
        "<p onclick=x>",
        "<p style=x>",
        "<a href='javascript:x'>",
        f"<img src=//{MARK}.example>",
    ],
)
def test_what_gets_through_is_seen(body: str) -> None:
    page = f"<!doctype html><title>A page</title>{body}"
    assert harm(httpx2.Response(200, headers={"content-type": "text/html"}, text=page))
    assert not harm(httpx2.Response(200, headers={"content-type": "text/html"}, text=page.replace(body, "<p>x")))


@ONE_DATABASE
@pytest.mark.parametrize("many", MANY)
async def test_no_form_lets_harm_through(world: World, many: int):
    """Each text goes into one form, into all of its fields at once."""
    wrong: list[tuple[str, str, list[str]]] = []
    async with tab(world, "sam") as sam, tab(world) as nobody:
        for text, path in zip(hostile_texts(many), cycle(FORMS)):
            visitor = nobody if path in {"/register", "/login", "/login/code", "/reset"} else sam
            answer = await visitor.post(path, {**dict.fromkeys(FORMS[path], text)})
            wrong += [(path, text, found)] if (found := harm(answer)) else []
    assert wrong == []


@ONE_DATABASE
@pytest.mark.parametrize(("who", "path"), [(who, path) for who, forms in FORMS_OF.items() for path in forms])
async def test_no_form_of_staff_lets_harm_through(world: World, who: str, path: str):
    """Each text goes into one field of a form, and into all of them at once."""
    fields = FORMS_OF[who][path]
    wrong: list[tuple[str, str, list[str]]] = []
    async with tab(world, who) as staff:
        for text in hostile_texts(SHORT // 5):
            for typed in ({fields[0]: text}, dict.fromkeys(fields, text)):
                answer = await staff.post(path, typed)
                wrong += [(path, text, found)] if (found := harm(answer)) else []
    assert wrong == []


@ONE_DATABASE
@pytest.mark.parametrize("many", MANY)
async def test_no_address_lets_harm_through(world: World, many: int):
    wrong: list[tuple[str, str, list[str]]] = []
    async with tab(world) as nobody:
        for text, address in zip(hostile_texts(many), cycle(ADDRESSES)):
            answer = await nobody.client.get(address.format(_encoded(text)))
            wrong += [(address, text, found)] if (found := harm(answer)) else []
    assert wrong == []


def _encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in text.encode())


async def _written(world: World, texts: tuple[str, ...]) -> None:
    """Every name and text of the school is one of these; what no database takes is left out."""
    given = cycle([text.replace("\x00", "") for text in texts])
    async with world.runtime.database.write_session() as session:
        for model, names in (
            (User, ("full_name",)),
            (Course, ("title", "description", "category")),
            (Lesson, ("title", "description", "content")),
            (Certificate, ("student_name", "course_title", "instructor_name")),
        ):
            values: dict[str, Any] = {name: next(given)[:100] for name in names}
            await session.execute(update(model).values(values))


@ONE_DATABASE
@pytest.mark.parametrize("who", SHOWN_TO)
@pytest.mark.parametrize("many", MANY)
async def test_no_template_lets_harm_through(world: World, many: int, who: str):
    """Ten texts at a time stand wherever a page shows what people wrote."""
    wrong: list[tuple[str, list[str]]] = []
    seen = 0
    async with tab(world, who) as visitor:
        given = hostile_texts(many)
        while texts := tuple(islice(given, 10)):
            await _written(world, texts)
            for path in SHOWN_TO[who]:
                answer = await visitor.get(path)
                assert answer.status_code == 200, (path, texts)
                seen += MARK in answer.text
                wrong += [(path, found)] if (found := harm(answer)) else []
    assert wrong == []
    assert seen > many / 10 * 4


WIDE = "﷽" * 255
MIXED = "العنوان Title \u202eevil 123 <b> \u05e9\u05dc\u05d5\u05dd" * 7


async def _filled(world: World, title: str) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(User).values(full_name=title[:255]))
        await session.execute(update(Course).values(title=title[:255]))
        await session.execute(update(Lesson).values(title=title[:255]))


@ONE_DATABASE
@pytest.mark.parametrize("who", SHOWN_TO)
@pytest.mark.parametrize("title", [WIDE, MIXED, "W" * 255], ids=["wide", "mixed", "one word"])
async def test_long_names_stand_by_themselves(world: World, title: str, who: str):
    await _filled(world, title)
    async with tab(world, who) as visitor:
        for path in SHOWN_TO[who]:
            page = lxml_html.document_fromstring((await visitor.get(path)).content)
            for element in page.xpath(f"//body//*[text()[contains(., '{title[:40]}')]]"):
                apart = element.xpath("ancestor-or-self::bdi | ancestor-or-self::*[@dir='auto']")
                hidden = element.xpath("ancestor-or-self::*[contains(@class, 'vh') or @aria-hidden]")
                assert apart or hidden, (path, element.tag, element.get("class"))


@ONE_DATABASE
async def test_the_longest_lesson_and_the_longest_course_are_pages(world: World):
    """200,000 characters, and a thousand lessons: whole, in as many statements, and folded beside a lesson."""
    async with world.runtime.database.write_session() as session:
        lesson = await session.get_one(Lesson, world.ids["L1"])
        lesson.content = ("A sentence of a lesson that goes on and on. " * 4550)[:199_990] + " THE END."
        course = await session.get_one(Course, world.ids["C1"])
        fields = {"course_id": course.id, "lesson_type": lesson.lesson_type, "title": "One more lesson"}
        session.add_all(Lesson(**fields, slug=f"more-{place}", order_index=place) for place in range(9, 1005))
    async with tab(world, "sam") as sam:
        page = await sam.get("/courses/course-c1")
        assert page.text.count("/courses/course-c1/more-") == 996
        answer = await sam.get("/courses/course-c1/lesson-l1")
        assert answer.status_code == 200
        assert "THE END." in answer.text
        outlines = lxml_html.document_fromstring(answer.content).xpath("//nav//details//ol")
        assert outlines
        assert len(answer.content) < 2 * 1024 * 1024
