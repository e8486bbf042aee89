"""The disk of an embedded school runs full under a running server: 507, nothing lost, and back without a restart."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.processes.school import NO_CERTIFICATES, School, school, until

PASSWORD = "violet kettle 41"
ADMIN = "root@school.example"
BLOCK = "x" * 15_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    return filler


def create(opened: School, token: str, number: int) -> httpx2.Response:
    body = {"title": f"Course {number}", "description": BLOCK, "category": "Science"}
    return opened.call("POST", "/courses", token, json=body)


def log_in(opened: School) -> httpx2.Response:
    return opened.call("POST", "/auth/login", json={"email": ADMIN, "password": PASSWORD})


def titles(opened: School, token: str) -> set[str]:
    found, cursor = set(), None
    while True:
        query = {"mine": "true", "limit": "100", **({"cursor": cursor} if cursor else {})}
        page = opened.call("GET", "/courses", token, params=query).json()
        found |= {item["title"] for item in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def is_mailed(opened: School, address: str) -> bool:
    return any(address in mail.read_text() for mail in (opened.folder / "mail").glob("*.eml"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.timeout(120)
def test_a_full_disk_under_the_database(small_disk: Path) -> None:
    with school(small_disk, storage_url=f"file://{small_disk}/files") as opened:
        admin = ("create-admin", "--email", ADMIN, "--name", "Robin Root", "--password-stdin")
        opened.run(*admin, typed=f"{PASSWORD}\n")
        server = opened.serve()
        token = str(log_in(opened).json()["access_token"])
        for round_ in range(2):
            acknowledged = titles(opened, token)
            filler = fill(small_disk)
            refused = 0
            for number in range(1000 * round_, 1000 * round_ + 900):
                answer = create(opened, token, number)
                if answer.status_code == 201:
                    acknowledged.add(f"Course {number}")
                    continue
                assert (answer.status_code, answer.json()["code"]) == (507, "storage_full"), answer.text
                assert answer.headers["content-type"] == "application/problem+json"
                refused += 1
                if refused == 5:
                    break
            assert refused == 5, "the disk did not run full"
            # Who only reads notices nothing; whoever writes in another way hears the same.
            assert opened.call("GET", "/users/me", token).status_code == 200
            assert titles(opened, token) == acknowledged
            assert log_in(opened).status_code in (200, 507)
            assert httpx2.get(f"{opened.address}/livez", verify=NO_CERTIFICATES).status_code == 200
            upload = {"file": ("a.txt", b"y" * 200_000)}
            assert opened.call("POST", "/files/upload", token, files=upload).status_code == 507
            assert not list((small_disk / "files" / "incoming").rglob("*.part"))

            filler.unlink()
            until(lambda round_=round_: create(opened, token, 5000 + round_).status_code == 201, seconds=5)
            assert log_in(opened).status_code == 200
            assert titles(opened, token) == acknowledged | {f"Course {5000 + round_}"}
            # The jobs run again too: whoever comes in gets a mail.
            person = {"email": f"p{round_}@school.example", "full_name": "Person", "password": PASSWORD}
            assert opened.call("POST", "/auth/register", json=person).status_code == 201
            until(lambda person=person: is_mailed(opened, person["email"]))
            until(opened.is_idle)
        assert server.poll() is None
        opened.run("reconcile", "--invariants")
