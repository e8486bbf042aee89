"""What every test can ask for."""

import socket
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.databases import anyio_backend, database_url, migrated_file, migrated_postgres  # noqa: F401 -- fixtures.
from tests.world import World, open_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:  # noqa: F811 -- the fixture of that name.
    """The school of named people, fresh for each test."""
    async with open_world(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse connections and name look-ups that leave this machine."""

    def check(host: object) -> None:
        if isinstance(host, bytes):
            host = host.decode()
        if not isinstance(host, str) or host in ("", "localhost"):
            return
        try:
            inside = ip_address(host.partition("%")[0]).is_loopback
        except ValueError:
            inside = False
        assert inside, f"a test leaves this machine: {host}"

    def connect(self: socket.socket, address: Any) -> None:  # noqa: ANN401 -- as many shapes as address families.
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        return own_connect(self, address)

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 -- as the function itself.
        check(host)
        return own_getaddrinfo(host, *rest, **named)

    own_connect, own_getaddrinfo = socket.socket.connect, socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield
