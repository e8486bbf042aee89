"""`STUDIUM_REQUIRE_MFA`: whoever of these roles has no second factor may set one up, and nothing else."""

from pathlib import Path
from typing import Any

import pyotp
import pytest
from fastapi.routing import APIRoute

from studium.access.actor import current_user, newcomer, optional_user
from studium.entrypoints.inventory import api_routes
from studium.kit.base.config import SettingsError, load_settings
from studium.kit.http.signatures import functions_of
from studium.models import Role
from tests.auth.helpers import PASSWORD, Door, code_of
from tests.auth.test_totp import code_at, confirm, prepare
from tests.world import World, open_world

FREE = {
    ("GET", "/users/me"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/mfa/enable"),
    ("POST", "/auth/mfa/confirm"),
    ("POST", "/auth/reauthenticate"),
}


@pytest.fixture
def settings_changes() -> dict[str, Any]:
    return {"require_mfa": "admin,instructor"}


def asks_for(route: APIRoute) -> bool:
    """Whether a route settles who is asking."""
    names = frozenset(route.param_convertors)
    return not {current_user, newcomer, optional_user}.isdisjoint(functions_of(route.endpoint, names))


@pytest.mark.parametrize("who", ["ada", "root"])
async def test_every_route_but_a_few_is_closed(database_url: str, tmp_path: Path, who: str) -> None:
    """All routes, whatever they are called with: the parameters are nonsense, and looked at later."""
    async with open_world(database_url, tmp_path, require_mfa="admin,instructor") as world:
        asking = {
            (method, route.path.removeprefix("/api/v1"))
            for route in api_routes()
            for method in (route.methods or set()) - {"HEAD"}
            if asks_for(route)
        }
        assert asking > FREE
        # Who logs out can be asked nothing more.
        for method, path in sorted(asking, key=lambda each: each[1] == "/auth/logout"):
            await check(world, who, method, path)


async def check(world: World, who: str, method: str, path: str) -> None:
    filled = path
    for name in ("{slug}", "{certificate_number}"):
        filled = filled.replace(name, "nonsense")
    parts = ["{C1}" if part.startswith("{") else part for part in filled.split("/")]
    answer = await world.call(who, method, "/".join(parts), headers={"Content-Type": "application/json"})
    is_closed = answer.status_code == 403 and code_of(answer) == "mfa_setup_required"
    assert is_closed is ((method, path) not in FREE), (method, path, answer.status_code, answer.text)


async def test_other_roles_are_not_asked(door: Door):
    await door.person("sam@school.example")
    token = await door.token("sam@school.example")
    assert (await door.call("GET", "/enrollments/my-courses", token)).status_code == 200
    assert (await door.call("GET", "/courses")).status_code == 200


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INSTRUCTOR])
async def test_it_ends_as_soon_as_the_factor_is_on_and_begins_again_when_it_is_off(door: Door, role: Role):
    await door.person("root@school.example", role)
    token = await door.token("root@school.example")
    assert code_of(await door.call("GET", "/courses", token)) == "mfa_setup_required"
    app = pyotp.TOTP((await prepare(door, token)).json()["secret"])
    assert code_of(await door.call("GET", "/courses", token)) == "mfa_setup_required"
    assert (await confirm(door, token, code_at(app))).status_code == 200
    assert (await door.call("GET", "/courses", token)).status_code == 200
    off = await door.call("POST", "/auth/mfa/disable", token, json={"password": PASSWORD, "code": code_at(app, 1)})
    assert off.status_code == 204
    assert code_of(await door.call("GET", "/courses", token)) == "mfa_setup_required"
    assert (await door.call("GET", "/users/me", token)).json()["mfa_enabled"] is False
    assert (await door.call("POST", "/auth/logout", token)).status_code == 204


def test_only_roles_are_taken(tmp_path: Path) -> None:
    every = ",".join(Role)
    assert load_settings(data_dir=tmp_path, _env_file=None, require_mfa=every).require_mfa == tuple(Role)
    assert load_settings(data_dir=tmp_path, _env_file=None, require_mfa="").require_mfa == ()
    with pytest.raises(SettingsError, match="STUDIUM_REQUIRE_MFA"):
        load_settings(data_dir=tmp_path, _env_file=None, require_mfa="teacher")
