"""People are found as people type: in any script, without accents or capitals, by a part of their address."""

import pytest
from sqlalchemy import delete, select, text

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Role, User, UserWords
from tests.answers import ok
from tests.world import World

PEOPLE = [
    "Ёлкина Анна",
    "NGUYỄN Văn",
    "José Núñez",
    "Łukasz O'Neill",
    "İpek Iğd\u0131r",
    "Straße Müller",
    "Νίκος",
    "王小明",
    "عُمَر الخيّام",
]
FOUND = [
    ("ёлкина", "Ёлкина Анна"),
    ("елк", "Ёлкина Анна"),
    ("nguyen", "NGUYỄN Văn"),
    ("van nguy", "NGUYỄN Văn"),
    ("jose", "José Núñez"),
    ("JOSÉ nunez", "José Núñez"),
    ("lukasz", "Łukasz O'Neill"),
    ("O\u2019Neill", "Łukasz O'Neill"),
    ("ipek igdir", "İpek Iğd\u0131r"),
    ("STRASSE", "Straße Müller"),
    ("νικοσ", "Νίκος"),
    ("ΝΙΚΟΣ", "Νίκος"),
    ("小明", "王小明"),
    ("عمر", "عُمَر الخيّام"),
]
NOT_FOUND = ["nguyan", "osé", "%", "_", "!!!", "'; DROP TABLE users; --", "\u0301"]


async def school(world: World) -> None:
    """The people, enrolled in C2, each with an address that says nothing about the name."""
    common = {"role": Role.STUDENT, "password_hash": "no", "email_verified_at": now()}
    people = [
        User(id=new_id(), email=f"learner-{i}.x+y@mail{i}.example", full_name=name, **common)
        for i, name in enumerate(PEOPLE)
    ]
    await world.add(*people)
    for person in people:
        world.ids[person.full_name] = person.id


async def found(world: World, q: str) -> list[str]:
    page = ok(await world.call("root", "GET", "/users", params={"q": q}))
    return [item["full_name"] for item in page["items"]]


async def test_names_are_found_as_people_type_them(world: World) -> None:
    await school(world)
    for q, name in FOUND:
        assert await found(world, q) == [name], q
    for q in NOT_FOUND:
        assert await found(world, q) == [], q


@pytest.mark.parametrize(
    "q",
    [
        "learner-3",
        "3.x+y@mail3.example",
        " LEARNER-3.X+Y@MAIL3.EXAMPLE ",
        "ner-3",
        "ail3",
        "lukasz mail3",
        "y@mail3",
        "r-3",
    ],
)
async def test_addresses_are_found_by_any_part(world: World, q: str) -> None:
    await school(world)
    assert await found(world, q) == ["Łukasz O'Neill"]


async def test_an_address_is_found_as_it_is_written(world: World) -> None:
    await school(world)
    assert await found(world, "x@learner") == []
    assert await found(world, "example@mail3") == []


async def test_the_words_follow_the_name(world: World) -> None:
    ok(await world.call("root", "PATCH", "/users/{mia}", json={"full_name": "Zoë Ångström"}))
    assert await found(world, "angstrom zoe") == ["Zoë Ångström"]
    assert await found(world, "mia") == ["Zoë Ångström"]  # By the address.
    ok(await world.call("mia", "PATCH", "/users/me", json={"metadata": {"a": 1}}))
    assert await found(world, "angstrom") == ["Zoë Ångström"]
    async with world.runtime.database.write_session() as session:
        words = "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM user_words)"
        assert await session.scalar(text(words)) == 0
        if world.runtime.database.dialect == "sqlite":
            await session.execute(
                text("INSERT INTO user_words_fts(user_words_fts, rank) VALUES ('integrity-check', 1)")
            )


async def test_who_goes_takes_the_words_along(world: World) -> None:
    await school(world)
    async with world.runtime.database.write_session() as session:
        await session.execute(delete(User).where(User.full_name == "Νίκος"))
        assert len(list(await session.scalars(select(UserWords.id)))) == len(PEOPLE) - 1 + 6
    assert await found(world, "νικος") == []


async def test_a_roster_looks_at_names_as_people_type_them_and_never_at_addresses(world: World) -> None:
    ok(await world.call("root", "PATCH", "/users/{mia}", json={"full_name": "NGUYỄN José"}))
    ok(await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])}), 201)
    for q, expected in (
        ("nguyen", 1),
        ("jose nguy", 1),
        ("JOSÉ", 1),
        (" ", 1),
        ("mia", 0),
        ("school", 0),
        ("guyen", 0),
    ):
        page = ok(await world.call("eve", "GET", "/enrollments/courses/{C2}", params={"q": q}))
        assert len(page["items"]) == expected, q
