"""What a source of requests is, for throttles, known devices, logs and the record of who did what.

One machine has one IPv4 address, but a whole /64 of IPv6 to choose from, and many a customer has a /48.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

HOUSE, SITE = 64, 48


@lru_cache(maxsize=4096)
def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text (`192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`), IPv4 in IPv6 unwrapped, or None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


@lru_cache(maxsize=4096)
def source_of(text: str) -> str:
    """The source that an address belongs to: IPv4 whole, IPv6 as its /64; what is no address stands for itself."""
    address = address_of(text)
    return _network(address, HOUSE) if isinstance(address, IPv6Address) else str(address or text)


@lru_cache(maxsize=4096)
def site_of(source: str) -> str | None:
    """The /48 around a source, for a wider count; None for IPv4, where there is none."""
    address = address_of(source.partition("/")[0])
    return _network(address, SITE) if isinstance(address, IPv6Address) else None


def _network(address: IPv6Address, bits: int) -> str:
    return str(IPv6Network((address, bits), strict=False))
