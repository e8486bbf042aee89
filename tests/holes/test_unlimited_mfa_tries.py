"""The hole: a six-digit code could be guessed as often as one liked while the challenge lived."""

from datetime import timedelta

import pyotp

from studium.kit.base import clock
from tests.auth.helpers import Door
from tests.auth.test_totp import SAM, enabled, verify


async def test_guessing_all_codes_ends_after_five(door: Door):
    _, app, _ = await enabled(door)
    challenge = (await door.log_in(SAM))["challenge_token"]
    right = {app.at(clock.now() + timedelta(seconds=30 * step)) for step in range(-2, 3)}
    wrong = [code for code in (f"{n:06}" for n in range(40)) if code not in right]
    statuses = [(await verify(door, challenge, code)).status_code for code in wrong[:30]]
    assert set(statuses) <= {401, 429}
    assert (await verify(door, challenge, pyotp.TOTP(app.secret).at(clock.now()))).status_code == 401
