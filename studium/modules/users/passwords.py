"""New passwords, from the wish to the stored hash. All of it happens before a writing transaction begins."""

import secrets

from studium.kit.base.problems import FieldError, InvalidInput
from studium.kit.security.passwords import hash_password, weak_reason

_RANDOM_BYTES = 32


async def hash_new(password: str, *, email: str, name: str, member: str = "password") -> str:
    """The hash to store; raise InvalidInput (422) at `member` when the person's password is weak, or Overloaded."""
    weakness = weak_reason(password, email=email, name=name)
    if weakness is not None:
        raise InvalidInput([FieldError("body", f"/{member}", weakness.code, str(weakness))], str(weakness))
    return await hash_password(password)


async def hash_of_nobodys() -> str:
    """The hash of a password that nobody knows, for accounts whose owner has yet to choose one.

    It is a real hash, so that trying to log in takes as long as everywhere else.
    """
    return await hash_password(secrets.token_urlsafe(_RANDOM_BYTES))
