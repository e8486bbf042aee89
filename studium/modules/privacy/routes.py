"""Erasing people: oneself, and for admins others."""

from typing import Annotated

from fastapi import Depends

from studium.access.actor import Admin, ClientAddress, CurrentUser, RecentAdmin, RecentUser
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.routing import Router
from studium.models import User
from studium.modules.privacy import actions
from studium.modules.privacy.schemas import AnonymizeIn, ErasureOut
from studium.modules.users.queries import user_by_id
from studium.modules.users.routes import SomeUser

router = Router("/users", tag="users")


async def oneself(actor: CurrentUser, session: SessionDep) -> User:
    """The caller's own row."""
    return await user_by_id(session, actor.id)


Oneself = Annotated[User, Depends(oneself)]


@router.post("/me/erasure", status_code=202)
async def request_own_erasure(actor: RecentUser, address: ClientAddress, session: SessionDep) -> ErasureOut:
    """Ask to be forgotten in 14 days; every session ends now. Log in again to cancel it."""
    return ErasureOut.of(await actions.request_own_erasure(session, actor, address=address))


@router.get("/me/erasure")
async def read_own_erasure(actor: CurrentUser, session: SessionDep) -> ErasureOut:
    """One's own erasure that is pending; 404 without one."""
    return ErasureOut.of(await actions.shown_erasure(session, actor.id))


@router.delete("/me/erasure", status_code=204)
async def cancel_own_erasure(actor: RecentUser, user: Oneself, address: ClientAddress, session: SessionDep) -> None:
    """Stay after all; 404 where no erasure is pending."""
    await actions.cancel_erasure(session, actor, user, address=address)


@router.post("/{user_id}/anonymize", status_code=202)
async def anonymize_user(
    admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep, payload: AnonymizeIn
) -> ErasureOut:
    """Have a person forgotten in 14 days; their sessions end now, and a mail tells them."""
    return ErasureOut.of(await actions.request_erasure(session, admin, user, payload, address=address))


@router.get("/{user_id}/erasure")
async def read_erasure(_: Admin, user: SomeUser, session: SessionDep) -> ErasureOut:
    """The erasure of a person, pending or done; 404 without one."""
    return ErasureOut.of(await actions.shown_erasure(session, user.id))


@router.delete("/{user_id}/erasure", status_code=204)
async def cancel_user_erasure(admin: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep) -> None:
    """Keep a person after all; 404 where no erasure is pending."""
    await actions.cancel_erasure(session, admin, user, address=address)
