"""Where a request comes from, and which host it asks for: what a header may be believed about both."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

import structlog

from studium.kit.base.problems import MalformedRequest, Problem, UnknownHost
from studium.kit.base.sources import address_of, source_of

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_log = structlog.get_logger()


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
        self._has_warned = False

    def client_address(self, peer: str, forwarded: list[bytes]) -> str:
        """The right-most hop that is no trusted proxy, or the peer itself. A hop that cannot be read ends the walk."""
        if not forwarded:
            return peer
        if not self._trusts(peer):
            self._warn_of(peer)
            return peer
        address = peer
        for hop in reversed(b",".join(forwarded).split(b",")):
            found = address_of(hop.decode("latin-1").strip())
            if found is None:
                break
            address = str(found)
            if not self._trusts(address):
                break
        return address

    def _warn_of(self, peer: str) -> None:
        """Say once that a proxy may have been forgotten: all its callers would be throttled as one."""
        if not self._has_warned:
            self._has_warned = True
            hint = "name its network in STUDIUM_TRUSTED_PROXIES if it is a proxy of yours"
            _log.warning("forwarded header not believed", source=source_of(peer), hint=hint)

    def _find(self, text: str) -> bool:
        address = address_of(text)
        return address is not None and any(address in network for network in self._networks)
