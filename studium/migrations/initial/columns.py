"""What the tables of the first revision are made of."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from studium.kit.db.tables import utc_now

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def uuid_key() -> sa.Column[object]:
    """The primary key of nearly every table."""
    return sa.Column("id", sa.Uuid(), primary_key=True)


def reference(
    name: str, target: str, on_delete: str, *, nullable: bool = False, unique: bool | None = None, index: bool = False
) -> sa.Column[object]:
    """A foreign key of one column."""
    key = sa.ForeignKey(target, ondelete=on_delete)
    return sa.Column(name, sa.Uuid(), key, nullable=nullable, unique=unique, index=index)


def moment(name: str, *, index: bool = False) -> sa.Column[object]:
    """An instant that the database fills in when nobody does."""
    return sa.Column(name, INSTANT, nullable=False, server_default=utc_now(), index=index)


def version() -> sa.Column[object]:
    """The edition of a row."""
    return sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"))


def partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index over some of the rows, on both databases."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
