"""The bucket or the mail server stopped or hung under a running school: the rest goes on, and it comes back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest

from tests.processes.school import NO_CERTIFICATES, School, school, until
from tests.servers import Server, free_port, s3_server, serving

PASSWORD = "violet kettle 41"
ADMIN = "root@school.example"
KEYS = "access_key_id=test&secret_access_key=test"
PATIENCE = 6


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[tuple[School, str]]:
    """A school of one server and its admin's token."""
    with school(folder, **settings) as found:
        admin = ("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin")
        found.run(*admin, typed=f"{PASSWORD}\n")
        found.serve()
        answer = found.call("POST", "/auth/login", json={"email": ADMIN, "password": PASSWORD})
        yield found, str(answer.json()["access_token"])


def upload(found: School, token: str) -> httpx2.Response:
    return found.call("POST", "/files/upload", token, files={"file": ("a.txt", b"hello")}, timeout=30)


def assert_the_rest_works(found: School, token: str) -> None:
    """Reading, writing and logging in, each at once."""
    calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("GET", "/users/me", {}),
        ("GET", "/courses", {}),
        ("GET", "/files/my-files", {}),
        ("PATCH", "/users/me", {"json": {"full_name": "Robin"}}),
        ("POST", "/auth/login", {"json": {"email": ADMIN, "password": PASSWORD}}),
    )
    for method, path, content in calls:
        began = monotonic()
        assert found.call(method, path, token, **content).status_code == 200
        assert monotonic() - began < 2, path
    assert httpx2.get(f"{found.address}/livez", verify=NO_CERTIFICATES).status_code == 200


def assert_files_are_refused(found: School, token: str) -> None:
    began = monotonic()
    answer = upload(found, token)
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency_down"), answer.text
    assert answer.headers["retry-after"]
    assert monotonic() - began < PATIENCE
    assert not found.is_ready()


def files_of(found: School, token: str) -> int:
    return len(found.call("GET", "/files/my-files", token).json()["items"])


@pytest.mark.timeout(120)
def test_a_bucket_that_hangs_or_is_gone(tmp_path: Path) -> None:
    with s3_server(tmp_path) as bucket:
        url = f"s3://school/files?endpoint=http://127.0.0.1:{bucket.port}&{KEYS}"
        with opened(tmp_path, storage_url=url) as (found, token):
            assert upload(found, token).status_code == 201
            with bucket.hanging():
                assert_files_are_refused(found, token)
                assert_the_rest_works(found, token)
            until(lambda: upload(found, token).status_code == 201, seconds=5)
            until(found.is_ready)
            kept = files_of(found, token)

            bucket.stop()
            assert_files_are_refused(found, token)
            assert_the_rest_works(found, token)
            assert files_of(found, token) == kept, "no row without its content"
            bucket.start()
            httpx2.put(f"http://127.0.0.1:{bucket.port}/school", verify=NO_CERTIFICATES).raise_for_status()
            until(lambda: upload(found, token).status_code == 201, seconds=5)
            until(found.is_ready)


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[Server, Path]]:
    """A mail server in a process of its own, and the folder of what it was given."""
    box, port = folder / "box", free_port()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    with serving([*command, "-c", "aiosmtpd.handlers.Mailbox", str(box)], port, folder) as server:
        yield server, box / "new"


def register(found: School, name: str) -> None:
    """Somebody comes in, to whom a mail is due."""
    person = {"email": f"{name}@school.example", "full_name": "Person", "password": PASSWORD}
    began = monotonic()
    assert found.call("POST", "/auth/register", json=person).status_code == 201
    assert monotonic() - began < 2, "a request waits for no mail"


@pytest.mark.timeout(120)
def test_a_mail_server_that_hangs_or_is_gone(tmp_path: Path) -> None:
    with (
        mail_server(tmp_path) as (server, inbox),
        opened(tmp_path, mail_url=f"smtp://127.0.0.1:{server.port}") as (found, token),
    ):

        def has_mail(name: str) -> bool:
            return any(f"{name}@school.example" in mail.read_text() for mail in inbox.glob("*"))

        register(found, "first")
        until(lambda: has_mail("first"))
        server.stop()
        register(found, "second")
        assert_the_rest_works(found, token)
        assert found.is_ready()
        server.start()
        until(lambda: has_mail("second"))
        with server.hanging():
            register(found, "third")
            assert_the_rest_works(found, token)
            assert found.is_ready()
        until(lambda: has_mail("third"), seconds=40)
