"""The address of a database as it may be shown."""

from sqlalchemy.engine import URL

_PLAIN = {"host", "port", "user", "dbname", "sslmode", "target_session_attrs"}
"""Names in an address's query whose values are no secrets."""


def shown(address: URL) -> str:
    """The address without its secrets: a password may stand in its query, too."""
    query = {name: value if name in _PLAIN else "***" for name, value in address.query.items()}
    return address.set(query=query).render_as_string(hide_password=True)
