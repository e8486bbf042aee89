"""Every page for every caller in every language, without a browser: status, structure, words, statements."""

import shutil
from collections import Counter
from itertools import pairwise

import pytest

from studium.web.app import page_routes
from studium.web.routing import PageRoute
from tests.web.admin.imports import add_imports
from tests.web.attempts import take_quizzes
from tests.web.pages import BESIDES, CALLERS, NO_PAGES, OWN, PLACES, ROWS, STAFF, paths
from tests.web.school import tab, tree
from tests.web.teacher.imports import add_course_imports
from tests.world import World, open_world

_SAID = "//body//*[not(self::bdi or self::wbr) and not(ancestor-or-self::*[@dir='auto'])]/text()"
_NAMES = (
    "Studium",
    "English",
    "PDF",
    "AA",
    "name",
    "example",
    "org",
    "tests",
    "CSV",
    "GIFT",
    "Aiken",
    "Moodle",
    "Open",
    "edX",
    "MiB",
    "Zoë",
)
_OF_FILES = ("student", "instructor", "en", "ar", "true", "false")
"""Words that stand in files as they are."""

_WRITTEN_BY_TEACHERS = (
    "Course",
    "Lesson",
    "Science",
    "Ada",
    "Eve",
    "Sam",
    "Example",
    "What",
    "there",
    "is",
    "to",
    "know",
)
LANGUAGES = {"en": "ltr", "ar": "rtl"}


@pytest.fixture
async def world(world: World) -> World:
    """The school with attempts at its quizzes."""
    await take_quizzes(world)
    await add_imports(world)
    await add_course_imports(world)
    return world


def looked_at(who: str | None) -> list[str]:
    """Where somebody looks: every page, and the other states that are for everybody, for learners, or for them."""
    own = [path for path, whose in STAFF if whose == who]
    return [*(PLACES.get(path, path) for path in ROWS if path not in NO_PAGES), *BESIDES, *OWN, *own]


def test_no_page_is_forgotten() -> None:
    assert paths() == set(ROWS)


def test_every_page_that_only_shows_has_a_plan() -> None:
    shown = [route for route in page_routes() if isinstance(route, PageRoute) and route.methods == {"GET"}]
    assert shown
    assert [route.path for route in shown if route.plan is None] == []


@pytest.mark.parametrize("who", CALLERS)
async def test_every_page_answers_every_caller(world: World, who: str | None):
    place = CALLERS.index(who)
    for path, statuses in ROWS.items():
        async with tab(world, who) as visitor:
            answer = await visitor.get(PLACES.get(path, path))
            assert answer.status_code == statuses[place], path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_page_is_put_together_well(world: World, who: str | None, language: str):
    seen = 0
    async with tab(world, who, **{"accept-language": language}) as visitor:
        for path in looked_at(who):
            answer = await visitor.get(path)
            if answer.status_code == 303:
                continue
            seen += 1
            page = tree(answer)
            assert (page.get("lang"), page.get("dir")) == (language, LANGUAGES[language]), path
            assert len(page.xpath("//h1")) == 1, path
            assert len(page.xpath("//main[@id='main']")) == 1, path
            assert page.xpath("//title")[0].text_content().endswith(" · Studium"), path
            ids: Counter[str] = Counter(page.xpath("//@id"))
            assert [name for name, times in ids.items() if times > 1] == [], path
            labelled = {*page.xpath("//label/@for")}
            fields = page.xpath("//input[not(@type='hidden' or @hidden)] | //select | //textarea")
            assert [one.get("id") for one in fields if one.get("id") not in labelled] == [], path
            assert set(page.xpath("//*/@aria-describedby | //*/@aria-labelledby")) <= {
                " ".join(each) for each in _named(page, ids)
            }, path
            levels = [int(one.tag[1]) for one in page.xpath("//h1 | //h2 | //h3 | //h4")]
            assert all(after - before <= 1 for before, after in pairwise(levels)), path
            assert page.xpath("//*[@style or @onclick]") == [], path
            assert page.xpath("//form[@method='post'][not(starts-with(@action, '/'))]") == [], path
            back = page.xpath("//footer//form[@action='/language']/input[@name='next']/@value")
            assert {*back} <= {str(answer.url.raw_path, "ascii")}, path
            policy = answer.headers["content-security-policy"]
            assert "require-trusted-types-for 'script'" in policy
            assert "unsafe" not in policy
            assert answer.headers["content-language"] == language
            assert answer.headers["cache-control"] in {"private, no-cache", "no-store"}
    assert seen > 8


def _named(page: object, ids: Counter[str]) -> list[list[str]]:
    """What may be named by an attribute that lists ids: those that exist."""
    found = page.xpath("//*/@aria-describedby | //*/@aria-labelledby")  # type: ignore[attr-defined]  # the caller passes one.
    return [text.split(" ") for text in found if set(text.split()) <= set(ids)]


@pytest.mark.parametrize("who", [None, "sam", "ada", "root"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_in_arabic_says_nothing_in_english(world: World, who: str | None):
    """But for names, addresses and what is written in Latin letters anyway."""
    latin = {*_NAMES, *_OF_FILES, *_WRITTEN_BY_TEACHERS}
    async with tab(world, who, **{"accept-language": "ar"}) as visitor:
        for path in looked_at(who):
            answer = await visitor.get(path)
            if answer.status_code == 303:
                continue
            for element in tree(answer).xpath(_SAID):
                words = {word.strip(".,·@ ") for word in str(element).split() if word.isascii() and word.isalpha()}
                words = {word for word in words if len(word) > 1}  # A letter stands for a name.
                assert words <= latin, (path, words)


async def test_a_page_asks_the_database_as_often_as_the_api_and_once_more(world: World):
    async with tab(world, "sam") as sam:
        async with world.counting() as statements:
            assert (await sam.get("/courses")).status_code == 200
        page = len(statements)
    await world.runtime.cache.delete("courses:categories")
    async with world.counting() as statements:
        await world.call("sam", "GET", "/courses?include_total=true&limit=24&sort=popular")
        await world.call(None, "GET", "/courses/categories")
    assert page <= len(statements)  # The token's own read is the one more.


async def test_a_page_that_has_not_changed_is_not_sent_again(world: World):
    async with tab(world) as nobody:
        first = await nobody.get("/courses")
        again = await nobody.get("/courses", **{"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "content-length" not in again.headers


async def test_the_language_is_of_the_account_then_the_cookie_then_the_browser(world: World):
    async with tab(world, "sam", **{"accept-language": "en"}) as sam:
        assert tree(await sam.get("/help")).get("lang") == "en"
        answer = await sam.post("/language", {"language": "ar", "next": "/help"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/help")
        assert tree(await sam.get("/help")).get("lang") == "ar"
        await sam.post("/account", {"full_name": "Sam Example", "language": "en"})
        await sam.post("/language", {"language": "xx", "next": "//evil.example"})
        assert tree(await sam.get("/help")).get("lang") == "en"


async def test_how_lessons_look_is_kept_on_the_device(world: World):
    async with tab(world) as nobody:
        wanted = {"size": "large", "space": "wide", "width": '"><b>', "theme": "dark", "next": "//evil.example"}
        answer = await nobody.post("/reading", wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        page = tree(await nobody.get("/courses/course-c1/lesson-l1"))
        assert {name: page.get(f"data-{name}") for name in ("size", "space", "width", "theme")} == {
            "size": "large",
            "space": "wide",
            "width": None,
            "theme": "dark",
        }
        nobody.client.cookies.clear()
        for cookie in ("large", "....", "x.y.z", "a" * 5_000):
            answer = await nobody.get("/reading", cookie=f"studium-reading={cookie}")
            assert (answer.status_code, tree(answer).get("data-size")) == (200, None)


async def test_problems_are_pages_for_people_and_documents_for_programs(world: World):
    async with tab(world) as nobody:
        page = await nobody.get("/no-such-page", **{"x-request-id": "look-for-this-1"})
        assert page.status_code == 404
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "look-for-this-1" in page.text
        assert (await nobody.get("/api/v1/no-such-thing")).json()["code"] == "not_found"
        assert (await nobody.get("/no-such-page", accept="application/json")).json()["code"] == "not_found"
        assert (await nobody.post("/help")).status_code == 405
        assert (await nobody.get("/courses?cursor=forged")).status_code == 422
        assert (await nobody.get("/courses?sort=backwards")).status_code == 422


async def test_a_page_of_a_problem_knows_who_met_it(world: World):
    """Also at addresses that no route takes, and for methods that a page does not take."""
    async with tab(world, "sam") as sam, tab(world) as nobody:
        for page in (await sam.get("/no-such-page"), await sam.post("/help")):
            assert tree(page).xpath("//a[@class='avatar']")
            assert not tree(page).xpath("//a[@href='/login']")
        assert tree(await nobody.get("/no-such-page")).xpath("//a[@href='/login']")


async def test_addresses_that_are_none_are_refused_by_every_form(world: World):
    """There is no page on which their form could be shown again."""
    async with tab(world, "root") as root:
        for route in page_routes():
            if isinstance(route, PageRoute) and "POST" in (route.methods or ()):
                for odd in route.param_convertors:
                    for put in ("x", "9" * 300, "%ED%A0%80"):
                        some = {name: str(world.ids["C1"]) for name in route.param_convertors} | {odd: put}
                        answer = await root.post(route.path.format(**some))
                        assert answer.status_code < 500, (route.path, odd, put)


async def test_a_school_without_pages_has_none(tmp_path, migrated_file):
    shutil.copy(migrated_file, tmp_path / "studium.db")
    async with open_world(f"sqlite:///{tmp_path}/studium.db", tmp_path, web="off") as world, tab(world) as nobody:
        for path in ("/", "/courses", "/login"):
            assert (await nobody.get(path)).json()["code"] == "not_found"
        assert (await world.client.get("/courses")).status_code == 200
