"""Changing one's address."""

from studium.access.actor import ClientAddress, RecentUser
from studium.kit.http.dependencies import SessionDep
from studium.kit.http.routing import Router
from studium.modules.auth.address import actions
from studium.modules.auth.schemas import AddressChangeOut, AddressRequest, ConfirmEmailRequest, MessageResponse

router = Router("/auth", tag="auth")


@router.post("/change-address", status_code=202)
async def change_address(
    actor: RecentUser, address: ClientAddress, session: SessionDep, payload: AddressRequest
) -> AddressChangeOut:
    """Ask for another address, within ten minutes of the log-in. A link goes to it, another one to the present address.

    The answer is the same whether another account has the address or not.
    """
    change = await actions.request_change(session, actor, payload.email, address=address)
    return AddressChangeOut.model_validate(change)


@router.post("/confirm-address")
async def confirm_address(address: ClientAddress, session: SessionDep, payload: ConfirmEmailRequest) -> MessageResponse:
    """Agree to a change of address with the token of either mailed link; after both, it is changed: sessions end."""
    if await actions.follow_link(session, payload.token, address=address):
        return MessageResponse(message="The address is changed. Log in with it.")
    return MessageResponse(message="Agreed. Now follow the link in the mail to the other address.")
