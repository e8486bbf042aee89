"""Registration: one function under two addresses."""

from typing import Annotated

from fastapi import Depends

from studium.access.actor import AcceptedLanguage, ClientAddress
from studium.kit.db import SessionDep
from studium.kit.routing import Router
from studium.models import Role
from studium.modules.users import actions
from studium.modules.users.passwords import hash_new
from studium.modules.users.schemas import UserRegister, UserResponse

router = Router("", tag="auth")


async def chosen_password(wish: UserRegister) -> str:
    """The hash of the chosen password, made before anything is written; nothing for a wish that will be refused."""
    if wish.role is not Role.STUDENT:
        return ""
    return await hash_new(wish.password, email=wish.email, name=wish.full_name)


@router.post("/users/register", status_code=201)
@router.post("/auth/register", status_code=201)
async def register(
    password_hash: Annotated[str, Depends(chosen_password)],
    address: ClientAddress,
    language: AcceptedLanguage,
    session: SessionDep,
    wish: UserRegister,
) -> UserResponse:
    """Make an account; a mail asks to confirm the address.

    Where Accept-Language prefers Arabic, `metadata.language` says so from the start, and mails are in that language.
    """
    actions.require_student(session, wish, address=address)
    return UserResponse.of(await actions.register(session, wish, password_hash, address=address, language=language))
