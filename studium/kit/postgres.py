"""How connections to PostgreSQL are opened, by whichever driver's pool."""

from typing import Any

CONNECT_SECONDS = 3
LOCK_SECONDS = 3.0
STATEMENT_SECONDS = 4.5
"""How long a request's statement may take before PostgreSQL stops it; half a second later the client gives up too."""


def postgres_options(statement_seconds: float) -> dict[str, Any]:
    """How every connection to PostgreSQL is opened: bounded waits on its side and, should it hang, on ours."""
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": statement_seconds + 0.5,
        "server_settings": {
            "timezone": "UTC",
            "application_name": "studium",
            "statement_timeout": f"{statement_seconds * 1000:.0f}",
            "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
            "idle_in_transaction_session_timeout": "60000",
        },
    }
