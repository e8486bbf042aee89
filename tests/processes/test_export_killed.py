"""A worker killed in the middle of an export: the next one makes it whole, and one mail goes out."""

import re
import signal
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from studium.modules.privacy.exports.jobs import sweep_exports
from tests.auth.helpers import text_of
from tests.files.helpers import Desk
from tests.processes.dying_exporter import POINTS
from tests.processes.school import school, stop, until
from tests.servers import PATIENCE_SECONDS
from tests.world import World, open_world

DRIVER = Path(__file__).with_name("dying_exporter.py")
CONTENT = b"My note. " * 100_000


def links(folder: Path) -> list[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in (folder / "mail").glob("*.eml")]
    texts = [text_of(mail) for mail in mails if mail["To"] == "sam@school.example"]
    return [match[1] for text in texts if (match := re.search(r"/api/v1(/exports/\S+)", text))]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_one_mail_leads_to_a_whole_zip(database_url: str, tmp_path: Path, point: str) -> None:
    async with open_world(database_url, tmp_path) as world:
        await Desk(world).take("sam", "note.txt", CONTENT)
        assert (await world.call("sam", "POST", "/users/me/export")).status_code == 202
        settings = {"database_url": database_url, "jobs": "external", "public_base_url": "https://school.example"}
        with school(tmp_path, **settings) as open_school:
            open_school.environment["DIES_AT"] = point
            dying = open_school.start(str(DRIVER))
            assert dying.wait(timeout=PATIENCE_SECONDS) == -signal.SIGKILL
            worker = open_school.start("worker")
            until(lambda: links(tmp_path))
            assert stop(worker) == 0
        await world.jobs()
        await _check(world, tmp_path)


async def _check(world: World, folder: Path) -> None:
    (link,) = links(folder)
    answer = await world.call(None, "GET", link)
    archive = ZipFile(BytesIO(answer.content))
    assert archive.testzip() is None
    (name,) = [
        name for name in archive.namelist() if name.startswith("files/") and archive.getinfo(name).file_size > 99
    ]
    assert archive.read(name) == CONTENT
    await sweep_exports(world.runtime)
    assert len([path async for path in world.runtime.storage.list("exports")]) == 1
