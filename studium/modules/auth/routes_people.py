"""Where people are logged in, for admins."""

from uuid import UUID

from studium.access.actor import Admin
from studium.kit.http.dependencies import ReadsDep
from studium.kit.http.pagination import Page, PageDep
from studium.kit.http.routing import Router
from studium.modules.auth import queries
from studium.modules.auth.schemas import SessionOut

router = Router("/users", tag="users")


@router.get("/{user_id}/sessions")
async def list_user_sessions(user_id: UUID, admin: Admin, reads: ReadsDep, page: PageDep) -> Page[SessionOut]:
    """A person's live sessions, newest first; nobody's are an empty list."""
    return await queries.sessions_of(reads, admin, user_id, page)
