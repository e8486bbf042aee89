"""`studium worker` that kills itself (SIGKILL) in the middle of an export, where `DIES_AT` says. Run by tests."""

import os
from typing import Any

from studium.entrypoints.worker import run_worker
from studium.kit.base.config import load_settings
from studium.kit.storage import Storage
from studium.modules.privacy.exports import content, handlers
from tests.processes.dying_worker import after, die

POINTS = ("among files", "kept", "announced")


async def _die(*values: Any) -> None:  # noqa: ANN401 -- as the function itself.
    del values
    die()


def main() -> None:
    point = os.environ["DIES_AT"]
    if point == "among files":
        setattr(content, "_add_files", _die)  # noqa: B010 -- mypy refuses an assignment.
    elif point == "kept":
        setattr(Storage, "adopt", after(Storage.adopt))  # noqa: B010
    elif point == "announced":
        setattr(handlers, "_finish", after(handlers._finish))  # noqa: B010
    run_worker(load_settings())


if __name__ == "__main__":
    main()
