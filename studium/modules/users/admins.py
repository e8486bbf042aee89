"""The rule that somebody is always left who can administer, decided by the database."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from studium.access.actor import Actor
from studium.access.errors import AdminsOnly
from studium.models import Role, User

_ACTIVE_ADMIN = and_(User.role == Role.ADMIN, User.is_active)


async def lock_for_admin(session: AsyncSession, actor: Actor, user: User) -> set[UUID]:
    """Lock `user` and all active admins, in the order of their ids, and return the ids of those admins as they are now.

    Two admins who demote each other wait for one another here; the second finds that it is no admin any more and gets
    AdminsOnly (403). On SQLite writers come one at a time anyway. `user` is read afresh.
    """
    admins = await lock_with_admins(session, user)
    if actor.id not in admins:
        raise AdminsOnly
    return admins


async def lock_with_admins(session: AsyncSession, user: User) -> set[UUID]:
    """The same for an act that is not an admin's."""
    concerned = select(User).where(or_(_ACTIVE_ADMIN, User.id == user.id)).order_by(User.id).with_for_update()
    locked = (await session.execute(concerned, execution_options={"populate_existing": True})).scalars()
    return {person.id for person in locked if person.role is Role.ADMIN and person.is_active}
