"""Imports of courses for pages to show, all of ada's: J1 was tried, J2 goes on, J3 failed."""

from typing import Any

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import CourseImport, ImportPhase, ImportStatus
from tests.world import World

REPORT = [
    {"name": "Mend a tube", "place": "course/html/a.html:1", "fate": "imported", "what": "lesson", "why": ""},
    {"name": "Ride", "place": "course/problem/b.xml:4", "fate": "changed", "what": "one try", "why": "no hints here"},
    {"name": "", "place": "course/lti/c.xml:2", "fate": "skipped", "what": "lti", "why": "no counterpart", "count": 3},
]


async def add_course_imports(world: World) -> None:
    """All three of them."""
    done = {"phase": ImportPhase.WRITING, "finished_at": now()}
    await world.add(
        new_course_import(world, "J1", status=ImportStatus.DONE, is_dry_run=True, report=REPORT, **done),
        new_course_import(
            world, "J2", status=ImportStatus.RUNNING, phase=ImportPhase.FILES, progress_done=3, progress_total=10
        ),
        new_course_import(
            world, "J3", status=ImportStatus.FAILED, fault={"place": "course.xml:3", "reason": "A tag is open."}, **done
        ),
    )


def new_course_import(world: World, name: str, **values: Any) -> CourseImport:  # noqa: ANN401 -- columns of any type.
    """An import of this name that ada asked for."""
    world.ids[name] = new_id()
    kept: dict[str, object] = {
        "id": world.ids[name],
        "owner_id": world.ids["ada"],
        "original_filename": "bicycle.zip",
        "file_size": 4096,
        "phase": ImportPhase.READING,
        "progress_done": 0,
        "progress_total": 0,
        "created_at": now(),
    }
    return CourseImport(**{**kept, **values})
