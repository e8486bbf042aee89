"""Where a request comes from, and which host it asks for: what a header may be believed about both."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from studium.kit.problems import MalformedRequest, Problem, UnknownHost

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Hosts:
    """The names that this server answers to: all of them where none are set. `*.example.org` stands for many."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = frozenset(name.lower().encode() for name in names if not name.startswith("*"))
        self._ends = tuple(name[1:].lower().encode() for name in names if name.startswith("*"))
        self.problem_with = lru_cache(maxsize=1024)(self._judge)

    def _judge(self, host: bytes) -> type[Problem] | None:
        """What is wrong with a Host header, or None."""
        if not _HOST.fullmatch(host):
            return MalformedRequest
        name = re.sub(rb":[0-9]*$", b"", host).lower()
        is_known = not (self._exact or self._ends) or name in self._exact or name.endswith(self._ends or (b"\0",))
        return None if is_known else UnknownHost


class Proxies:
    """The proxies whose `X-Forwarded-For` is believed."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)
        self._trusts = lru_cache(maxsize=4096)(self._find)

    def client_address(self, peer: str, forwarded: list[bytes]) -> str:
        """The right-most hop that is no trusted proxy, or the peer itself. A hop that cannot be read ends the walk."""
        if not self._networks or not forwarded or not self._trusts(peer):
            return peer
        address = peer
        for hop in reversed(b",".join(forwarded).split(b",")):
            found = _address_of(hop.decode("latin-1").strip())
            if found is None:
                break
            address = str(found)
            if not self._trusts(address):
                break
        return address

    def _find(self, text: str) -> bool:
        address = _address_of(text)
        return address is not None and any(address in network for network in self._networks)


@lru_cache(maxsize=4096)
def _address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a hop (`192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`), IPv4 in IPv6 unwrapped, or None."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
