"""The record of who did what, for admins."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime

from studium.access.actor import Admin
from studium.kit.db import SessionDep
from studium.kit.pages import Page, PageDep
from studium.kit.routing import Router
from studium.modules.users import queries_audit
from studium.modules.users.queries_audit import AuditFilter
from studium.modules.users.schemas import AuditEventOut

router = Router("/audit-events", tag="users")


async def audit_filter(
    action: Annotated[str | None, Query(max_length=80, description="`auth.login`, or `auth.` for all of them.")] = None,
    outcome: Literal["done", "refused"] | None = None,
    actor_id: UUID | None = None,
    target_id: UUID | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> AuditFilter:
    """The filters of the record."""
    return AuditFilter(action, outcome, actor_id, target_id, since, until)


@router.get("")
async def list_audit_events(
    _: Admin, session: SessionDep, page: PageDep, wanted: Annotated[AuditFilter, Depends(audit_filter)]
) -> Page[AuditEventOut]:
    """Who did what, on whom, from where, with what outcome; newest first."""
    return await queries_audit.audit_page(session, wanted, page)
