"""A child that is addressed under another parent is not there: every nested address of the API and of the pages."""

import json
import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from fastapi.routing import APIRoute

from studium.app import module_routes
from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import Enrollment, EnrollmentStatus
from studium.web.app import page_routes
from studium.web.routing import PageRoute
from tests.policy.test_authorization import CALLERS, PREPARE, digest, rows, send
from tests.web.school import tab
from tests.world import World

SIBLINGS = {
    "{C1}": "{C3}",
    "{C3}": "{C1}",
    "{E1}": "{E3}",
    "{E3}": "{E4}",
    "{L2}": "{L1}",
    "{L3}": "{L1}",
    "{Q1}": "{Q2}",
    "{Q2}": "{Q1}",
    "course-c1": "course-c3",
}
"""Another of the same kind, which has none of the children. Its owner, or the admin, may see both."""

PLACES = {
    "course_id": "{C1}",
    "lesson_id": "{L2}",
    "number": "1",
    "language": "en",
    "quiz_id": "{Q1}",
    "question_id": "{K1}",
    "regrade_id": "{R1}",
    "item_id": "{TR1}",
    "enrollment_id": "{E1}",
    "certificate_id": "{X3}",
    "invitation_id": "{V1}",
    "code_id": "{J1}",
    "slug": "course-c1",
    "lesson": "lesson-l2",
}
OF_CERTIFICATES = {"course_id": "{C3}", "enrollment_id": "{E3}"}
COUSINS = {("{Q1}", "{sam}"), ("{E1}", "{quiz_id}")}
"""Neighbours in an address of which neither is the other's: a quiz and a learner belong to the course before them."""
TEXT_ALONE = ("/preview",)
"""Pages that show what was typed, whatever the lesson holds; they keep nothing of it."""

_PARAMETER = re.compile(r"\{(\w+)\}")


def _misplaced(path: str) -> list[str]:
    """The path under other parents, one after the other."""
    parts = path.split("/")
    places = [place for place, part in enumerate(parts) if part in SIBLINGS or part.startswith("{") or part == "1"]
    found = []
    for place, child in pairwise(places):
        if parts[place] in SIBLINGS and (parts[place], parts[child]) not in COUSINS:
            found.append("/".join([*parts[:place], SIBLINGS[parts[place]], *parts[place + 1 :]]))
    return found


def _nested() -> dict[str, list[tuple[dict[str, str], str]]]:
    """The rows of the table of permissions with more than one id, by what they need, each with who may do it."""
    found: dict[str, list[tuple[dict[str, str], str]]] = defaultdict(list)
    for row in rows():
        allowed = [who for who in reversed(CALLERS) if int(row[who]) < 400]
        if allowed and _misplaced(row["path"]):
            found[row["prepare"]].append((row, allowed[0]))
    return found


NESTED = _nested()


@pytest.mark.parametrize("prepare", NESTED)
async def test_the_api_finds_no_child_under_another_parent(world: World, prepare: str) -> None:
    if prepare:
        await PREPARE[prepare](world, "sam")
    before = digest(world)
    for row, who in NESTED[prepare]:
        for path in _misplaced(row["path"]):
            answer = await send(world, {**row, "path": path}, who)
            assert answer.status_code == 404, f"{row['method']} {path}: {answer.text}"
    assert digest(world) == before


def test_every_nested_route_of_the_api_is_tried() -> None:
    routes = [route for route in module_routes() if isinstance(route, APIRoute)]
    nested = {
        (method, re.sub(_PARAMETER, "{}", route.path.removeprefix("/api/v1")))
        for route in routes
        for method in route.methods or ()
        if len(_PARAMETER.findall(route.path)) > 1
    }
    tried = {
        (row["method"], re.sub(r"/(\{\w+\}|1)(?=/|$)", "/{}", row["path"]))
        for some in NESTED.values()
        for row, _ in some
    }
    assert nested - tried == set()


def _page_paths() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for route in page_routes():
        if isinstance(route, PageRoute) and len(names := _PARAMETER.findall(route.path)) > 1:
            places = {**PLACES, **(OF_CERTIFICATES if "certificate_id" in names else {})}
            filled = route.path.format(**places)
            if not filled.endswith(TEXT_ALONE):
                found += [(method, path) for method in route.methods or () for path in _misplaced(filled)]
    return sorted(found)


async def _something_of_everything(world: World) -> None:
    for prepare in ("regrade", "removed", "version", "invitation", "join_code"):
        await PREPARE[prepare](world, "ada")
    world.ids["E4"], at = new_id(), now() - timedelta(hours=1)
    done = {
        "status": EnrollmentStatus.COMPLETED,
        "started_at": at,
        "completed_at": at,
        "progress_percentage": Decimal(100),
    }
    counts = {"completed_lessons_count": 1, "total_lessons_count": 1}
    who = {"id": world.ids["E4"], "student_id": world.ids["mia"], "course_id": world.ids["C3"], "enrolled_at": at}
    await world.add(Enrollment(**who, **done, **counts))


async def test_the_pages_find_no_child_under_another_parent(world: World) -> None:
    await _something_of_everything(world)
    async with tab(world, "root") as root:
        before = digest(world)
        for method, path in _page_paths():
            answer = await (root.get(path) if method == "GET" else root.post(path, {"reason": "A mistake."}))
            assert answer.status_code == 404, f"{method} {path}"
    assert digest(world) == before


async def test_the_pages_of_the_table_are_there_under_their_own_parents(world: World) -> None:
    await _something_of_everything(world)
    async with tab(world, "root") as root:
        answer = await root.post("/teach/courses/{C3}/learners/{E3}/certificates/{X3}/revoke", {"reason": "A mistake."})
        assert answer.status_code == 303
        assert json.loads((await world.call("root", "GET", "/certificates/{X3}")).text)["is_revoked"] is True
