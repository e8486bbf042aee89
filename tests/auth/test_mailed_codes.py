"""The second factor by mail: six digits that are nowhere in clear but in the mail."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

from sqlalchemy import text

from studium.kit.base import clock
from tests.auth.helpers import PASSWORD, Door, code_of, html_of, text_of
from tests.auth.test_totp import confirm, prepare, verify

SAM = "sam@school.example"


async def newest_code(door: Door) -> str:
    mail = (await door.mails(SAM))[-1]
    code = re.search(r"^\s*(\d{6})\s*$", text_of(mail), re.MULTILINE)
    assert code is not None
    assert code[1] in html_of(mail)
    return code[1]


async def enabled(door: Door) -> str:
    await door.person(SAM)
    token = await door.token(SAM)
    answer = await prepare(door, token, method="email")
    assert answer.json() == {
        "status": "pending",
        "method": "email",
        "secret": None,
        "otpauth_uri": None,
        "qr_svg": None,
        "expires_in_seconds": 600,
    }
    assert (await confirm(door, token, await newest_code(door))).status_code == 200
    return token


async def test_a_log_in_mails_a_code_that_works_once(door: Door):
    await enabled(door)
    challenge = await door.log_in(SAM)
    assert challenge["method"] == "email"
    code = await newest_code(door)
    answers = await asyncio.gather(*(verify(door, challenge["challenge_token"], code) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 9}
    other = await door.log_in(SAM)
    assert (await verify(door, other["challenge_token"], code)).status_code == 401


async def test_a_code_belongs_to_its_challenge(door: Door):
    await enabled(door)
    first = await door.log_in(SAM)
    code = await newest_code(door)
    second = await door.log_in(SAM)
    assert (await verify(door, second["challenge_token"], code)).status_code == 401
    assert (await verify(door, first["challenge_token"], code)).status_code == 200


async def test_a_code_dies_after_ten_minutes(door: Door):
    await enabled(door)
    challenge = await door.log_in(SAM)
    code = await newest_code(door)
    with clock.shifted(timedelta(minutes=10, seconds=1)):
        assert (await verify(door, challenge["challenge_token"], code)).status_code == 401


async def test_a_cache_that_forgets_locks_nobody_out(door: Door):
    await enabled(door)
    challenge = await door.log_in(SAM)
    code = await newest_code(door)
    claims = door.runtime.keys.verify("challenge", challenge["challenge_token"])
    key = f"auth:mfa:code:{claims['jti']}"
    kept = await door.runtime.cache.get(key)
    assert kept is not None
    assert code not in kept
    await door.runtime.cache.delete(key)
    assert (await verify(door, challenge["challenge_token"], code)).status_code == 200


async def test_turning_it_off_mails_a_code_first(door: Door):
    token = await enabled(door)

    async def disable(**body: str):
        return await door.call("POST", "/auth/mfa/disable", token, json={"password": PASSWORD, **body})

    asked = await disable()
    assert (asked.status_code, code_of(asked)) == (400, "mfa_code_sent")
    code = await newest_code(door)
    assert code_of(await disable(code=f"{(int(code) + 1) % 1_000_000:06}")) == "invalid_mfa_code"
    assert (await disable(code=code)).status_code == 204
    assert "access_token" in await door.log_in(SAM)


async def test_the_code_is_in_no_answer_and_in_no_job(door: Door):
    await enabled(door)
    answer = await door.try_login(SAM)
    table = "procrastinate_jobs" if door.database.dialect == "postgresql" else "jobs"
    async with door.database.read_session() as session:
        jobs = str((await session.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608 -- a name of ours.
    code = await newest_code(door)
    assert code not in answer.text
    assert "mail_mfa_code" in jobs
    assert code not in jobs


async def test_mails_are_limited(door: Door):
    await enabled(door)
    statuses = [(await door.try_login(SAM)).status_code for _ in range(20)]
    assert statuses == [200] * 19 + [429]
