"""Why a person cannot be erased now."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.kit.base.problems import Problem
from studium.models import Course, User
from studium.modules.privacy.errors import LegalHold
from studium.modules.users.errors import LastAdmin, OwnsCourses, PersonErased


async def refusal_of(session: AsyncSession, user: User, admins: set[UUID]) -> Problem | None:
    """The reason, or None. `user` and `admins` are locked."""
    if user.erased_at is not None:
        return PersonErased("This person was erased already.")
    if user.legal_hold:
        return LegalHold("The school must keep what it knows of this person.")
    if admins == {user.id}:
        return LastAdmin("This is the last active admin.")
    if await session.scalar(select(exists().where(Course.instructor_id == user.id))):
        return OwnsCourses("Give the courses to somebody else first.")
    return None
