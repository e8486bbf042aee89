"""The alerts and the dashboard look at metrics that exist, and every alert has a paragraph for the night."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from studium.kit.base import metrics
from studium.kit.base.executors import BoundedExecutor
from studium.kit.base.problems import Overloaded
from tests.world import World

ROOT = Path(__file__).parents[2]
_WORD = re.compile(r"\b(?:studium|process)_\w+")


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "ops" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    board = json.loads((ROOT / "ops" / "dashboard.json").read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*shown, *(rule["expr"] for rule in alerts())]


async def exposed(world: World) -> tuple[dict[str, str], str]:
    """The names that /metrics declares, each with its kind, and its text."""
    said = (await world.client.get("http://test/metrics")).text
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", said, re.MULTILINE)), said


def counted(said: str) -> set[tuple[str, str]]:
    """The methods and routes of which answers were counted."""
    return set(re.findall(r'studium_http_requests_total\{method="(\w+)",route="([^"]*)"', said))


async def test_every_metric_that_is_looked_at_exists_and_the_other_way_round(world: World) -> None:
    kinds, _ = await exposed(world)
    names = {f"{name}_bucket" if kind == "histogram" else name for name, kind in kinds.items()}
    wanted = {name for expression in expressions() for name in _WORD.findall(expression)}
    assert wanted <= names
    assert {name for name in names if name.startswith("studium_") and not name.endswith("_created")} <= wanted


async def test_every_label_that_is_looked_at_exists(world: World) -> None:
    known = {"job", "instance", "le"}
    for found in vars(metrics).values():
        known |= set(getattr(found, "_labelnames", ()))
    for expression in expressions():
        named = re.findall(r"(\w+)\s*[=!]~?\s*\"", expression)
        grouped = [word.strip() for words in re.findall(r"by \(([^)]*)\)", expression) for word in words.split(",")]
        assert {*named, *grouped} <= known, expression


def test_every_alert_is_explained_and_every_explained_alert_exists() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^### (Studium\w+)$", page, re.MULTILINE)) == {rule["alert"] for rule in alerts()}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in alerts())
    assert {rule["labels"]["severity"] for rule in alerts()} == {"page", "ticket"}


async def test_what_callers_send_makes_no_labels(world: World) -> None:
    # Other tests of this process may have counted the routes of small applications of their own.
    before = counted((await exposed(world))[1])
    await world.call(None, "GET", "/livez")
    for path in ("/nothing", "/courses/{C1}/no", "/certificates/verify/CERT-1", "/users/%00", "/files/{F3}/download"):
        for method in ("GET", "BREW", "PATCH"):
            await world.call(None, method, path)
    _, said = await exposed(world)
    labels = counted(said) - before
    assert {method for method, _ in labels} <= {*metrics.METHODS, "OTHER"}
    routes = {getattr(route, "path", "") for route in world.app.routes}
    assert {route for _, route in labels} <= {*routes, metrics.UNMATCHED}
    for name in world.ids.values():
        assert str(name) not in said


async def test_pools_breakers_and_disk_are_shown(world: World) -> None:
    async with world.runtime.database.read_session() as session:
        await session.execute(text("SELECT 1"))
        _, said = await exposed(world)
    values = dict(re.findall(r"^(studium_(?:pool|breaker|storage)\S*) (\S+)$", said, re.MULTILINE))
    assert float(values['studium_pool_busy{pool="sessions"}']) >= 1
    assert float(values['studium_pool_limit{pool="sessions"}']) >= 10
    assert values['studium_breaker_open{name="cache"}'] == values['studium_breaker_open{name="mail"}'] == "0.0"
    assert float(values["studium_storage_free_bytes"]) > 1e6


async def test_a_full_executor_is_counted() -> None:
    lane = BoundedExecutor("ops-test", threads=1, queue=0)
    labels = {"lane": "ops-test"}
    await lane.run(int)
    lane._room.acquire()
    with pytest.raises(Overloaded):
        await lane.run(int)
    value = metrics.REGISTRY.get_sample_value
    assert value("studium_lane_refused_total", labels) == 1
    assert value("studium_lane_limit", labels) == 1
    assert value("studium_lane_tasks", labels) == 0
