"""CSV files of people, sent and looked at."""

from collections.abc import Iterable
from typing import Any

import httpx2
from sqlalchemy import select

from studium.models import User
from tests.answers import ok
from tests.world import World

HEADER = "email,full_name,role,language,external_id,courses,is_active"


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode()


async def send(
    world: World, content: bytes, who: str | None = "root", *, name: str = "people.csv", **fields: str
) -> httpx2.Response:
    """Upload a file as it is."""
    files = {"file": (name, content, "text/csv")}
    return await world.call(who, "POST", "/users/import", files=files, data=fields)


async def plan(world: World, content: bytes, **fields: str) -> dict[str, Any]:
    """The plan of a file."""
    found = ok(await send(world, content, **fields), 202)
    await world.jobs()
    return await look(world, found["id"])


async def look(world: World, import_id: str, query: str = "?limit=100") -> dict[str, Any]:
    return ok(await world.call("root", "GET", f"/users/imports/{import_id}{query}"))


async def carry_out(world: World, planned: dict[str, Any]) -> dict[str, Any]:
    """Apply a plan, and wait for its end."""
    ok(await world.call("root", "POST", f"/users/imports/{planned['id']}/apply"), 202)
    await world.jobs()
    return await look(world, planned["id"])


async def bring(world: World, content: bytes, **fields: str) -> dict[str, Any]:
    """Plan and apply a file."""
    return await carry_out(world, await plan(world, content, **fields))


def counted(found: dict[str, Any]) -> dict[str, int]:
    """What is more than nothing in a plan."""
    return {name: many for name, many in found["counts"].items() if many and name != "rows"}


def errors(found: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    return [(row["line"], row["field"], row["code"]) for row in found["rows"] if row["action"] == "error"]


def fields(row: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {change["field"]: (change["before"], change["after"]) for change in row["changes"]}


async def people(world: World, emails: Iterable[str] = ()) -> dict[str, User]:
    """Everybody, or those with these addresses, by the first part of the address."""
    statement = select(User)
    if emails:
        statement = statement.where(User.email.in_(list(emails)))
    async with world.runtime.database.read_session() as session:
        return {user.email.partition("@")[0]: user for user in (await session.execute(statement)).scalars()}


async def exported(world: World, query: str = "", kind: str = "text/csv") -> bytes:
    answer = await world.call("root", "GET", f"/users{query}", headers={"Accept": kind})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.content
