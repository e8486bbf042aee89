"""Who may do what: every endpoint, seven callers, both databases, against `authorization.csv`.

`dan` is deactivated and presents a token from before. After every refusal the database is as it was.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete, select, update

from studium.app import module_routes
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.kit.db.tables import Base
from studium.models import (
    AttemptStatus,
    Certificate,
    CourseImport,
    CourseInvitation,
    DataExport,
    ErasedCertificates,
    Erasure,
    GradingComment,
    ImportPhase,
    ImportStatus,
    JoinCode,
    LessonType,
    MfaMethod,
    PeopleImport,
    PeopleImportStatus,
    QuizAccommodation,
    RefreshToken,
    Regrade,
    TrashItem,
    User,
    UserSession,
)
from studium.modules.auth.factors import SECRET
from tests.databases import beside
from tests.jobs.dead import dead_job
from tests.world import PASSWORD, World, lesson, open_attempt

TABLE = Path(__file__).with_name("authorization.csv")
CALLERS = ("anonymous", "sam", "mia", "ada", "eve", "root", "dan")
REMEMBERED_IN_ANY_CASE = {"throttle_hits", "audit_events"}
PAGES = {"/verify/{certificate_number}", "/confirm-email", "/confirm-address", "/reset-password", "/set-password"}
PERSONAL = ("refresh", "mfa")
AT_ONCE = 12
"""Rows that share a school."""


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def _attempt(world: World, who: str) -> None:
    await open_attempt(world)


async def _essay(world: World, who: str) -> None:
    given = [{"question_id": str(world.ids["K3"]), "answer_text": "Because.", "selected_option_ids": []}]
    waiting = [{"question_id": str(world.ids["K3"]), "points": "5", "points_awarded": None}]
    await open_attempt(
        world, "T2", "Q2", status=AttemptStatus.SUBMITTED, submitted_at=now(), answers=given, results=waiting
    )


async def _accommodation(world: World, who: str) -> None:
    await world.add(QuizAccommodation(quiz_id=world.ids["Q1"], student_id=world.ids["sam"], extra_attempts=1))


async def _regrade(world: World, who: str) -> None:
    world.ids["R1"] = new_id()
    how = {"dry_run": True, "never_lower": False, "key": [], "attempts_total": 0, "finished_at": now()}
    await world.add(Regrade(id=world.ids["R1"], quiz_id=world.ids["Q1"], requested_by=world.ids["ada"], **how))


async def _quiz_lesson(world: World, who: str) -> None:
    await world.add(lesson(world, "L5", "C1", 5, LessonType.QUIZ))


async def _revoked(world: World, who: str) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(update(Certificate).values(is_revoked=True, revoked_at=now()))


async def _no_certificate(world: World, who: str) -> None:
    async with world.runtime.database.write_session() as session:
        await session.execute(delete(Certificate))


async def _refresh(world: World, who: str) -> None:
    """A live refresh token of the caller's own session."""
    if who == "anonymous":
        return
    until = now() + timedelta(days=1)
    jti = str(new_id())
    async with world.runtime.database.write_session() as session:
        found = select(UserSession.id).where(UserSession.user_id == world.ids[who])
        session_id = (await session.execute(found)).scalar_one()
        token = RefreshToken(
            id=new_id(), user_id=world.ids[who], session_id=session_id, token_jti=jti, expires_at=until
        )
        session.add(token)
    claims = {"sub": str(world.ids[who]), "sid": str(session_id), "jti": jti}
    world.tokens["REFRESH"] = world.runtime.keys.sign("refresh", claims, lifetime=timedelta(days=1))


async def _mfa(world: World, who: str) -> None:
    """TOTP is on for the caller, and the code is the one of this moment."""
    import pyotp  # noqa: PLC0415 -- for this row alone.

    secret = pyotp.random_base32()
    if who != "anonymous":
        kept = world.runtime.keys.encrypt(SECRET, secret)
        async with world.runtime.database.write_session() as session:
            mine = update(User).where(User.id == world.ids[who])
            await session.execute(mine.values(mfa_enabled=True, mfa_method=MfaMethod.TOTP, mfa_secret=kept))
    world.tokens["CODE"] = pyotp.TOTP(secret).at(now())


async def _import(world: World, who: str) -> None:
    """Ada's import, which is done."""
    world.ids["I1"] = new_id()
    done = {"status": ImportStatus.DONE, "phase": ImportPhase.WRITING, "finished_at": now(), "report": []}
    size = {"original_filename": "course.zip", "file_size": 5, "progress_done": 1, "progress_total": 1}
    await world.add(CourseImport(id=world.ids["I1"], owner_id=world.ids["ada"], is_dry_run=False, **done, **size))


async def _invitation(world: World, who: str) -> None:
    world.ids["V1"] = new_id()
    until = now() + timedelta(days=1)
    await world.add(
        CourseInvitation(id=world.ids["V1"], course_id=world.ids["C1"], email="new@school.example", expires_at=until)
    )


async def _join_code(world: World, who: str) -> None:
    world.ids["J1"] = new_id()
    await world.add(JoinCode(id=world.ids["J1"], course_id=world.ids["C1"], code="ABCDEFGH"))


async def _people_import(world: World, who: str) -> None:
    """A plan of root's."""
    world.ids["P1"] = new_id()
    size = {"original_filename": "people.csv", "file_size": 5, "progress_done": 1, "progress_total": 1}
    planned = {"status": PeopleImportStatus.PLANNED, "planned_at": now(), "counts": {"create": 0, "change": 0}}
    await world.add(PeopleImport(id=world.ids["P1"], owner_id=world.ids["root"], **planned, **size))


async def _comment(world: World, who: str) -> None:
    """Words that ada keeps."""
    world.ids["G1"] = new_id()
    await world.add(GradingComment(id=world.ids["G1"], owner_id=world.ids["ada"], text="Well said."))


async def _erasures(world: World, who: str) -> None:
    """Everybody has asked to be forgotten."""
    for name in ("sam", "mia", "ada", "eve", "root"):
        soon = {"due_at": now() + timedelta(days=14), "certificates": ErasedCertificates.WITHHOLD_NAME}
        await world.add(Erasure(user_id=world.ids[name], requested_at=now(), **soon))


async def _removed(world: World, who: str) -> None:
    """Ada has removed a lesson."""
    await world.add(lesson(world, "L6", "C1", 6, LessonType.TEXT))
    await world.call("ada", "DELETE", "/courses/{C1}/lessons/{L6}")
    async with world.runtime.database.read_session() as session:
        world.ids["TR1"] = (await session.execute(select(TrashItem.id))).scalar_one()


async def _version(world: World, who: str) -> None:
    """A lesson had another text before."""
    await world.call("ada", "PATCH", "/courses/{C1}/lessons/{L2}", json={"content": "Other words."})


async def _dead_job(world: World, who: str) -> None:
    """A job that failed for good. Not every engine calls its jobs by UUIDs."""
    world.tokens["DEAD"] = await dead_job(world.runtime)


async def _own_export(world: World, who: str) -> None:
    """Everybody has asked for a copy of their data."""
    for name in ("sam", "mia", "ada", "eve", "root"):
        mine = world.ids[name]
        await world.add(DataExport(user_id=mine, requested_by=mine, expires_at=now() + timedelta(days=1)))


PREPARE: dict[str, Callable[[World, str], Awaitable[None]]] = {
    "attempt": _attempt,
    "essay": _essay,
    "accommodation": _accommodation,
    "regrade": _regrade,
    "quiz_lesson": _quiz_lesson,
    "revoked": _revoked,
    "no_certificate": _no_certificate,
    "refresh": _refresh,
    "mfa": _mfa,
    "import": _import,
    "invitation": _invitation,
    "join_code": _join_code,
    "people_import": _people_import,
    "comment": _comment,
    "erasures": _erasures,
    "removed": _removed,
    "version": _version,
    "dead_job": _dead_job,
    "own_export": _own_export,
}


def _filled(world: World, who: str, value: Any) -> Any:  # noqa: ANN401 -- any JSON.
    """The body with ids, addresses and tokens in place of their names."""
    if isinstance(value, str) and value.startswith("{"):
        names = {"SELF": "nobody" if who == "anonymous" else who, **world.tokens, **world.ids}
        return value.format(**names)
    if isinstance(value, list):
        return [_filled(world, who, item) for item in value]
    if isinstance(value, dict):
        return {key: _filled(world, who, item) for key, item in value.items()}
    return value


def digest(world: World) -> str:
    """All rows of all tables."""
    digest = hashlib.sha256()
    with beside(world.runtime.settings.session_url) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in REMEMBERED_IN_ANY_CASE:
                found = connection.execute(select(table).order_by(*table.primary_key.columns))
                digest.update(f"{table.name}{found.all()}".encode())
    return digest.hexdigest()


async def send(world: World, row: dict[str, str], who: str) -> httpx2.Response:
    content: dict[str, Any] = {}
    if row["path"] == "/users/import":
        content["files"] = {"file": ("people.csv", b"email,full_name\nnew@school.example,New Person\n", "text/csv")}
    elif row["path"] in {"/files/upload", "/courses/import"}:
        content["files"] = {"file": ("note.txt", b"hello", "text/plain")}
    elif row["body"] and not (row["prepare"] == "refresh" and who == "anonymous"):
        content["json"] = _filled(world, who, json.loads(row["body"]))
    if row["row"] == "2" and who == "anonymous":
        content["json"]["email"] = "sam@school.example"
    if row["row"] == "2" and who == "dan":
        content["json"]["password"] = PASSWORD + "x"
    return await world.call(None if who == "anonymous" else who, row["method"], row["path"], **content)


Cell = tuple[dict[str, str], list[str]]
"""A row of the table, and some of its callers."""


def cells() -> list[Any]:
    """All that share a school: who reads or is refused shares it with others, everyone who changes it has their own."""
    shared: dict[str, list[Cell]] = defaultdict(list)
    found: list[Any] = []
    for row in rows():
        is_personal = row["prepare"] in PERSONAL
        harmless = [who for who in CALLERS if not is_personal and (row["method"] == "GET" or int(row[who]) >= 400)]
        if harmless:
            shared[row["prepare"]].append((row, harmless))
        name = f"{row['row']}-{row['method']}-{row['path']}"
        found += [pytest.param([(row, [who])], id=f"{name}-{who}") for who in CALLERS if who not in harmless]
    for prepare, group in shared.items():
        for part in range(0, len(group), AT_ONCE):
            some = group[part : part + AT_ONCE]
            name = f"{prepare or 'unprepared'}-{some[0][0]['row']}-to-{some[-1][0]['row']}"
            found.append(pytest.param(some, id=f"reads-and-refusals-{name}"))
    return found


@pytest.mark.parametrize("sharing", cells())
async def test_each_caller_gets_what_the_table_says(world: World, sharing: list[Cell]) -> None:
    first, callers = sharing[0]
    if first["prepare"]:
        await PREPARE[first["prepare"]](world, callers[0])
    before = digest(world)
    for row, callers in sharing:
        name = f"{row['row']} {row['method']} {row['path']}"
        for who in callers:
            answer = await send(world, row, who)
            assert answer.status_code == int(row[who]), f"{name} by {who}: {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", f"{name} by {who}"
        if any(int(row[who]) >= 400 for who in callers):
            assert digest(world) == before, f"{name}: who is refused changes nothing"


def test_every_route_is_in_the_table() -> None:
    named = {(row["method"], _shape(row["path"])) for row in rows()}
    routes = {
        (method, _shape(route.path.removeprefix("/api/v1")))
        for route in module_routes()
        if isinstance(route, APIRoute) and route.path not in PAGES
        for method in route.methods or ()
    }
    routes.discard(("POST", "/auth/token"))  # A form; it has tests of its own.
    assert routes - named == set()


def _shape(path: str) -> str:
    """The path with every id as `{}`; a slug or number in the table stands for its parameter."""
    parts = ("{}" if part.startswith("{") else part for part in path.split("/"))
    shape = "/".join(parts)
    return {
        "/courses/slug/course-c0": "/courses/slug/{}",
        "/courses/{}/lessons/{}/versions/1": "/courses/{}/lessons/{}/versions/{}",
        "/courses/{}/lessons/{}/versions/1/restore": "/courses/{}/lessons/{}/versions/{}/restore",
        "/certificates/verify/nonsense": "/certificates/verify/{}",
    }.get(shape, shape)
