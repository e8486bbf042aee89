"""Which program copies the database: its kind decides."""

from sqlalchemy.engine import make_url

from studium.kit.backups.dumps import Copies


def open_copies(url: str) -> Copies:
    """The copies of this database."""
    if make_url(url).get_backend_name() == "sqlite":
        from studium.kit.backups.dumps_sqlite import SqliteCopies  # noqa: PLC0415 -- only one of the two is needed.

        return SqliteCopies(url)
    from studium.kit.backups.dumps_postgres import PostgresCopies  # noqa: PLC0415 -- as above.

    return PostgresCopies(url)
