"""Secrets that are mailed. Each follows from the id of its row or challenge, so no job holds one in clear."""

from uuid import UUID

from studium.kit.tokens import Keys
from studium.models import OneTimeToken

CODE_DIGITS = 6
_CODE_PURPOSE = "mfa-code"


def mailed_code(keys: Keys, code_id: UUID) -> str:
    """The six digits that belong to `code_id`; nobody without the master secret can tell them."""
    return str(int(keys.mac(_CODE_PURPOSE, str(code_id)), 16) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def mailed_token(keys: Keys, token: OneTimeToken) -> str:
    """The text of a one-time token, for the link in its mail."""
    return keys.one_time_token(token.purpose.value, token.id)
