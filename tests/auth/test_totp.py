"""The second factor by an app: prepared, confirmed, asked for at every log-in, each code good for once."""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from sqlalchemy import select

from studium.kit.base import clock
from studium.models import User
from tests.auth.helpers import PASSWORD, Door, code_of, text_of

SAM = "sam@school.example"


async def prepare(door: Door, token: str, **more: str):
    return await door.call("POST", "/auth/mfa/enable", token, json={"password": PASSWORD, **more})


async def confirm(door: Door, token: str, code: str):
    return await door.call("POST", "/auth/mfa/confirm", token, json={"code": code})


async def verify(door: Door, challenge: str, code: str):
    return await door.call("POST", "/auth/mfa/verify", json={"challenge_token": challenge, "code": code})


async def enabled(door: Door) -> tuple[str, pyotp.TOTP, list[str]]:
    """Sam with the second factor on: an access token, the app, and the recovery codes."""
    await door.person(SAM)
    token = await door.token(SAM)
    app = pyotp.TOTP((await prepare(door, token)).json()["secret"])
    answer = await confirm(door, token, code_at(app, -1))
    if answer.status_code != 200:  # A step that ended between the two makes the code too old.
        answer = await confirm(door, token, code_at(app, -1))
    assert answer.status_code == 200, answer.text
    return token, app, answer.json()["recovery_codes"]


def code_at(app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(clock.now() + timedelta(seconds=30 * steps))


async def test_nothing_is_on_before_the_first_code(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    pending = (await prepare(door, token)).json()
    assert (pending["status"], pending["method"], pending["expires_in_seconds"]) == ("pending", "totp", 600)
    asked = parse_qs(urlsplit(pending["otpauth_uri"]).query)
    assert asked["secret"] == [pending["secret"]]
    assert asked["issuer"] == ["Studium"]
    assert "access_token" in await door.log_in(SAM)
    wrong = await confirm(door, token, "000000")
    assert (wrong.status_code, code_of(wrong)) == (400, "invalid_mfa_code")
    assert (await confirm(door, token, code_at(pyotp.TOTP(pending["secret"])))).status_code == 200
    assert (await door.call("GET", "/users/me", token)).json()["mfa_enabled"] is True
    assert "mfa_required" in await door.log_in(SAM)
    assert (await door.mails(SAM))[-1]["Subject"] == "The second factor is on"


async def test_the_picture_can_be_scanned(door: Door):
    await door.person(SAM)
    pending = (await prepare(door, await door.token(SAM))).json()
    assert pending["qr_svg"].startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    found = zxingcpp.read_barcodes(_pixels(pending["qr_svg"]))
    assert [code.text for code in found] == [pending["otpauth_uri"]]


def _pixels(svg: str):
    """The picture's dark modules, drawn by hand: one path of relative horizontal lines."""
    (path,) = re.findall(r'class="qrline"[^>]* d="([^"]+)"', svg)
    (scale,) = map(int, re.findall(r"scale\((\d+)\)", svg))
    size = int(re.findall(r'width="(\d+)"', svg)[0])
    image = Image.new("L", (size, size), 255)
    draw, x, y = ImageDraw.Draw(image), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            draw.rectangle((x * scale, (y - 0.5) * scale, (x + values[0]) * scale - 1, (y + 0.5) * scale - 1), fill=0)
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return image


async def test_a_log_in_takes_both_factors(door: Door):
    _, app, _ = await enabled(door)
    challenge = await door.log_in(SAM)
    assert challenge.keys() == {"mfa_required", "challenge_token", "method", "expires_in_seconds", "message"}
    assert challenge["method"] == "totp"
    answer = await verify(door, challenge["challenge_token"], code_at(app))
    assert answer.status_code == 200
    assert await door.works(answer.json()["access_token"])


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_ten_at_once_with_one_code(door: Door, kind: str):
    _, app, recovery = await enabled(door)
    challenges = [(await door.log_in(SAM))["challenge_token"] for _ in range(2)]
    code = code_at(app) if kind == "app" else recovery[0]
    answers = await asyncio.gather(*(verify(door, challenges[n % 2], code) for n in range(10)))
    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] == 1
    assert set(counted) <= {200, 401, 429}


async def test_a_code_works_once(door: Door):
    _, app, _ = await enabled(door)
    code = code_at(app)
    assert (await verify(door, (await door.log_in(SAM))["challenge_token"], code)).status_code == 200
    again = await verify(door, (await door.log_in(SAM))["challenge_token"], code)
    assert (again.status_code, code_of(again)) == (401, "wrong_second_factor")


async def test_a_code_may_be_typed_in_groups(door: Door):
    _, app, _ = await enabled(door)
    code = code_at(app)
    typed = f" {code[:3]} {code[3:]} "
    assert (await verify(door, (await door.log_in(SAM))["challenge_token"], typed)).status_code == 200


async def test_the_clock_of_the_phone_may_be_one_step_off(door: Door):
    _, app, _ = await enabled(door)
    for steps, status in ((3, 401), (-2, 401), (1, 200), (0, 401)):
        challenge = (await door.log_in(SAM))["challenge_token"]
        assert (await verify(door, challenge, code_at(app, steps))).status_code == status, steps


async def test_a_challenge_passes_once_and_for_ten_minutes(door: Door):
    _, app, codes = await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    assert (await verify(door, challenge, codes[0])).status_code == 200
    again = await verify(door, challenge, codes[1])
    assert (again.status_code, code_of(again)) == (401, "invalid_challenge")
    late = (await door.log_in(SAM))["challenge_token"]
    with clock.shifted(timedelta(minutes=10, seconds=1)):
        assert (await verify(door, late, code_at(app))).status_code == 401


async def test_a_challenge_dies_with_the_password_that_opened_it(door: Door):
    token, app, _ = await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    body = {"password": "purple anchor 58", "current_password": PASSWORD}
    assert (await door.call("PATCH", "/users/me", token, json=body)).status_code == 200
    answer = await verify(door, challenge, code_at(app))
    assert (answer.status_code, code_of(answer)) == (401, "invalid_challenge")


async def test_ten_recovery_codes_each_for_once(door: Door):
    _, _, codes = await enabled(door)
    assert len(set(codes)) == 10
    challenge = (await door.log_in(SAM))["challenge_token"]
    answers = await asyncio.gather(*(verify(door, challenge, codes[0]) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 9}
    again = await verify(door, (await door.log_in(SAM))["challenge_token"], codes[0])
    assert again.status_code == 401
    written = codes[1].lower().replace("-", " ").replace("0", "o")
    assert (await verify(door, (await door.log_in(SAM))["challenge_token"], written)).status_code == 200


async def test_secrets_lie_sealed(door: Door):
    _, app, codes = await enabled(door)
    async with door.database.read_session() as session:
        secret = (await session.execute(select(User.mfa_secret).where(User.email == SAM))).scalar_one()
        connection = await session.connection()
        kept = str((await connection.exec_driver_sql("SELECT * FROM recovery_codes")).all())
    assert app.secret not in str(secret)
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_a_preparation_dies_after_ten_minutes(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    app = pyotp.TOTP((await prepare(door, token)).json()["secret"])
    with clock.shifted(timedelta(minutes=10, seconds=1)):
        assert (await confirm(door, token, code_at(app))).status_code == 400


async def test_the_password_is_needed(door: Door):
    await door.person(SAM)
    token = await door.token(SAM)
    answer = await door.call("POST", "/auth/mfa/enable", token, json={"password": "not the password"})
    assert (answer.status_code, code_of(answer)) == (403, "wrong_password")
    assert ("auth.mfa_enabled", "refused") in await door.audit()


async def test_what_is_on_cannot_be_prepared_or_confirmed_again(door: Door):
    token, app, _ = await enabled(door)
    for answer in (await prepare(door, token), await confirm(door, token, code_at(app))):
        assert (answer.status_code, code_of(answer)) == (409, "mfa_already_enabled")


async def test_turning_it_off_takes_both_factors_and_ends_the_other_sessions(door: Door):
    token, app, _ = await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    other = (await verify(door, challenge, code_at(app))).json()["access_token"]

    async def disable(**body: str):
        return await door.call("POST", "/auth/mfa/disable", token, json=body)

    assert (await disable(password="not the password", code=code_at(app, 1))).status_code == 403
    assert code_of(await disable(password=PASSWORD, code="000000")) == "invalid_mfa_code"
    assert code_of(await disable(password=PASSWORD)) == "invalid_mfa_code"
    assert (await disable(password=PASSWORD, code=code_at(app, 1))).status_code == 204
    assert [await door.works(token), await door.works(other)] == [True, False]
    assert "access_token" in await door.log_in(SAM)
    assert "password alone" in text_of((await door.mails(SAM))[-1])
    off = await disable(password=PASSWORD, code="000000")
    assert (off.status_code, code_of(off)) == (409, "mfa_not_enabled")


@pytest.mark.parametrize("path", ["enable", "confirm", "disable"])
async def test_anonymous_callers_hear_401_first(door: Door, path: str):
    assert (await door.call("POST", f"/auth/mfa/{path}", json={"nonsense": 1})).status_code == 401
    assert (await door.call("POST", f"/auth/mfa/{path}")).status_code == 401


@pytest.mark.parametrize("code", ["", "1" * 33, "\uff11\uff12\uff13\uff14\uff15\uff16", "12345\u0000", 123456, None])
async def test_odd_codes_are_refused(door: Door, code: object):
    await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    body = {"challenge_token": challenge, "code": code}
    assert (await door.call("POST", "/auth/mfa/verify", json=body)).status_code in (400, 401, 422)
