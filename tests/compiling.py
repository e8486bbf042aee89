"""What SQLAlchemy works out for the statements of one application serves the next ones too.

It keeps what it has compiled by the engine's dialect. A test opens an application, and so an engine, of its own, and
would compile every statement anew; a server has one engine for months.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import URL, Dialect, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_MANY = 5000
"""Statements of all the tests that one process runs."""


@pytest.fixture(autouse=True, scope="session")
def compiled_once() -> Iterator[None]:
    """Let engines of one driver share a dialect with all that was compiled for it."""
    kept: dict[str, tuple[Dialect, Any]] = {}

    def create(url: URL, **options: Any) -> AsyncEngine:  # noqa: ANN401 -- options of any type.
        made = create_async_engine(url, query_cache_size=_MANY, **options)
        engine = made.sync_engine
        if url.drivername in kept:
            # It has been asked already what the server can.
            engine.dialect.initialize = lambda _: None  # type: ignore[assignment,method-assign]
            engine.dialect, engine._compiled_cache = kept[url.drivername]
            engine.pool._dialect = engine.dialect
        else:
            # After the dialect's own listener, which asks that.
            shared = engine.dialect, engine._compiled_cache
            event.listen(engine, "connect", lambda *_: kept.setdefault(url.drivername, shared))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studium.kit.db.database.create_async_engine", create)
        yield
