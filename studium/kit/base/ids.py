"""Identifiers."""

from uuid import UUID, uuid4  # noqa: TID251 -- the one place where ids are made.

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a version 7 UUID: its first bits are the time, so that neighbours in time are neighbours in an index.

    An id names a row and grants nothing: it is never a capability.
    """
    return uuid7()


def random_id() -> UUID:
    """Return a version 4 UUID, for what is shown shuffled: sorting such ids does not bring the old order back."""
    return uuid4()
