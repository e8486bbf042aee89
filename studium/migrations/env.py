"""How Alembic runs here: on the connection and in the transaction of `studium.kit.db.migrations`."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from studium import models
from studium.kit.db.migrations import migrating
from studium.kit.db.search import FTS_SUFFIX
from studium.kit.db.tables import Base
from studium.kit.jobs import tables as job_tables

_ = (models, job_tables)  # Importing them puts their tables on the metadata.


def _ours(name: str | None, kind: str, parents: object) -> bool:
    """Tell whether a thing found in the database is ours to compare: Procrastinate and FTS5 keep their own tables."""
    del parents
    return not (kind == "table" and name is not None and (name.startswith("procrastinate_") or FTS_SUFFIX in name))


def _belongs(thing: object, name: str | None, kind: str, *rest: object) -> bool:
    """Tell whether a thing of the models belongs into this database: Alembic overlooks an index's `ddl_if`."""
    del name, rest
    is_gin = kind == "index" and getattr(thing, "dialect_kwargs", {}).get("postgresql_using") == "gin"
    return not is_gin or context.get_context().dialect.name == "postgresql"


def _plainly(kind: str, thing: object, context: object) -> str | Literal[False]:
    """Write our own column types into a new revision as what the database gets: a revision must not follow the code."""
    del context
    return f"sa.{thing.impl_instance!r}" if kind == "type" and isinstance(thing, TypeDecorator) else False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=_ours,
        include_object=_belongs,
        render_item=_plainly,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run_by_hand() -> None:
    """Serve Alembic's own command line, with which developers write and compare revisions."""
    from studium.kit.base.config import load_settings  # noqa: PLC0415 -- whoever gives a connection needs no settings.

    with migrating(load_settings().session_url) as connection:
        _run(connection)


if (_given := context.config.attributes.get("connection")) is not None:
    _run(_given)
else:
    _run_by_hand()
