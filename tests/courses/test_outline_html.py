"""The outline has no HTML; `?include=content_html` gives it for a short page, rendered when the session is closed."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from studium.kit.http.pagination import DEFAULT_LIMIT
from studium.kit.text import markdown
from studium.models import Lesson, LessonType
from studium.modules.courses.schemas import MAX_RENDERED
from tests.world import World

OUTLINE = "/courses/{C1}/lessons"
WITH_HTML = f"{OUTLINE}?include=content_html"
LONG = "# Long\n\n" + "word " * 1_000
Work = Callable[..., str]


async def add_lessons(world: World, count: int, content: str) -> None:
    await world.add(
        *(
            Lesson(
                course_id=world.ids["C1"],
                title=f"Lesson {number}",
                slug=f"lesson-{number}",
                lesson_type=LessonType.TEXT,
                order_index=10 + number,
                is_preview=True,
                content=f"{content}{number}",
                version=1,
            )
            for number in range(count)
        )
    )


async def test_html_comes_when_it_is_asked_for(world: World) -> None:
    for who, readable in ((None, {"L1"}), ("sam", {"L1", "L2"})):
        plain = (await world.call(who, "GET", OUTLINE)).json()["items"]
        asked = (await world.call(who, "GET", WITH_HTML)).json()["items"]
        assert {item["content_html"] for item in plain} == {None}
        assert asked[0]["content_html"] == '<h2 id="h-one">One</h2>\n'
        assert [{**item, "content_html": None} for item in asked] == plain
        open_ones = {str(world.ids[name]) for name in readable}
        assert {item["id"] for item in asked if item["content_html"]} <= open_ones


async def test_a_page_with_html_is_short(world: World) -> None:
    await add_lessons(world, 30, "*text* ")
    assert len((await world.call("sam", "GET", OUTLINE)).json()["items"]) == 34
    first = await world.call("sam", "GET", WITH_HTML)
    page = first.json()
    assert len(page["items"]) == MAX_RENDERED
    assert 'rel="next"' in first.headers["Link"]
    rest = (await world.call("sam", "GET", f"{WITH_HTML}&cursor={page['next_cursor']}")).json()
    assert len(page["items"]) + len(rest["items"]) == 34
    assert rest["items"][-1]["content_html"] == "<p><em>text</em> 29</p>\n"


@pytest.mark.parametrize(
    "query",
    [f"limit={MAX_RENDERED + 1}", f"limit={DEFAULT_LIMIT}", "include=content", "include=", "include=content_html"],
)
async def test_what_is_asked_for_wrongly_is_422(world: World, query: str) -> None:
    answer = await world.call("sam", "GET", f"{WITH_HTML}&{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_lesson_that_is_written_comes_back_with_its_html(world: World) -> None:
    made = await world.call("ada", "POST", OUTLINE, json={"title": "A", "lesson_type": "text", "content": LONG})
    assert made.json()["content_html"].startswith('<h2 id="h-long">Long</h2>')
    path = f"{OUTLINE}/{made.json()['id']}"
    renamed = await world.call("ada", "PATCH", path, json={"title": "B"})
    assert renamed.json()["content_html"] == made.json()["content_html"]
    changed = await world.call("ada", "PATCH", path, json={"content": f"{LONG} more"})
    assert changed.json()["content_html"].endswith("more</p>\n")
    assert (changed.status_code, changed.headers["ETag"]) == (200, f'"v{changed.json()["version"]}"')
    key = {"Idempotency-Key": "k1"}
    body = {"title": "C", "lesson_type": "text", "content": f"{LONG} again"}
    one, two = [await world.call("ada", "POST", OUTLINE, json=body, headers=key) for _ in range(2)]
    assert (two.content, two.headers["Idempotency-Replayed"]) == (one.content, "true")
    assert one.json()["content_html"].endswith("again</p>\n")


@pytest.fixture
def rendering(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], threading.Event]:
    """The texts that are rendered, and what lets it go on."""
    seen: list[str] = []
    may_go_on = threading.Event()
    render: Work = markdown.markdown_to_html

    def slow(text: str, picture_hosts: tuple[str, ...] = ()) -> str:
        seen.append(text)
        may_go_on.wait(20)
        return render(text, picture_hosts)

    monkeypatch.setattr(markdown, "markdown_to_html", slow)
    return seen, may_go_on


async def test_many_readers_of_large_lessons_keep_nobody_out(
    world: World, rendering: tuple[list[str], threading.Event]
) -> None:
    """While thirty wait for their HTML, more than either database has connections, the others are served."""
    seen, may_go_on = rendering
    await add_lessons(world, 5, f"{LONG} {world.ids['C1']} ")
    readers = [asyncio.create_task(world.call(None, "GET", WITH_HTML)) for _ in range(8)]
    single = (await world.call(None, "GET", OUTLINE)).json()["items"][-1]["id"]
    alone = [asyncio.create_task(world.call(None, "GET", f"{OUTLINE}/{single}")) for _ in range(22)]
    async with asyncio.timeout(20):
        while len(seen) < 2:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        assert (await world.call("sam", "GET", "/users/me")).status_code == 200
        assert (await world.call("sam", "GET", OUTLINE)).status_code == 200
        assert (await world.call("ada", "PATCH", "/users/me", json={"full_name": "Ada"})).status_code == 200
        form = {"email": "sam@school.example", "password": "violet kettle 41"}
        assert (await world.call(None, "POST", "/auth/login", json=form)).status_code == 200
    may_go_on.set()
    answers = await asyncio.gather(*readers, *alone)
    assert {answer.status_code for answer in answers} == {200}
    # Each text once, and perhaps one for which both kinds of readers waited.
    long = [text for text in seen if text.startswith(LONG)]
    assert len(set(long)) == 5
    assert len(long) <= 6
