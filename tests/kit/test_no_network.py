"""Tests reach nothing beyond this machine: the guard in `tests/conftest.py` works."""

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_connections_to_elsewhere_are_refused(address: tuple[object, ...]) -> None:
    family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
    with socket.socket(family) as connection, pytest.raises(AssertionError, match="leaves this machine"):
        connection.connect(address)


def test_names_from_elsewhere_are_not_looked_up() -> None:
    with pytest.raises(AssertionError, match="leaves this machine"):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as there:
        assert there.getpeername() == server.getsockname()
