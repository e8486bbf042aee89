"""The demo school's public log-ins, which the first page offers while somebody tries Studium out."""

from dataclasses import dataclass

from sqlalchemy import select

from studium.kit.base.config import Settings
from studium.kit.db.prepared import PreparedStatement, QueryExecutor
from studium.models import Role, User

DOMAIN = "demo.studium.example"
PASSWORD = "learn-with-studium-demo"  # noqa: S105 -- the demo school's log-ins are public.
"""The password of everybody in the demo school."""

SHOWN = (f"learner@{DOMAIN}", f"ada@{DOMAIN}", f"admin@{DOMAIN}")
"""A learner, an instructor and an admin."""

_FIND = PreparedStatement(select(User.email, User.full_name, User.role).where(User.email.in_(SHOWN), User.is_active))


@dataclass(frozen=True, slots=True)
class DemoLogIn:
    """Somebody as whom anyone may log in."""

    email: str
    full_name: str
    role: Role
    password: str


async def demo_log_ins(settings: Settings, reads: QueryExecutor) -> list[DemoLogIn]:
    """The log-ins to offer: none in production, whatever the database holds, and none without the demo school."""
    if settings.is_production:
        return []
    found = {str(row["email"]): row for row in await reads.all(_FIND)}
    return [
        DemoLogIn(email, str(found[email]["full_name"]), Role(found[email]["role"]), PASSWORD)
        for email in SHOWN
        if email in found
    ]
