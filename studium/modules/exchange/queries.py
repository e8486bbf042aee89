"""The imports that somebody asked for."""

from sqlalchemy import select

from studium.access import rules
from studium.access.actor import Actor, parameter_actor
from studium.kit.db.prepared import QueryExecutor
from studium.kit.http.pagination import Order, Page, PagedRead, PageQuery
from studium.models import CourseImport, Role
from studium.modules.exchange.schemas import ImportCard

_LONG = frozenset({"report", "storage_path", "into_id"})
_SHORT = [column for column in CourseImport.__table__.c if column.name not in _LONG]
_OWN = PagedRead(
    select(*_SHORT).where(rules.is_own_import(parameter_actor(Role.INSTRUCTOR))),
    order=(Order(CourseImport.created_at), Order(CourseImport.id)),
    name="course-imports",
    of=ImportCard,
)


async def own_imports(reads: QueryExecutor, actor: Actor, page: PageQuery) -> Page[ImportCard]:
    """One page of the caller's own imports of courses, newest first. One hot read."""
    return await _OWN.page(reads, page, ImportCard.of_record, actor_id=actor.id)
