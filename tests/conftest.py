"""What every test can ask for."""

import socket
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from studium.kit.base import held
from studium.kit.base.memory import freeze
from studium.kit.base.privacy import write_privately
from tests.alone import pytest_collection_modifyitems, pytest_runtest_protocol  # noqa: F401 -- hooks.
from tests.compiling import compiled_once  # noqa: F401 -- fixture.
from tests.databases import anyio_backend, database_url, migrated_file, migrated_postgres  # noqa: F401 -- fixtures.
from tests.recorded_answers import answers, pytest_sessionfinish, pytest_testnodedown  # noqa: F401 -- fixture and hooks.
from tests.whole_run import pytest_collection_finish, pytest_deselected  # noqa: F401 -- hooks.
from tests.world import World, open_world

write_privately()  # As the command does before anything else.


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:  # noqa: F811 -- the fixture of that name.
    """The school of named people, fresh for each test."""
    async with open_world(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def one_freeze() -> Iterator[None]:
    """Do once what each application does at its start: frozen one by one, thousands would be kept for ever."""
    freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studium.app.freeze", lambda: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_slow_work_with_a_session() -> Iterator[None]:
    """Slow work that is awaited while a database session is open is a defect, wherever a test meets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "is_checked", True)
        yield


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
