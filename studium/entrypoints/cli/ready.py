"""Settings with a database that fits this version: what most commands begin with."""

from studium.kit.base.config import Settings, load_settings
from studium.kit.base.failures import CommandError


class NotReady(CommandError):
    """Why a command cannot begin; its text is one sentence."""


def ready_settings() -> Settings:
    """The settings of a command or a worker, which go past any pooler."""
    return serving_settings().directly()


def serving_settings() -> Settings:
    """The settings; the embedded database is migrated, any other must be: raises NotReady.

    NotHere, too, while a school is moved away from an SQLite file, and after that.
    """
    from studium.entrypoints.operations.moving.marker import refuse_while_moving  # noqa: PLC0415 -- commands start quickly.
    from studium.kit.db import migrations as migrate  # noqa: PLC0415 -- as above.

    settings = load_settings()
    refuse_while_moving(settings)
    if settings.is_sqlite:
        migrate.upgrade(settings.database_url)
    elif migrate.is_pending(settings.session_url):
        message = "The database is behind this version of Studium: run `studium migrate` first."
        raise NotReady(message)
    return settings
