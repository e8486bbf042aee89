"""Every row of the benchmark's table is answered by all who are measured for it."""

import asyncio
from contextlib import ExitStack

import pytest

from bench.contenders import NAMES, contender
from bench.load import collect
from bench.scenarios import Scenario, scenarios
from bench.school import Size, forget, passing
from tests.databases import SERVER

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]
FEW = 3


async def ask(port: int, scenario: Scenario) -> None:
    bodies = await collect(port, scenario.requests[:FEW])
    if scenario.follow is not None:
        await collect(port, scenario.follow(bodies)[:FEW])


def test_all_contenders_answer_every_row() -> None:
    size = Size(500)
    with passing(SERVER.rpartition("/")[0], size) as url, ExitStack() as stack:
        servers = {name: stack.enter_context(contender(name, url)) for name in NAMES}
        for scenario in scenarios(size):
            for name in scenario.by:
                forget(url)
                try:
                    asyncio.run(ask(servers[name].port, scenario))
                except RuntimeError as error:
                    pytest.fail(f"{name} at {scenario.title}: {error}")
