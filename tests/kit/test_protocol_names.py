"""Where a release of uvicorn lacks a name that our protocol needs, the server uses uvicorn's own."""

import importlib
import sys
from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest
from uvicorn.protocols.http import httptools_impl

from studium.entrypoints.server import guarded_protocol
from studium.kit.http.protocol import NEEDED, GuardedProtocol
from tests.kit.test_protocol import HEAD, serving, talk

IMPORTED = ("HEADER_RE", "HEADER_VALUE_RE", "STATUS_LINE", "HttpToolsProtocol", "RequestResponseCycle")
MEMBERS = [(kind, name) for kind, names in NEEDED.items() for name in names]


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of our protocol is imported once more, for this test alone."""
    monkeypatch.setattr("studium.kit.http.protocol", sys.modules["studium.kit.http.protocol"])
    monkeypatch.delitem(sys.modules, "studium.kit.http.protocol")


def without(kind: type, name: str) -> type:
    """The class as it would be if no method had or mentioned this member."""
    members: dict[str, Any] = {
        key: value
        for key, value in vars(kind).items()
        if key != name and not (isfunction(value) and name in value.__code__.co_names)
    }
    return type(kind.__name__, kind.__bases__, members)


def test_every_name_is_there() -> None:
    assert guarded_protocol() is GuardedProtocol


@pytest.mark.parametrize("name", IMPORTED)
@pytest.mark.usefixtures("anew")
def test_without_a_name_there_is_no_protocol_of_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delattr(httptools_impl, name)
    assert guarded_protocol() is None


@pytest.mark.parametrize(("kind", "name"), MEMBERS)
@pytest.mark.usefixtures("anew")
def test_without_a_member_there_is_none_either(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> None:
    monkeypatch.setattr(httptools_impl, kind.__name__, without(kind, name))
    with pytest.raises(ImportError, match=name):
        importlib.import_module("studium.kit.http.protocol")
    assert guarded_protocol() is None


@pytest.mark.usefixtures("anew")
async def test_the_fallback_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(httptools_impl, "STATUS_LINE")
    protocol = guarded_protocol() or "httptools"
    assert protocol == "httptools"
    monkeypatch.undo()
    async with serving(tmp_path, protocol) as port:
        came, _ = await talk(port, HEAD + b"Connection: close\r\n\r\n")
    assert came.startswith(b"HTTP/1.1 200 OK")
    assert came.endswith(b"hello")
