"""Every column of every table has a class, and each that tells of a person has a way to be emptied."""

import studium.kit.jobs.tables  # noqa: F401 -- this and the models put every table on the metadata.
from studium import models  # noqa: F401 -- as above.
from studium.kit.db.tables import Base
from studium.models.inventory import INVENTORY

TABLES = Base.metadata.tables
BY_ID = {("users", "id"), ("audit_events", "actor_id"), ("people_import_rows", "user_id")}


def test_every_column_has_one_class() -> None:
    """Whoever adds a column names it in `studium/models/inventory`, under its table and class."""
    for name, table in TABLES.items():
        assert name in INVENTORY, f"{name} has no entry"
        named = [column for column, _ in INVENTORY[name].classes()]
        assert sorted(named) == sorted(column.name for column in table.columns), name
    assert INVENTORY.keys() == TABLES.keys()


def test_the_way_to_a_person_follows_foreign_keys() -> None:
    for name, held in INVENTORY.items():
        table, way = TABLES[name], held.person.split()
        for step in way[:-1]:
            (key,) = table.c[step].foreign_keys
            table = key.column.table
        if way and (table.name, way[-1]) not in BY_ID:
            assert [key.column.table.name for key in table.c[way[-1]].foreign_keys] == ["users"], name


def test_rows_that_point_at_a_person_say_whose_they_are() -> None:
    staff = {"courses", "regrades", "course_invitations", "join_codes"}
    for name, table in TABLES.items():
        points = {key.column.table.name for key in table.foreign_keys} & {"users", "enrollments", "quiz_attempts"}
        assert not points or INVENTORY[name].person or name in staff, name


def test_what_tells_of_a_person_can_be_emptied() -> None:
    for name, held in INVENTORY.items():
        if not held.person or held.is_deleted:
            continue
        assert set(held.rewritten.split()) <= set(held.erased), name
        for column, empty in held.emptied.items():
            assert empty is not None or TABLES[name].c[column].nullable, f"{name}.{column}"
            assert column not in held.others.split(), f"{name}.{column}"


def test_every_table_says_why_how_long_and_who() -> None:
    assert all(held.why and held.kept and held.seen_by for held in INVENTORY.values())
