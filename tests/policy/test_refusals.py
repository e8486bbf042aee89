"""Refusals of what only staff may do are on the record, and the log says who was refused and from where."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from studium.access import refusals
from studium.access.refusals import _is_privileged
from studium.entrypoints.inventory import api_routes
from studium.kit.base.logs import configure_logs, flush_requests
from studium.models import AuditEvent
from tests.logs import restored_logs  # noqa: F401 -- a fixture.
from tests.world import World, open_world

SECRET = "k9Lw2vQ8xZr4Tn7Bm1Hc5Jd3Fg6Ps0Ya"


async def record(world: World) -> list[AuditEvent]:
    async with world.runtime.database.read_session() as session:
        statement = select(AuditEvent).where(AuditEvent.action == "access.refused").order_by(AuditEvent.id)
        return list((await session.execute(statement)).scalars())


async def test_who_what_and_from_where(world: World) -> None:
    await world.call("sam", "GET", "/users")
    await world.call(None, "DELETE", "/users/{mia}")
    await world.call("mia", "PATCH", "/courses/{C1}", json={"title": "Mine"})
    told = [(event.actor_id, event.outcome, event.address, event.details) for event in await record(world)]
    assert told == [
        (world.ids["sam"], "refused", "127.0.0.1", about("GET /api/v1/users", 403, "admins_only")),
        (None, "refused", "127.0.0.1", about("DELETE /api/v1/users/{user_id}", 401, "unauthorized")),
        (world.ids["mia"], "refused", "127.0.0.1", about("PATCH /api/v1/courses/{course_id}", 403, "forbidden")),
    ]


def about(route: str, status: int, code: str) -> dict[str, object]:
    return {"route": route, "status": status, "code": code}


async def test_what_is_for_everybody_is_not_recorded(world: World) -> None:
    await world.call(None, "GET", "/users/me")
    await world.call("mia", "GET", "/courses/{C1}/lessons/{L2}")
    await world.call("root", "GET", "/users")
    await world.call("mia", "GET", "/enrollments/{E1}")
    assert await record(world) == []


async def test_a_flood_is_a_few_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        await world.call("sam", "GET", "/users")
    assert len(await record(world)) == 1
    monkeypatch.setattr(refusals, "MOST", 3)
    for name in ("sam", "mia", "ada", "eve"):
        await world.call(name, "GET", "/audit-events")
    assert len(await record(world)) == 3


async def test_a_record_that_cannot_be_written_changes_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(refusals, "record_audit", broken)
    assert (await world.call("sam", "GET", "/users")).status_code == 403


def test_which_routes_are_for_staff() -> None:
    """Every route that no student may call is among them: those whose permission speaks of owners or admins alone."""
    staff = {
        f"{method} {route.path}" for route in api_routes() for method in route.methods or () if _is_privileged(route)
    }
    assert {"GET /api/v1/users", "GET /api/v1/audit-events", "POST /api/v1/courses"} <= staff
    assert "POST /api/v1/enrollments/{enrollment_id}/quizzes/{quiz_id}/attempts/{attempt_id}/grade" in staff
    assert not {each for each in staff if "/auth/" in each or "my-" in each}
    assert len(staff) > 40


@pytest.mark.parametrize("mode", ["production", "development"])
@pytest.mark.usefixtures("restored_logs")
async def test_the_line_of_a_refused_request_names_actor_and_source(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    changes = {"mode": mode, "secret_key": SECRET, "log_level": "INFO"}
    async with open_world(database_url, tmp_path, **changes) as world:
        configure_logs(world.runtime.settings)
        capsys.readouterr()
        await world.call("sam", "GET", "/users")
        await world.call(None, "GET", "/users/me")
        await world.call("sam", "GET", "/users/me")
        flush_requests()
        lines = [line for line in capsys.readouterr().err.splitlines() if "request" in line]
    refused, anonymous, fine = lines[-3:]
    sam = str(world.ids["sam"])
    assert [sam in line for line in (refused, anonymous, fine)] == [True, False, False]
    assert ["127.0.0.1" in line for line in (refused, anonymous, fine)] == [True, True, False]
    if mode == "production":
        assert [json.loads(line).get("actor") for line in (refused, anonymous)] == [sam, None]
        assert json.loads(anonymous)["source"] == "127.0.0.1"
