"""Large files through a real server: quick, with flat memory, and nothing left when somebody goes away."""

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from tests.files.samples import MP4
from tests.processes.school import School, school, stop, until
from tests.processes.test_start import cpu_seconds, rest_mib

MIB = 1 << 20
SIZE = 96 * MIB
PASSWORD = "violet kettle 41"
# The goal is 200 MB/s on an idle machine; beside other tests on a slower one a stream may take twice that.
MOST_CPU_SECONDS = SIZE / 200e6 * 2
MOST_GROWTH_MIB = 40
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + MP4
END = b"\r\n--x--\r\n"
BLOCK = os.urandom(MIB)


@pytest.fixture
def open_school(tmp_path: Path) -> Iterator[School]:
    with school(tmp_path) as opened:
        admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
        opened.run(*admin, typed=f"{PASSWORD}\n")
        yield opened


def token_of(opened: School) -> str:
    answer = opened.call("POST", "/auth/login", json={"email": "root@school.example", "password": PASSWORD})
    return str(answer.json()["access_token"])


def begin(opened: School, token: str, method: str, path: str, *headers: str) -> socket.socket:
    """Send the head of a request, of which the answer ends with the connection."""
    connection = socket.create_connection(("127.0.0.1", opened.port), timeout=30)
    lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {token}", "Connection: close", *headers]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def begin_upload(opened: School, token: str) -> socket.socket:
    length = len(HEAD) + SIZE + len(END)
    kind = "Content-Type: multipart/form-data; boundary=x"
    connection = begin(opened, token, "POST", "/api/v1/files/upload", kind, f"Content-Length: {length}")
    connection.sendall(HEAD)
    return connection


def upload(opened: School, token: str) -> str:
    """Where the file can be downloaded."""
    with begin_upload(opened, token) as connection:
        for _ in range(SIZE // MIB):
            connection.sendall(BLOCK)
        connection.sendall(END)
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 201 " in head.splitlines()[0], answer
    return str(json.loads(body)["file_url"])


def download(opened: School, token: str, path: str) -> str:
    """The checksum of what comes."""
    digest = hashlib.sha256()
    with begin(opened, token, "GET", path) as connection, connection.makefile("rb", buffering=MIB) as answer:
        assert b" 200 " in answer.readline()
        while answer.readline() != b"\r\n":
            pass
        while part := answer.read(MIB):
            digest.update(part)
    return digest.hexdigest()


def stream(opened: School, server: Popen[bytes], token: str) -> tuple[float, float]:
    """Seconds of the server's CPU for the way up and for the way down."""
    before = cpu_seconds(server)
    path = upload(opened, token)
    between = cpu_seconds(server)
    sent = hashlib.sha256(MP4)
    for _ in range(SIZE // MIB):
        sent.update(BLOCK)
    assert download(opened, token, path) == sent.hexdigest()
    return between - before, cpu_seconds(server) - between


def test_files_stream_both_ways(open_school: School) -> None:
    server = open_school.serve()
    token = token_of(open_school)
    stream(open_school, server, token)
    before = rest_mib(server)
    taken = [stream(open_school, server, token) for _ in range(3)]
    assert rest_mib(server) - before < MOST_GROWTH_MIB
    assert min(up for up, _ in taken) < MOST_CPU_SECONDS, taken
    assert min(down for _, down in taken) < MOST_CPU_SECONDS, taken


def test_nothing_is_left_of_an_upload_that_broke_off(open_school: School) -> None:
    incoming = open_school.folder / "files" / "incoming"
    server = open_school.serve()
    token = token_of(open_school)
    with begin_upload(open_school, token) as connection:
        connection.sendall(BLOCK)
        until(lambda: list(incoming.rglob("*.part")))
    until(lambda: not list(incoming.rglob("*.part")))

    with begin_upload(open_school, token) as connection:
        connection.sendall(BLOCK)
        until(lambda: list(incoming.rglob("*.part")))
        server.kill()
        server.wait()
    assert list(incoming.rglob("*.part"))
    open_school.serve()
    assert not list(incoming.rglob("*.part"))
    assert open_school.call("GET", "/files/my-files", token).json()["items"] == []
    assert not list((open_school.folder / "files").rglob("*.mp4"))


def test_what_was_being_received_is_swept_where_only_a_worker_starts(open_school: School) -> None:
    folder = open_school.folder
    server = open_school.serve()
    with begin_upload(open_school, token_of(open_school)) as connection:
        connection.sendall(BLOCK)
        until(lambda: list((folder / "files" / "incoming").rglob("*.part")))
        server.kill()
        server.wait()
    killed = folder / "mail" / ".drafts" / "killed"
    killed.mkdir(parents=True)
    (killed / "mail").touch()
    open_school.environment["STUDIUM_JOBS"] = "external"
    worker = open_school.start("worker")
    until(lambda: not list((folder / "files" / "incoming").rglob("*.part")) and not killed.exists())
    assert stop(worker) == 0
    assert list((folder / "files" / "incoming").glob("*")) == [], "nor is a folder of its own left"
