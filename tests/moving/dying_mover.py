"""`studium move --to TARGET` that kills itself (SIGKILL) where `DIES_AT` says. Run by tests."""

import os
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from studium.entrypoints.cli.app import main
from studium.entrypoints.operations.moving import move
from studium.entrypoints.operations.moving.source import Source
from studium.entrypoints.operations.moving.target import Target
from studium.kit.db import migrations
from tests.processes.dying_worker import die

BEFORE_COMMIT: dict[str, tuple[Any, str, int]] = {
    "file held": (Source, "revision", 1),
    "target seen": (move._Move, "refuse_occupied", 1),
    "half looked at": (Source, "check", 20),
    "all looked at": (Source, "check_references", 1),
    "migrated": (migrations, "upgrade", 1),
    "tables held": (Target, "hold", 1),
    "one table filled": (Target, "fill", 1),
    "half filled": (Target, "fill", 20),
    "one table compared": (Target, "digest", 1),
    "all but committed": (Target, "release", 1),
}
"""Ten points: after which call of what the process dies."""

AFTER_COMMIT: dict[str, tuple[Any, str, int]] = {
    "committed": (move._Move, "fill", 1),
    "marked": (Source, "mark_moved", 1),
}


def _after(function: Callable[..., Any], calls: int) -> Callable[..., Any]:
    number = count(1)

    def call(*values: Any, **named: Any) -> Any:  # noqa: ANN401 -- as the function itself.
        given = function(*values, **named)
        if next(number) == calls:
            die()
        return given

    return call


if __name__ == "__main__":
    owner, name, calls = {**BEFORE_COMMIT, **AFTER_COMMIT}[os.environ["DIES_AT"]]
    setattr(owner, name, _after(getattr(owner, name), calls))
    sys.argv = ["studium", "move", "--to", os.environ["MOVES_TO"]]
    main()
