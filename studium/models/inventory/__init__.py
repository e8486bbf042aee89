"""What is kept about people: every column of every table has a class here, and every table says why it is kept.

`docs/privacy.md` is made from it. Erasure, export and invariant 14 go by it. A column without a class fails a test:
name it in the table's entry, and read `kinds.py` for what the classes mean.
"""

from studium.models.inventory import courses, learning, people, running
from studium.models.inventory.kinds import DataClass, Held

AREAS: dict[str, dict[str, Held]] = {
    "account": people.TABLES,
    "learning": learning.TABLES,
    "teaching": courses.TABLES,
    "running": running.TABLES,
}
INVENTORY: dict[str, Held] = {name: held for tables in AREAS.values() for name, held in tables.items()}
"""By the name of the table, in the order of `docs/privacy.md`."""

__all__ = ["AREAS", "INVENTORY", "DataClass", "Held"]
