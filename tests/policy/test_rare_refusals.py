"""Refusals that take a particular wish: one row each, and nothing is changed by any."""

from typing import Any

import pytest

from tests.answers import refused
from tests.policy.test_authorization import digest
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOBODY = "00000000-0000-7000-8000-000000000000"
ARCHIVE = {"file": ("course.zip", b"PK")}
ROWS: dict[str, tuple[str, str, str, dict[str, Any], int, str]] = {
    "a course for whoever may not teach": (
        *("root", "POST", "/courses"),
        *({"json": {"title": "New", "instructor_id": "{sam}"}}, 422, "instructor_not_found"),
    ),
    "questions for somebody else's course": (
        *("eve", "POST", "/courses/import"),
        *({"files": ARCHIVE, "data": {"course_id": "{C1}"}}, 403, "forbidden"),
    ),
    "questions for no course": (
        *("eve", "POST", "/courses/import"),
        *({"files": ARCHIVE, "data": {"course_id": NOBODY}}, 404, "not_found"),
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_it_is_refused_and_nothing_is_changed(world: World, name: str) -> None:
    who, method, path, content, status, code = ROWS[name]
    before = digest(world)
    sent = {
        kind: {key: world.filled(value) if isinstance(value, str) else value for key, value in members.items()}
        for kind, members in content.items()
    }
    refused(await world.call(who, method, path, **sent), status, code)
    assert digest(world) == before
