"""A worker killed on the way from a completion to a certificate: nothing is lost, and nothing happens twice."""

import signal
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.processes.dying_worker import POINTS
from tests.processes.school import School, school, stop, until
from tests.world import open_world

DRIVER = Path(__file__).with_name("dying_worker.py")


def certificates(of: School, token: str) -> list[str]:
    found = of.call("GET", "/certificates/my-certificates", token).json()["items"]
    return [one["certificate_number"] for one in found]


def mails_about(folder: Path, number: str) -> list[str]:
    """The Message-IDs of the mails about a certificate."""
    contents = [path.read_bytes() for path in (folder / "mail").glob("*.eml")]
    return [message_from_bytes(content)["Message-ID"] for content in contents if number.encode() in content]


def pdfs(folder: Path) -> list[str]:
    return [path.name for path in (folder / "files" / "certificates").rglob("*.pdf")]


@pytest.mark.parametrize("point", POINTS)
async def test_one_certificate_one_pdf_one_mail(database_url: str, tmp_path: Path, point: str) -> None:
    async with open_world(database_url, tmp_path) as world:
        ids, mia = world.ids, world.tokens["mia"]
    with school(tmp_path, database_url=database_url, jobs="external") as open_school:
        open_school.environment["DIES_AT"] = point
        check(open_school, {name: str(found) for name, found in ids.items()}, mia, tmp_path)


def check(open_school: School, ids: dict[str, str], mia: str, folder: Path) -> None:
    server = open_school.serve()
    dying = open_school.start(str(DRIVER))
    enrolled = open_school.call("POST", "/enrollments", mia, json={"course_id": ids["C2"]}).json()
    done = open_school.call("POST", f"/enrollments/{enrolled['id']}/lessons/{ids['M1']}/complete", mia)
    assert done.json()["enrollment"]["status"] == "completed"
    assert dying.wait(timeout=20) == -signal.SIGKILL

    worker = open_school.start("worker")
    until(lambda: certificates(open_school, mia))
    (number,) = certificates(open_school, mia)
    until(lambda: mails_about(folder, number) and pdfs(folder))
    until(open_school.is_idle)
    assert certificates(open_school, mia) == [number]
    assert len(mails_about(folder, number)) == 1
    assert len(pdfs(folder)) == 1
    assert [stop(process) for process in (worker, server)] == [0, 0]
