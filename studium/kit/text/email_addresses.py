"""E-mail addresses in one form: what is stored, compared and mailed to is always the same text."""

import re
from functools import lru_cache

import idna

from studium.kit.text.combining_marks import normal

EMAIL_MAX = 254
TYPED_MAX = 320
"""Characters of an address as it is typed, with what is around it."""
_LOCAL_MAX = 64
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_NOT_AN_ADDRESS = "must be an e-mail address"


def normalise_email(text: str) -> str:
    """The stored form of an address: ASCII local part in lower case, domain by IDNA; ValueError for anything else.

    Spaces around it, which keyboards and the clipboard add, do not count.
    Look-alikes are refused rather than folded: compatibility characters (full-width letters, say) might reach one
    mailbox here and another at the mail server.
    """
    if len(text) > TYPED_MAX:
        raise ValueError(_NOT_AN_ADDRESS)
    text = text.strip()
    local, _, domain = text.rpartition("@")
    local = local.lower()
    if normal("NFKC", text) != text or len(local) > _LOCAL_MAX or not _LOCAL_PART.fullmatch(local):
        raise ValueError(_NOT_AN_ADDRESS)
    address = f"{local}@{_domain(domain)}"
    if len(address) > EMAIL_MAX:
        raise ValueError(_NOT_AN_ADDRESS)
    return address


@lru_cache(maxsize=1024)
def _domain(text: str) -> str:
    """The domain as the mail system writes it: at least two labels, the last one not a number."""
    try:
        domain = idna.encode(text, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise ValueError(_NOT_AN_ADDRESS) from None
    last = domain.rpartition(".")[2]
    if "." not in domain or not last or last.isdigit():
        raise ValueError(_NOT_AN_ADDRESS)
    return domain
