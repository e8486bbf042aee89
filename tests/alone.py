"""Tests that measure time run alone: while one of them runs, no other worker runs a test.

Two locked files decide it. Whoever wants to run a test takes the door, then the room, and lets go of the door. An
ordinary test shares the room; one that is marked `alone` has it for itself. It keeps the door while it waits, so that
those who come later queue up behind it.
"""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run them last, when the other workers have the least to wait for."""
    items.sort(key=_is_alone)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Wait for the room before the clock of the test's own timeout starts."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    shared = Path(item.config._tmp_path_factory.getbasetemp()).parent  # type: ignore[attr-defined]  # Of all workers.
    with (shared / "room").open("w") as room:
        with (shared / "door").open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX if _is_alone(item) else fcntl.LOCK_SH)
        return (yield)
