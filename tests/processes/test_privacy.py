"""What Studium writes is its operator's alone, however careless the account is under which it runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from studium.kit.base.config import load_settings
from studium.kit.base.privacy import find_wide
from tests import forks
from tests.files.samples import GOOD
from tests.processes.school import School, school, until

PASSWORD = "a long walk by the sea"


@pytest.fixture
def careless() -> Iterator[None]:
    """What is written is for everybody, unless a program says otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[tuple[str, str]]:
    found = [folder, *folder.rglob("*")]
    return [(path.name, oct(path.stat().st_mode & 0o777)) for path in found if path.stat().st_mode & 0o077]


def live(opened: School) -> None:
    """Leave something of every kind in the data folder: mails, files, a course, a record of it all."""
    admin = ("create-admin", "--email", "root@school.example", "--name", "Robin Root", "--password-stdin")
    opened.run(*admin, typed=PASSWORD)
    new = {"email": "sam@school.example", "full_name": "Sam", "password": PASSWORD}
    assert opened.call("POST", "/auth/register", json=new).status_code == 201
    who = {"email": "root@school.example", "password": PASSWORD}
    token = opened.call("POST", "/auth/login", json=who).json()["access_token"]
    for name in ("photo.png", "slides.pdf"):
        assert opened.call("POST", "/files/upload", token, files={"file": (name, GOOD[name])}).status_code == 201
    assert opened.call("POST", "/courses", token, json={"title": "A course", "slug": "a-course"}).status_code == 201


@pytest.mark.usefixtures("careless")
def test_everything_that_a_school_writes_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    data, out = tmp_path / "data", tmp_path / "out"
    out.mkdir()
    with school(tmp_path, data_dir=str(data)) as opened:
        opened.serve()
        live(opened)
        until(lambda: list((data / "mail").glob("*.eml")))
        opened.run("backup", str(out / "backup"))
        opened.run("export-course", "a-course", "--output", str(out / "course.zip"))
        written = {path.name for path in data.rglob("*")}
        assert {"studium.db", "studium.db-wal", "secret_key", "files", "mail"} <= written
        assert (out / "backup" / "SHA256SUMS").exists()
        assert open_to_others(data) == []
        assert [found for found in open_to_others(out) if found[0] != "out"] == []


def _said(opened: School, *command: str) -> CompletedProcess[str]:
    return forks.run(command, env=opened.environment)


def test_what_is_wider_is_named_and_narrowed(tmp_path: Path) -> None:
    """As a version wrote it that did not take care; links are left alone, and what they lead to."""
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    elsewhere.write_text("not ours")
    elsewhere.chmod(0o644)
    with school(tmp_path, data_dir=str(data)) as opened:
        opened.run("migrate")
        (data / "mail").mkdir()
        (data / "mail" / "a.eml").write_text("a link")
        (data / "mail" / "link").symlink_to(elsewhere)
        for path, mode in ((data, 0o755), (data / "mail", 0o750), (data / "mail" / "a.eml", 0o644)):
            path.chmod(mode)
        (data / "studium.db").chmod(0o666)
        settings = load_settings(data_dir=data, _env_file=None)
        assert {(found.path.relative_to(tmp_path).as_posix(), found.mode) for found in find_wide(settings)} == {
            ("data", 0o755),
            ("data/mail", 0o750),
            ("data/mail/a.eml", 0o644),
            ("data/studium.db", 0o666),
        }
        command = [*opened.program, "reconcile", "--fix"]
        first, second = (_said(opened, *command) for _ in "12")
    assert f"{data}: open to other users of this machine (0755)\n" in first.stdout
    assert "4 of our files and folders are open to others; 4 are closed to them now.\n" in first.stdout
    assert (first.returncode, second.returncode, second.stdout) == (1, 0, "0 differences.\n")
    assert open_to_others(data) == [("link", "0o644")]
    assert elsewhere.stat().st_mode & 0o777 == 0o644
