"""Courses are found by their words, alike on both databases."""

import asyncio

import pytest
from sqlalchemy import delete, text

from studium.kit.db.search import TERMS_MAX, WORD_MAX, fold, parse, words_of
from studium.kit.text.visible import shows_something
from studium.models import Course
from tests.world import World

FOUND = [
    ("Linear Algebra", "algebra"),
    ("Linear Algebra", "ALGEBRA linear"),
    ("Linear Algebra", "alg"),
    ("Linear Algebra", '"linear" & algebra*'),
    ("Crème brûlée", "creme brulee"),
    ("Creme brulee", "Crème Brûlée"),
    ("Straße und Fluß", "strasse"),
    ("Smørrebrød", "smorrebrod"),
    ("İstanbul ve \u0131ş\u0131k", "istanbul isik"),
    ("Ёлка", "елка"),
    ("مُقَدِّمَة في البرمجة", "مقدمة"),
    ("مقدمة في البرمجة", "مُقَدِّمَة"),
    ("أساسيات الإحصاء", "اساسيات الاحصاء"),
    ("مدرســــة", "مدرسه"),
    ("学习编程", "编程"),
    ("学习编程", "学习"),
    ("学习编程", "程"),
    ("学习编程", "学习编程"),
    ("Python编程入门", "python 入门"),
    ("ガーデニング", "ガーデニ"),
    ("การเขียนโปรแกรม", "โปรแกรม"),
    ("हिन्दी व्याकरण", "हिन्दी"),
    ("한국어 문법", "한국"),
    ("\uff30ython", "python"),
    ("C++ and C#", "c++"),
    ("C++ and C#", "C#"),
    ("100% wool", "100%"),
    ("snake_case", "snake_case"),
    ("🎓 Learning 👩‍💻", "🎓"),
    ("🎓 Learning 👩‍💻", "👩‍💻"),
    ("می‌شود", "میشود"),
]
NOT_FOUND = [
    ("Linear Algebra", "gebra"),
    ("Linear Algebra", "linear geometry"),
    ("Linear Algebra", "line algebra"),
    ("Linear Algebra", "%"),
    ("Linear Algebra", "_"),
    ("Linear Algebra", "!!!"),
    ("Linear Algebra", "linear%"),
    ("1000 things", "100%"),
    ("学习编程", "习程"),
    ("がっこう", "かっこう"),
    ("C for beginners", "c++"),
]
HOSTILE = [
    '"',
    "'",
    "''",
    '"unclosed',
    "a'b",
    "a\\",
    "title:python",
    "AND",
    "OR NOT",
    "NEAR(a b)",
    "a NEAR/2 b",
    "^python",
    "(((",
    "*",
    "-a",
    "a:*",
    "a & | !b <-> c",
    "a:*ABCD",
    "{title}:x",
    "'; DROP TABLE courses; --",
    "\u202e\u200d\ufeff",
    "\u0300\u0301",
    "ﷺ" * 200,
    "x" * 200,
    "学" * 200,
    " ".join("abcdefghij") * 10,
    "🎓" * 200,
    "   ",
    "",
]


async def course(world: World, title: str, description: str | None = None) -> str:
    wish = {"title": title, "description": description, "category": "Search"}
    answer = await world.call("ada", "POST", "/courses", json=wish)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def found(world: World, q: str, **more: str) -> list[str]:
    query = {"q": q, "category": "Search", **more}
    answer = await world.call("ada", "GET", "/courses", params=query)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_words_are_found_in_any_script(world: World) -> None:
    for title in dict.fromkeys(title for title, _ in (*FOUND, *NOT_FOUND)):
        await course(world, title)
    for title, q in FOUND:
        assert title in await found(world, q), (title, q)
    for title, q in NOT_FOUND:
        assert title not in await found(world, q), (title, q)


async def test_whatever_is_typed_is_no_syntax(world: World) -> None:
    await course(world, "Linear Algebra", "With numbers.")
    for q in HOSTILE:
        await found(world, q)
        await found(world, f"algebra {q}"[:200])
        answer = await world.call("ada", "GET", "/courses", params={"q": q, "include_total": "true"})
        assert answer.status_code == 200, q
    assert (await world.call("ada", "GET", "/courses", params={"q": "x" * 201})).status_code == 422


async def test_texts_of_any_kind_are_indexed(world: World) -> None:
    titles = [title for title in HOSTILE if shows_something(title) and len(title) < 200 and "\u202e" not in title]
    for title in titles:
        await course(world, title, "x" * 20_000)
    await course(world, "Long", "".join(chr(0x4E00 + i) for i in range(20_000)))
    await course(world, "Wide", "".join(f"{i:x} " for i in range(4_000))[:20_000])
    await course(world, "Signs", "'\\:*&|!<->(),\u2028\u0600")
    assert len(await found(world, "x" * 200)) == len(titles)
    assert await found(world, "wide f9f") == ["Wide"]


async def test_the_title_weighs_more_than_the_description(world: World) -> None:
    for title, description in [
        ("Python for the web", "Everything."),
        ("Learn Python", "Make a web page."),
        ("Reptiles", "The python weaves no web."),
        ("Spiders", "Their webs, and the python."),
        ("Cooking", "No snakes."),
    ]:
        await course(world, title, description)
    best_first = ["Python for the web", "Learn Python", "Spiders", "Reptiles"]
    assert await found(world, "python web") == best_first
    assert await found(world, "python web", sort="relevance") == best_first
    assert await found(world, "python web", sort="title") == sorted(best_first)
    newest = ["Spiders", "Reptiles", "Learn Python", "Python for the web"]
    assert await found(world, "python web", sort="newest") == newest
    assert (await found(world, "", sort="relevance"))[0] == "Cooking"


@pytest.mark.parametrize("sort", ["relevance", "newest", "title", "popular", "rating"])
async def test_pages_of_a_search_hold_every_course_once(world: World, sort: str) -> None:
    for i in range(7):
        title, description = ("Course of maps", None) if i % 3 == 0 else (f"Course {i}", "With maps.")
        await course(world, title, description)
    whole = await world.call("ada", "GET", "/courses", params={"q": "map", "sort": sort, "include_total": "true"})
    assert whole.json()["total"] == 7
    seen: list[str] = []
    page = {"q": "map", "sort": sort, "limit": "2"}
    while True:
        answer = (await world.call("ada", "GET", "/courses", params=page)).json()
        seen += [item["id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        page["cursor"] = answer["next_cursor"]
    assert seen == [item["id"] for item in whole.json()["items"]]
    assert len(set(seen)) == 7


async def test_a_search_shows_only_what_the_caller_may_see(world: World) -> None:
    await course(world, "Secret plans")
    for who, expected in [(None, 0), ("mia", 0), ("eve", 0), ("ada", 1), ("root", 1)]:
        answer = await world.call(who, "GET", "/courses", params={"q": "secret"})
        assert len(answer.json()["items"]) == expected, who


async def test_the_index_follows_every_change(world: World) -> None:
    first, second = await course(world, "Botany", "Of leaves."), await course(world, "Botany")
    await world.call("ada", "PATCH", f"/courses/{first}", json={"title": "Zoology"})
    assert await found(world, "zoology leaves") == ["Zoology"]
    await world.call("ada", "PATCH", f"/courses/{first}", json={"description": None})
    assert await found(world, "leaves") == []
    changes = [{"title": f"Zoology {i}"} for i in range(8)]
    await asyncio.gather(*(world.call("ada", "PATCH", f"/courses/{second}", json=change) for change in changes))
    assert len(await found(world, "zoology")) == 2
    assert (await world.call("ada", "DELETE", f"/courses/{first}")).status_code == 204
    assert len(await found(world, "zoology")) == 1
    refused = await world.call("ada", "PATCH", f"/courses/{second}", json={"title": "Physics", "slug": "course-c1"})
    assert refused.status_code == 409
    assert await found(world, "physics") == []
    await check_index(world)


async def check_index(world: World) -> None:
    """Every course has its words; on SQLite the table of FTS5 says the same as the table of words."""
    async with world.runtime.database.write_session() as session:
        missing = "SELECT count(*) FROM courses WHERE id NOT IN (SELECT course_id FROM course_words)"
        assert await session.scalar(text(missing)) == 0
        if world.runtime.database.dialect == "sqlite":
            await session.execute(
                text("INSERT INTO course_words_fts(course_words_fts, rank) VALUES ('integrity-check', 1)")
            )


async def test_what_goes_by_itself_takes_its_words_along(world: World) -> None:
    await course(world, "Botany")
    async with world.runtime.database.write_session() as session:
        await session.execute(delete(Course).where(Course.title == "Botany"))
    assert await found(world, "botany") == []
    await check_index(world)


def test_folding_and_words() -> None:
    assert fold("ÀÉÎõü ﬁ Ⅳ Ψς") == "aeiou fi iv ψ\u03c3"
    assert words_of("Hello, world! Don't") == {"hello", "world", "don", "t"}
    assert words_of("学习 编") == {"学习", "习", "编"}
    assert words_of("a" * 500) == {"a" * WORD_MAX}
    assert parse("one two").terms == (("one", False), ("two", True))
    assert parse(" one, two! ").terms == (("one", False), ("two", False))
    assert len(parse(" ".join(map(str, range(99)))).terms) == TERMS_MAX
