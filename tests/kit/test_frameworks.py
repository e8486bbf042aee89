"""What the application as a whole needs of FastAPI, Starlette, Pydantic and uvicorn, on any release in the ranges."""

import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

from studium.entrypoints.inventory import api_routes
from studium.kit.http.routing import Route

ROOT = Path(__file__).parents[2]
PLAIN = {"/api/v1/auth/token"}
"""The one route that reads a form."""


def test_every_route_but_the_form_has_a_plan() -> None:
    assert {route.path for route in api_routes() if isinstance(route, Route) and route.plan is None} == PLAIN


def test_no_private_name_is_used() -> None:
    """Beside `kit/http/protocol.py`, which lists what it uses of uvicorn."""
    private = ("fastapi._", "starlette._", "pydantic._", "__pydantic_", ".dependant", "fastapi.dependencies", "astack")
    files = [path for path in (ROOT / "studium").rglob("*.py") if path.name != "protocol.py"]
    used = [(path.name, name) for path in files for name in private if name in path.read_text()]
    assert used == []
    outside = [path.name for path in files if "uvicorn.protocols" in path.read_text()]
    assert outside == []


def test_the_releases_are_in_the_ranges() -> None:
    wanted = map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    found = {each.name: each for each in wanted if each.name in {"fastapi", "starlette", "pydantic", "uvicorn"}}
    assert len(found) == 4
    assert [name for name, each in found.items() if not each.specifier.contains(version(name))] == []
    assert all(len(list(each.specifier)) == 2 for each in found.values())
