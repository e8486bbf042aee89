"""The hole: the role was read from the token, so a demoted admin stayed one until it expired."""

from studium.models import Role
from tests.auth.helpers import Door


async def test_a_demotion_holds_from_the_next_request(door: Door):
    await door.person("root@school.example", Role.ADMIN)
    eve = await door.person("eve@school.example", Role.ADMIN)
    token = await door.token("eve@school.example")
    assert (await door.call("GET", "/users", token)).status_code == 200
    body = {"role": "student"}
    await door.call("PATCH", f"/users/{eve.id}", await door.token("root@school.example"), json=body)
    assert (await door.call("GET", "/users", token)).status_code == 403
