"""The hole: a deactivated person could go on by refreshing, because nobody looked at the account again."""

from studium.models import User
from tests.auth.helpers import Door


async def test_refreshing_looks_at_the_account(door: Door):
    sam = await door.person("sam@school.example")
    tokens = await door.log_in("sam@school.example")
    async with door.database.write_session() as session:
        (await session.get_one(User, sam.id)).is_active = False
    answer = await door.call("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 401
