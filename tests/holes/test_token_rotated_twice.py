"""The hole: rotation was read, then write, so a token used twice at once gave two sessions."""

import asyncio
from collections import Counter

from tests.auth.helpers import Door


async def test_two_at_once_are_not_two_sessions(door: Door):
    await door.person("sam@school.example")
    for _ in range(5):
        body = {"refresh_token": (await door.log_in("sam@school.example"))["refresh_token"]}
        answers = await asyncio.gather(*(door.call("POST", "/auth/refresh", json=body) for _ in range(2)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 1}
