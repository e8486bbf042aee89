"""The record of who did what, for admins."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query

from studium.access.actor import Admin
from studium.kit.http.dependencies import ReadsDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.kit.http.schemas import Instant
from studium.modules.users import queries_audit
from studium.modules.users.queries_audit import AuditFilter
from studium.modules.users.schemas import AuditEventOut

router = Router("/audit-events", tag="users")


async def audit_filter(
    action: Annotated[str | None, Query(max_length=80, description="`auth.login`, or `auth.` for all of them.")] = None,
    outcome: Literal["done", "refused"] | None = None,
    actor_id: UUID | None = None,
    target_id: UUID | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> AuditFilter:
    """The filters of the record."""
    return AuditFilter(action, outcome, actor_id, target_id, since, until)


@router.get("")
async def list_audit_events(
    _: Admin, reads: ReadsDep, page: PageDep, wanted: Annotated[AuditFilter, Depends(audit_filter)]
) -> Page[AuditEventOut]:
    """Who did what, on whom, from where, with what outcome; newest first."""
    return await queries_audit.audit_page(reads, wanted, page)
