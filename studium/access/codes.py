"""Secrets that are mailed. Each follows from the id of its row or challenge, so no job holds one in clear."""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from studium.kit.base.clock import now
from studium.kit.security.tokens import Keys, TokenInvalid
from studium.models import OneTimeToken, TokenPurpose

CODE_DIGITS = 6
TICKET_LIFETIME = timedelta(days=365)
EXPORT_KEPT = timedelta(days=7)
_TICKET_PURPOSE = "certificate-ticket"
_EXPORT_PURPOSE = "export-ticket"
_CODE_PURPOSE = "mfa-code"


def mailed_code(keys: Keys, code_id: UUID) -> str:
    """The six digits that belong to `code_id`; nobody without the master secret can tell them."""
    return _digits(keys.mac(_CODE_PURPOSE, str(code_id)))


def is_mailed_code(keys: Keys, code_id: UUID, code: str) -> bool:
    """Whether these six digits belong to `code_id`, also by an earlier master secret."""
    return any(hmac.compare_digest(_digits(mac), code) for mac in keys.macs(_CODE_PURPOSE, str(code_id)))


def _digits(mac: str) -> str:
    return str(int(mac, 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def mailed_token(keys: Keys, token: OneTimeToken) -> str:
    """The text of a one-time token, for the link in its mail."""
    return keys.one_time_token(token.purpose.value, token.id)


def mailed_token_ids(keys: Keys, text: str, *purposes: TokenPurpose) -> list[UUID]:
    """The id of the one-time token that a text is, if it is one for any of these purposes."""
    found = (keys.one_time_id(purpose.value, text) for purpose in purposes)
    return [token_id for token_id in found if token_id is not None]


class AddressLink(StrEnum):
    """Whose link to a change of address it is: the new mailbox's, or the old one's."""

    NEW = "prove-new-address"
    OLD = "leave-old-address"


def address_link(keys: Keys, link: AddressLink, change_id: UUID) -> str:
    """The token of the link by which a mailbox agrees to a change of address."""
    return keys.one_time_token(link.value, change_id)


def address_link_ids(keys: Keys, text: str) -> dict[AddressLink, UUID]:
    """The change of address that a text agrees to, if it is a token of either mailbox."""
    found = ((link, keys.one_time_id(link.value, text)) for link in AddressLink)
    return {link: change_id for link, change_id in found if change_id is not None}


def certificate_ticket(keys: Keys, certificate_id: UUID) -> str:
    """What lets the reader of a mail download the certificate that it is about, without logging in, for a year."""
    return _ticket(keys, _TICKET_PURPOSE, certificate_id, now() + TICKET_LIFETIME)


def ticketed_certificate(keys: Keys, ticket: str) -> UUID | None:
    """The id of the certificate that a ticket is for; None for what is no ticket, or one that is too old."""
    return _ticketed(keys, _TICKET_PURPOSE, ticket)


def export_ticket(keys: Keys, export_id: UUID, ends: datetime) -> str:
    """What lets the reader of a mail download the export that it is about, without logging in, until `ends`."""
    return _ticket(keys, _EXPORT_PURPOSE, export_id, ends)


def ticketed_export(keys: Keys, ticket: str) -> UUID | None:
    """The id of the export that a ticket is for; None for what is no ticket, or one that is too old."""
    return _ticketed(keys, _EXPORT_PURPOSE, ticket)


def _ticket(keys: Keys, purpose: str, of: UUID, ends: datetime) -> str:
    """Sealed with a nonce: no two mails hold the same one."""
    return keys.encrypt(purpose, f"{of.hex}:{int(ends.timestamp())}")


def _ticketed(keys: Keys, purpose: str, ticket: str) -> UUID | None:
    try:
        of, _, ends = keys.decrypt(purpose, ticket).partition(":")
    except TokenInvalid:
        return None
    return UUID(of) if now().timestamp() < int(ends) else None
