"""Addresses in texts."""

import re

_OWN_FILE = re.compile(r"/api/v1/files/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/download)?")


def is_own_file(address: str) -> bool:
    """Whether it is the address of one of our files, written as our answers have it."""
    return _OWN_FILE.fullmatch(address) is not None
