"""Registration: one function under two addresses."""

from typing import Annotated

from fastapi import Depends, Request

from studium.access.actor import AcceptedLanguage, ClientAddress
from studium.kit.http.dependencies import SessionDep, request_runtime
from studium.kit.http.routing import Router
from studium.models import Role
from studium.modules.users import actions, registrations
from studium.modules.users.passwords import hash_new
from studium.modules.users.schemas import UserRegister, UserResponse

router = Router("", tag="auth")


async def chosen_password(request: Request, address: ClientAddress, payload: UserRegister) -> str:
    """The hash of the chosen password, made before anything is written; nothing for a wish that will be refused.

    Raises TooManyRequests before anything is hashed.
    """
    if payload.role is not Role.STUDENT:
        return ""
    async with request_runtime(request).database.read_session() as session:
        await registrations.require_room(session, address)
    return await hash_new(payload.password, email=payload.email, name=payload.full_name)


@router.post("/users/register", status_code=201, operation_id="registerUser")
@router.post("/auth/register", status_code=201)
async def register(
    password_hash: Annotated[str, Depends(chosen_password)],
    address: ClientAddress,
    language: AcceptedLanguage,
    session: SessionDep,
    payload: UserRegister,
) -> UserResponse:
    """Make an account; a mail asks to confirm the address.

    Where Accept-Language prefers Arabic, `metadata.language` says so from the start, and mails are in that language.
    """
    await actions.require_student(session, payload, address=address)
    return UserResponse.of(await actions.register(session, payload, password_hash, address=address, language=language))
