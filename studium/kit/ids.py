"""Identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a version 7 UUID: its first bits are the time, so that neighbours in time are neighbours in an index.

    An id names a row and grants nothing: it is never a capability.
    """
    return uuid7()
