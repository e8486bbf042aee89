"""The hole: the log-in's challenge came back together with the code that passes it, and the cache held it in clear."""

import json

from tests.auth.helpers import Door
from tests.auth.test_mailed_codes import SAM, enabled, newest_code


async def test_the_code_is_in_the_mail_alone(door: Door):
    await enabled(door)
    answer = await door.try_login(SAM)
    code = await newest_code(door)
    assert code not in answer.text
    assert code not in json.dumps(dict(answer.headers))
    claims = door.runtime.keys.verify("challenge", answer.json()["challenge_token"])
    assert code not in str(claims)
    assert code not in str(await door.runtime.cache.get(f"auth:mfa:code:{claims['jti']}"))
