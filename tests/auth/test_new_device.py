"""A log-in like none before: the owner hears of it, once, and not of their usual ones."""

import pytest
from sqlalchemy import delete

from studium.models import UserSession
from tests.auth.helpers import HOME, PASSWORD, Door, text_of

SAM = "sam@school.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER = FIREFOX.replace("140.0", "141.0.2")
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
AWAY = "203.0.113.99"


async def enter(door: Door, source: str = HOME, program: str | None = FIREFOX) -> None:
    door.source = source
    headers = {} if program is None else {"User-Agent": program}
    answer = await door.call("POST", "/auth/login", json={"email": SAM, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 200, answer.text


async def notices(door: Door) -> list[str]:
    return [
        text_of(mail).replace("\r\n", "\n")
        for mail in await door.mails(SAM)
        if mail["Subject"] == "New log-in to your account"
    ]


async def test_the_first_log_in_of_all_is_no_news(door: Door):
    await door.person(SAM)
    await enter(door)
    assert await notices(door) == []


async def test_the_usual_device_is_no_news_also_after_an_update(door: Door):
    await door.person(SAM)
    for program in (FIREFOX, FIREFOX, NEWER, FIREFOX):
        await enter(door, program=program)
    assert await notices(door) == []


@pytest.mark.parametrize(
    ("source", "program", "device"),
    [(AWAY, FIREFOX, "Firefox, Linux"), (HOME, PHONE, "Chrome, Android"), (AWAY, PHONE, "Chrome, Android")],
)
async def test_another_place_or_program_is_told_of_once(door: Door, source: str, program: str, device: str):
    await door.person(SAM)
    await enter(door)
    await enter(door, source, program)
    (notice,) = await notices(door)
    assert f"Device: {device}\n" in notice
    assert f"Address: {source}\n" in notice
    await enter(door, source, program)
    await enter(door)
    assert len(await notices(door)) == 1


async def test_an_account_long_unused_is_guarded_too(door: Door):
    user = await door.person(SAM)
    await enter(door)
    async with door.database.write_session() as session:
        await session.execute(delete(UserSession).where(UserSession.user_id == user.id))
    await enter(door)
    assert len(await notices(door)) == 1


async def test_a_wrong_password_is_no_log_in(door: Door):
    await door.person(SAM)
    await enter(door)
    door.source = AWAY
    assert (await door.try_login(SAM, "not the password")).status_code == 401
    assert await notices(door) == []
