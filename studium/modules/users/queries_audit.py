"""Reading the record of who did what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import AuditEvent
from studium.modules.users.schemas import AuditEventOut

_OWN = [AuditEvent.__table__.c[name] for name in AuditEventOut.model_fields]
_NEWEST = (Order(AuditEvent.occurred_at), Order(AuditEvent.id))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What narrows the record; None leaves a dimension open. `since` is included, `until` is not."""

    action: str | None = None
    outcome: str | None = None
    actor_id: UUID | None = None
    target_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The WHERE terms; an `action` that ends in a dot stands for all that begin with it."""
        same = {"outcome": self.outcome, "actor_id": self.actor_id, "target_id": self.target_id}
        wanted = [getattr(AuditEvent, name) == value for name, value in same.items() if value is not None]
        if self.action is not None and self.action.endswith("."):
            wanted.append(AuditEvent.action.startswith(self.action, autoescape=True))
        elif self.action is not None:
            wanted.append(AuditEvent.action == self.action)
        if self.since is not None:
            wanted.append(AuditEvent.occurred_at >= self.since)
        if self.until is not None:
            wanted.append(AuditEvent.occurred_at < self.until)
        return wanted


async def audit_page(reads: QueryExecutor, wanted: AuditFilter, page: PageQuery) -> Page[AuditEventOut]:
    """One page of the record, newest first. One hot read; filters are as rare as they are many, so none is kept."""
    statement = select(*_OWN).where(*wanted.conditions())
    return await PagedRead(statement, order=_NEWEST, name="audit-events", of=AuditEventOut).page(reads, page)
