"""Secrets that are mailed. Each follows from the id of its row or challenge, so no job holds one in clear."""

from uuid import UUID

from studium.kit.tokens import Keys
from studium.models import OneTimeToken

CODE_DIGITS = 6
_TICKET_PURPOSE = "certificate-ticket"
_CODE_PURPOSE = "mfa-code"


def mailed_code(keys: Keys, code_id: UUID) -> str:
    """The six digits that belong to `code_id`; nobody without the master secret can tell them."""
    return str(int(keys.mac(_CODE_PURPOSE, str(code_id)), 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def mailed_token(keys: Keys, token: OneTimeToken) -> str:
    """The text of a one-time token, for the link in its mail."""
    return keys.one_time_token(token.purpose.value, token.id)


def certificate_ticket(keys: Keys, certificate_id: UUID) -> str:
    """What lets the reader of a mail download the certificate that it is about, without logging in."""
    return keys.one_time_token(_TICKET_PURPOSE, certificate_id)


def ticketed_certificate(keys: Keys, ticket: str) -> UUID | None:
    """The id of the certificate that a ticket is for; None for what is no ticket."""
    return keys.one_time_id(_TICKET_PURPOSE, ticket)
