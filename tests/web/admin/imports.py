"""Imports of people for pages to show: I1 planned, with a row of each kind, and I2 that is being carried out."""

from datetime import timedelta
from typing import Any

from studium.kit.base.clock import now
from studium.kit.base.ids import new_id
from studium.models import PeopleImport, PeopleImportRow, PeopleImportStatus, PlannedAction, User
from tests.world import World

_COUNTS = {"rows": 4, "create": 1, "change": 1, "unchanged": 1, "error": 1, "enrollments": 1, "invitations": 1}


async def add_imports(world: World) -> None:
    """Both of them, by the admin."""
    mia = await world.row(User, "mia")
    counts = {**_COUNTS, "errors_not_listed": 0}
    planned = new_people_import(world, "I1", status=PeopleImportStatus.PLANNED, planned_at=now(), counts=counts)
    other = new_people_import(world, "I2", status=PeopleImportStatus.APPLYING, counts=counts, progress_total=2)
    other.planned_at, other.progress_done = now() - timedelta(minutes=1), 1
    new = {"email": "zoe@school.example", "full_name": "Zoë Kovács", "role": "student", "is_active": True}
    rows = [
        {"line": 2, "action": PlannedAction.CREATE, "changes": _changes(new), "user_id": new_id(), "wanted": new},
        {
            "line": 3,
            "action": PlannedAction.CHANGE,
            "user_id": mia.id,
            "version": mia.version,
            "wanted": {"full_name": "Mia Lang"},
            "changes": [{"field": "full_name", "before": mia.full_name, "after": "Mia Lang"}],
        },
        {"line": 5, "action": PlannedAction.ERROR, "field": "email", "code": "invalid_email", "detail": "This is no …"},
    ]
    await world.add(planned, other)
    await world.add(*(PeopleImportRow(import_id=planned.id, **row) for row in rows))


def new_people_import(world: World, name: str, **values: Any) -> PeopleImport:  # noqa: ANN401 -- columns of any type.
    """An import of this name that the admin asked for."""
    world.ids[name] = new_id()
    kept: dict[str, object] = {
        "id": world.ids[name],
        "owner_id": world.ids["root"],
        "original_filename": "class-7b.csv",
        "file_size": 512,
        "created_at": now(),
    }
    return PeopleImport(**{**kept, **values})


def _changes(wanted: dict[str, object]) -> list[dict[str, object]]:
    return [{"field": name, "before": None, "after": value} for name, value in wanted.items()]
