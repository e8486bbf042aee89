"""A mail server in any temper: no request notices, mails are tried again under one id, refusals are dead letters."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from studium.kit import mail as mail_module
from studium.kit.jobs.registry import MAX_TRIES, DeadJob, retry_delay
from tests.jobs.test_failures import make_due
from tests.postbox import Postbox, silent, smtp
from tests.processes.school import school, until
from tests.servers import free_port
from tests.world import PASSWORD, World, open_world

MIA = "mia@school.example"


@asynccontextmanager
async def refusing() -> AsyncIterator[str]:
    """The address of nobody."""
    yield f"smtp://127.0.0.1:{free_port()}"


TEMPERS: dict[str, Callable[[], object]] = {
    "refused": refusing,
    "hanging": silent,
    "later": lambda: smtp(Postbox(answer="451 later, please")),
    "full": lambda: smtp(Postbox(recipient="452 mailbox full")),
    "busy": lambda: smtp(Postbox(recipient="421 too many of you")),
}
FINAL = {
    "unknown": lambda: Postbox(recipient="550 <mia@school.example>: nobody here"),
    "unwanted": lambda: Postbox(answer="554 spam"),
}


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "TIMEOUT_SECONDS", 0.3)


async def enrol(world: World) -> str:
    answer = await world.call("mia", "POST", "/enrollments", json={"course_id": str(world.ids["C2"])})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def dead(world: World) -> list[DeadJob]:
    return await world.runtime.jobs.dead_jobs()


async def again(world: World) -> None:
    """Let every pause be over, and run what is due."""
    await make_due(world.runtime)
    await world.runtime.jobs.drain(raising=False)


@pytest.mark.parametrize("temper", TEMPERS)
async def test_what_may_pass_is_tried_eight_times_then_dead(database_url: str, tmp_path: Path, temper: str) -> None:
    async with TEMPERS[temper]() as address, open_world(database_url, tmp_path, mail_url=address) as world:  # type: ignore[attr-defined]
        await enrol(world)
        for tries in range(1, MAX_TRIES + 1):
            assert await dead(world) == [], f"after {tries - 1} tries"
            await again(world)
        (letter,) = await dead(world)
        assert letter.tries == MAX_TRIES
        assert letter.name.endswith("mail_enrollment")
        assert await world.runtime.jobs.pending() == {"ready": 0, "running": 0, "dead": 1}


def test_the_tries_are_spread_over_half_an_hour() -> None:
    pauses = [retry_delay(tries) for tries in range(1, MAX_TRIES)]
    assert pauses[:5] == sorted(pauses[:5])
    assert 25 * 60 < sum(pauses) < 35 * 60


@pytest.mark.parametrize("temper", FINAL)
async def test_a_final_refusal_is_a_dead_letter_at_once(database_url: str, tmp_path: Path, temper: str) -> None:
    postbox = FINAL[temper]()
    async with smtp(postbox) as address, open_world(database_url, tmp_path, mail_url=address) as world:
        await enrol(world)
        await again(world)
        (letter,) = await dead(world)
        assert letter.tries == 1
        assert MIA not in str(letter), "neither the address nor the server's words are kept"

        postbox.recipient = postbox.answer = "250 OK"
        postbox.mails.clear()
        assert await world.runtime.jobs.requeue(letter.id)
        await again(world)
        assert [mail["To"] for mail in postbox.mails] == [MIA]
        assert await dead(world) == []


async def test_a_mail_keeps_its_id_over_its_tries(database_url: str, tmp_path: Path) -> None:
    postbox = Postbox(answer="451 later, please")
    async with smtp(postbox) as address, open_world(database_url, tmp_path, mail_url=address) as world:
        await enrol(world)
        await again(world)
        await again(world)
        postbox.answer = "250 OK"
        await again(world)
        await again(world)
        assert len(postbox.mails) == 3
        assert len({mail["Message-ID"] for mail in postbox.mails}) == 1
        await world.call(None, "POST", "/auth/verify-email", json={"email": MIA})
        await world.call(None, "POST", "/auth/forgot-password", json={"email": MIA})
        await again(world)
        assert len({mail["Message-ID"] for mail in postbox.mails}) == 2, "another mail has another id"


async def test_a_certificate_does_not_wait_for_the_mail(database_url: str, tmp_path: Path) -> None:
    async with silent() as address, open_world(database_url, tmp_path, mail_url=address) as world:
        lesson = f"/enrollments/{await enrol(world)}/lessons/{world.ids['M1']}"
        done = await world.call("mia", "POST", f"{lesson}/complete")
        assert done.json()["enrollment"]["status"] == "completed"
        await world.runtime.jobs.drain(raising=False)
        items = (await world.call("mia", "GET", "/certificates/my-certificates")).json()["items"]
        assert [item["course_title"] for item in items] == ["Course C2"]


async def test_no_request_notices_a_server_that_hangs(tmp_path: Path) -> None:
    """The real server, which runs the jobs itself: people come in while every mail waits."""
    async with silent() as address:
        with school(tmp_path, mail_url=address) as open_school:
            open_school.serve()
            for number in range(6):
                person = {"email": f"p{number}@school.example", "full_name": "Person", "password": PASSWORD}
                began = monotonic()
                assert open_school.call("POST", "/auth/register", json=person).status_code == 201
                entry = {"email": person["email"], "password": PASSWORD}
                assert open_school.call("POST", "/auth/login", json=entry).status_code == 200
                asked = open_school.call("POST", "/auth/forgot-password", json={"email": person["email"]})
                assert asked.status_code == 200
                assert monotonic() - began < 3, "well under the time that a mail may take"
            until(open_school.is_ready)
