"""Classes of columns, and what a table's entry in the inventory says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DataClass(StrEnum):
    """What a column's value says about a person.

    `none`: an id, a state, a mark, a figure or a time, which names nobody once the person's row does not.
    `personal`: tells who somebody is, or describes them. `secret`: lets somebody in, or is derived from what does.
    `free_text`: what a person typed about themselves or their work, or was told about it, in their own words.
    `shared`: the school's material, which many read: courses, questions, keys.
    """

    NONE = "none"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 -- the name of a class.
    FREE_TEXT = "free_text"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Held:
    """A table: why it is kept, how long, who sees it, and the class of each column (names between spaces).

    `person` leads from a row to whose it is: columns that are foreign keys, the last of which holds a user's id; empty
    for a table that is nobody's. At an erasure rows of the person go (`is_deleted`), or their personal, secret and
    free-text columns become NULL, or the value in `blanks`; those in `rewritten` are JSON of which code takes a part.
    An export of the person's data has what is none, personal or free text, but for `others`, columns with ids of other
    people, and `withheld`: what is about others too, or what graders have not released.
    """

    why: str
    kept: str
    seen_by: str
    person: str = ""
    none: str = ""
    personal: str = ""
    secret: str = ""
    free_text: str = ""
    shared: str = ""
    is_deleted: bool = False
    blanks: Mapping[str, object] = field(default_factory=dict)
    rewritten: str = ""
    others: str = ""
    withheld: str = ""

    def classes(self) -> list[tuple[str, DataClass]]:
        """Every column that is named, with its class."""
        return [(name, kind) for kind in DataClass for name in str(getattr(self, kind.value)).split()]

    def columns_of(self, *kinds: DataClass) -> list[str]:
        """The names of the columns of these classes."""
        return [name for name, kind in self.classes() if kind in kinds]

    @property
    def exported(self) -> list[str]:
        """The columns of the person's rows that the person may have."""
        left_out = {*self.others.split(), *self.withheld.split()}
        kinds = (DataClass.NONE, DataClass.PERSONAL, DataClass.FREE_TEXT)
        return [name for name in self.columns_of(*kinds) if name not in left_out]

    @property
    def erased(self) -> list[str]:
        """The columns of the person's rows that hold nothing of theirs after an erasure."""
        return self.columns_of(DataClass.PERSONAL, DataClass.SECRET, DataClass.FREE_TEXT)

    @property
    def emptied(self) -> dict[str, object]:
        """Those of them that become one value in every row, with that value."""
        return {name: self.blanks.get(name) for name in self.erased if name not in self.rewritten.split()}
