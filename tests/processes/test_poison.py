"""Four imports at once that would take memory and processors without end: everybody else notices nothing."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from subprocess import Popen
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from studium.kit.base.config import load_settings
from studium.kit.jobs.registry import MAX_DEATHS
from studium.kit.runtime import open_runtime
from tests.processes import poison
from tests.processes.school import NO_CERTIFICATES, School, school, until
from tests.processes.test_start import rest_mib
from tests.servers import processes
from tests.world import World, open_world

OWNERS = ("ada", "eve", "root", "ada")
"""The second of ada's waits for her first."""
MAIL_SECONDS, LIVE_SECONDS, MOST_MIB = 2, 0.1, 500


class Besieged:
    """A school with four poisons, and the process that works at them."""

    def __init__(self, opened: School, world: World, database_url: str) -> None:
        opened.patience = 90  # Something else works at full power meanwhile.
        self.opened, self.world, self.database_url = opened, world, database_url
        self.is_apart = database_url.startswith("postgresql")
        self.server: Popen[bytes] = opened.serve()
        self.worker = self.start_worker() if self.is_apart else self.server
        self.sent: list[tuple[str, str]] = []

    def start_worker(self) -> Popen[bytes]:
        return self.opened.start("worker")

    def send(self) -> None:
        for who, (name, make) in zip(OWNERS, poison.ALL.items(), strict=True):
            upload = {"file": (f"{name}.zip", make())}
            answer = self.opened.call("POST", "/courses/import", self.world.tokens[who], files=upload)
            assert answer.status_code == 202, answer.text
            self.sent.append((who, answer.json()["id"]))

    def found(self) -> list[dict[str, Any]]:
        return [
            self.opened.call("GET", f"/courses/imports/{import_id}", self.world.tokens[who]).json()
            for who, import_id in self.sent
        ]

    def states(self) -> list[str]:
        return [each["status"] for each in self.found()]

    def reading(self) -> int:
        """How many processes read materials now: forks of the helper of what works at them."""
        family = list(processes())
        helpers = {pid for pid, parent in family if parent == self.worker.pid}
        return sum(parent in helpers for _, parent in family)

    def restart(self) -> None:
        """Kill what works at them, as the system does where memory runs out, and start it anew."""
        self.worker.kill()
        self.worker.wait()
        if self.is_apart:
            asyncio.run(self._silent_for_long())
            self.worker = self.start_worker()
        else:
            self.worker = self.server = self.opened.serve()

    async def _silent_for_long(self) -> None:
        settings = load_settings(database_url=self.database_url, data_dir=self.opened.folder, _env_file=None)
        async with open_runtime(settings) as runtime, runtime.database.write_session() as session:
            await session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))


@pytest.fixture
def besieged(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Besieged]:
    async def populated() -> World:
        async with open_world(database_url, tmp_path) as world:
            return world

    world = asyncio.run(populated())
    settings = {"database_url": database_url, "sweep_seconds": "0.5", "imports_at_once": "4", **request.param}
    with school(tmp_path, **settings) as opened:
        yield Besieged(opened, world, database_url)


def livez(opened: School) -> float:
    began = monotonic()
    assert httpx2.get(f"{opened.address}/livez", timeout=5, verify=NO_CERTIFICATES).status_code == 200
    return monotonic() - began


def mailed(opened: School, who: str) -> float:
    """Seconds until the mail with a link has come; the same person does not get another so soon."""
    folder, began = opened.folder / "mail", monotonic()
    before = set(folder.glob("*.eml"))
    assert opened.call("POST", "/auth/forgot-password", json={"email": f"{who}@school.example"}).status_code == 200
    until(lambda: set(folder.glob("*.eml")) - before, 20)
    return monotonic() - began


@pytest.mark.timeout(240)
@pytest.mark.parametrize("besieged", [{"import_cpu_seconds": "1", "import_seconds": "20"}], indirect=True)
def test_nobody_else_notices_and_each_teacher_hears_why(besieged: Besieged) -> None:
    mailed(besieged.opened, "sam")
    besieged.send()
    until(lambda: "running" in besieged.states())
    waited, most, lived = mailed(besieged.opened, "mia"), 0.0, []
    while set(besieged.states()) & {"queued", "running"}:
        lived.append(livez(besieged.opened))
        most = max(most, rest_mib(besieged.server), rest_mib(besieged.worker))
        sleep(0.05)
    print(f"mail {waited:.2f} s, livez {quantiles(lived, n=20)[-1]:.3f} s, {most:.0f} MiB, {len(lived)} asked")  # noqa: T201 -- figures.
    assert waited < MAIL_SECONDS
    assert quantiles(lived, n=20)[-1] < LIVE_SECONDS, sorted(lived)[-5:]
    assert most < MOST_MIB
    found = besieged.found()
    # What the reader itself bounds is imported, with a report; the rest ends by a limit of its process.
    assert {each["status"] for each in found if each["fault"] is None} <= {"done"}
    reasons = [each["fault"]["reason"] for each in found if each["fault"] is not None]
    assert len(reasons) >= 2.0
    assert all(re.search(r"1 s of processor time|than 20 s|bytes of texts|MiB of memory", each) for each in reasons), (
        reasons
    )
    assert besieged.server.poll() is None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("besieged", [{"import_cpu_seconds": "3600"}], indirect=True)
def test_what_kills_the_worker_three_times_comes_no_more(besieged: Besieged) -> None:
    besieged.send()
    for turn in range(MAX_DEATHS):
        until(lambda: besieged.reading() == 3, 90)
        assert besieged.states()[3] == "queued", "one at a time for each owner"
        if turn == MAX_DEATHS - 1:
            # The one that waited ends by itself, however little of a processor it gets beside other tests.
            besieged.opened.environment["STUDIUM_IMPORT_SECONDS"] = "5"
        besieged.restart()
    until(lambda: set(besieged.states()) == {"failed"}, 120)
    found = besieged.found()
    # What the reader itself bounds is imported, with a report; the rest ends by a limit of its process.
    assert {each["status"] for each in found if each["fault"] is None} <= {"done"}
    reasons = [each["fault"]["reason"] for each in found if each["fault"] is not None]
    assert len(reasons) >= 2.0
    assert all("could not be finished" in each for each in reasons[:3]), reasons
    incoming = besieged.opened.folder / "files" / "incoming"
    until(lambda: not [path for path in incoming.rglob("*") if path.is_file()])
    mailed(besieged.opened, "mia")
